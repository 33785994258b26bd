"""``vfprog score``: risks of a whole registry or table."""
# Typer reads the annotations when the command is built: they are no strings here.

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vfprog.cli.console import bars, say
from vfprog.cli.options import BundleFolder, Force, MappingName
from vfprog.cli.train import show_warnings


class Engine(StrEnum):
    """Where the work is done."""

    local = "local"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(score)


def score(
    bundle: BundleFolder,
    source: Annotated[str, typer.Argument(metavar="IN", help="Five tables, or one flat table.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A .csv, .parquet or .json.")],
    mapping: MappingName = None,
    contributions: Annotated[
        bool, typer.Option("--contributions", help="Write what drives each risk, too.")
    ] = False,
    engine: Annotated[Engine, typer.Option(help="Where the work is done.")] = Engine.local,
    force: Force = False,
) -> None:
    """Score a whole registry or table."""
    from vfprog.workflows.score import score as score_table

    with bars(f"scoring ({engine})"):
        done = score_table(
            bundle, source, out, mapping=mapping, force=force, contributions=contributions
        )
    show_warnings(done.warnings)
    data = "SIMULATED DATA: trained on simulated data. " if done.simulated else ""
    say(f"{data}{len(done.scores)} episodes scored: {done.path}")
    if done.contributions is not None:
        say(f"Contributions: {done.contributions}")
