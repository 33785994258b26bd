"""``vfprog simulate``: a registry with the truth beside it."""
# Typer reads the annotations when the command is built: they are no strings here.

import os
from pathlib import Path
from typing import Annotated

import typer

from vfprog.cli.console import bars, say
from vfprog.cli.options import Force, Seed

PARTICIPANTS = 3000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to create.")],
    participants: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default=str(PARTICIPANTS),
            help="Participants to simulate; a few have a second episode.",
        ),
    ] = None,
    seed: Seed = 1,
    trial: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.yaml",
            show_default=False,
            help="Simulate a published trial of configs/trials instead, or one of your own file, "
            "as large as it was.",
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            show_default=False,
            help="Change a figure of configs/simulation.yaml; may be repeated.",
        ),
    ] = None,
    force: Force = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, show_default="one per core", help="Worker processes.")
    ] = None,
) -> None:
    """Simulate a registry, or a published trial, with its true risks.

    Writes the five tables, and beside them in truth.parquet the true risk under each treatment.
    """
    overrides = read_changes(changes or [])
    if trial is not None and participants is not None:
        raise typer.BadParameter("a trial is as large as it was; leave out --participants")
    from vfprog.simulate import simulate_to, simulate_trial, write

    if out.exists() and not force:
        from vfprog.errors import ConfigError

        raise ConfigError(f"{out} exists; choose another place or give --force to replace it")
    n = participants or PARTICIPANTS
    with bars("simulating") as progress:
        if trial is None:
            simulate_to(
                out, n, seed=seed, overrides=overrides, n_jobs=jobs or os.cpu_count() or 1,
                force=force, progress=progress,
            )  # fmt: skip
        else:
            made = simulate_trial(trial, seed=seed, overrides=overrides)
            write(made, out, force=force)
            n = made.n_participants
    of = f" in the trial {trial}" if trial else ""
    say(f"SIMULATED DATA of {n} participants{of} in {out}")


def read_changes(changes: list[str]) -> dict[str, float]:
    """Return ``name=value`` options as names and numbers.

    Parameters
    ----------
    changes : list of str
        Options as given.

    Returns
    -------
    dict of str to float
        Numbers by name.

    Raises
    ------
    typer.BadParameter
        One is not a name, an equals sign and a number, or a name is given twice.
    """
    read: dict[str, float] = {}
    for change in changes:
        name, _, value = change.partition("=")
        try:
            number = float(value)
        except ValueError:
            raise typer.BadParameter(f"expected NAME=NUMBER, got {change!r}") from None
        if name in read:
            raise typer.BadParameter(f"{name} is set twice")
        read[name] = number
    return read
