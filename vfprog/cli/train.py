"""``vfprog train``: from a registry to a bundle, judged and tracked."""
# Typer reads the annotations when the command is built: they are no strings here.

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfprog.cli.console import bars, note, notes, say
from vfprog.cli.options import Force, MappingName, RegistrySource, Seed

if TYPE_CHECKING:
    from vfprog.errors import Failure


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


def train(
    registry: RegistrySource,
    out: Annotated[Path, typer.Option(metavar="BUNDLE", help="Folder to create.")],
    mapping: MappingName = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE",
            show_default=False,
            help="Endpoint to train; may be repeated. Default: all there are data for.",
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=0, help="Bootstrap refits of each model.")] = 40,
    folds: Annotated[
        int | None, typer.Option(min=2, show_default="10", help="Folds of the cross-validation.")
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, show_default="1", help="Repeats of the cross-validation.")
    ] = None,
    internal_external: Annotated[
        bool | None,
        typer.Option(
            "--internal-external/--no-internal-external",
            show_default="on",
            help="Leave each site out in turn: a refit per site and model.",
        ),
    ] = None,
    temporal_from: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            show_default="the last 30 %",
            help="First day of the participants that a model of the earlier ones is judged on.",
        ),
    ] = None,
    imputations: Annotated[
        int | None,
        typer.Option(
            min=0, show_default="0", help="Compare with so many imputations of missing values."
        ),
    ] = None,
    seed: Seed = 1,
    name: Annotated[str, typer.Option(help="Name of the bundle.")] = "vfprog",
    force: Force = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, show_default="one per core", help="Worker processes.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Repeat what an interrupted training had finished.")
    ] = False,
    track: Annotated[bool, typer.Option("--track/--no-track", help="Send to MLflow.")] = True,
) -> None:
    """Train, validate and track a model bundle.

    Each endpoint is trained at both prediction times, calibrated and cross-validated as a whole.
    """
    from vfprog.cli.tables import show_performance
    from vfprog.models.settings import load_settings
    from vfprog.workflows.train import train as train_bundle

    asked: dict[str, Any] = {"outer_folds": folds, "outer_repeats": repeats}
    asked |= {"imputations": imputations, "internal_external": internal_external}
    asked["temporal_from"] = None if temporal_from is None else temporal_from.date()
    settings = load_settings(**{key: value for key, value in asked.items() if value is not None})
    with bars("reading the registry") as progress:
        training = train_bundle(
            registry, out, mapping=mapping, endpoints=endpoint or None, settings=settings,
            resamples=resamples, seed=seed, force=force, n_jobs=jobs, name=name, fresh=fresh,
            progress=progress,
        )  # fmt: skip
    show_warnings(training.warnings)
    if training.reused:
        note(f"{training.reused} refits that an interrupted training had finished were used again.")
    if training.redone:
        note(f"{training.redone} of its refits could not be read any more and were done again.")
    notes(training.notes)
    simulated = training.registry.simulated
    title = f"cross-validated performance, {settings.outer_folds} folds"
    show_performance(training.performance, title=title, simulated=simulated)
    say(f"\nBundle: {training.bundle}")
    if track:
        publish_training(training)


def show_warnings(warnings: "tuple[Failure, ...]") -> None:
    """Write the warnings of a registry's checks to stderr."""
    if warnings:
        from vfprog.cli.failures import describe

        note("The checks of the registry warn:")
        note(describe(warnings, where_all="see vfprog check"))


def publish_training(training: Any) -> None:
    """Send a training, or an update, to the tracking store and say where it stands."""
    from vfprog.workflows.publish import publish

    with bars("tracking"):
        published = publish(training)
    say(f"Tracked as version {published.version} of the model; to see it:")
    say(f"  {published.run.how_to_open}")
