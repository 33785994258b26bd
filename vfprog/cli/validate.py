"""``vfprog validate``: a frozen bundle judged on another registry."""
# Typer reads the annotations when the command is built: they are no strings here.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vfprog.cli.console import bars, note, notes
from vfprog.cli.options import BundleFolder, Force, MappingName, RegistrySource

if TYPE_CHECKING:
    from vfprog.errors import Failure


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    bundle: BundleFolder,
    registry: RegistrySource,
    mapping: MappingName = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write the figures to a .csv, .parquet or .json, all else to folders beside it.",
        ),
    ] = None,
    force: Force = False,
    track: Annotated[bool, typer.Option("--track/--no-track", help="Send to MLflow.")] = True,
) -> None:
    """Validate a bundle on another registry.

    The bundle is frozen: nothing is refitted.
    """
    from vfprog.cli.differences import show_case_mix, show_population, show_time_to_event
    from vfprog.cli.tables import show_flows, show_performance, show_sites
    from vfprog.workflows.validate import validate as validate_bundle

    with bars("validating"):
        done = validate_bundle(bundle, registry, mapping=mapping, out=out, force=force)
    _warn(done.warnings)
    notes(done.notes)
    if done.details_folder is not None:
        note(f"populations, case mix and times to an event: {done.details_folder}")
    show_flows(done.flows)
    show_population(done.population, simulated=done.simulated)
    show_performance(done.performance, title="external validation", simulated=done.simulated)
    show_time_to_event(done.time_to_event, simulated=done.simulated)
    show_case_mix(done.case_mix, simulated=done.simulated)
    show_sites(done.by_site, simulated=done.simulated)
    if out is not None:
        note(f"written to {out}")
    if done.by_site_folder is not None:
        note(f"by site, with forest plots: {done.by_site_folder}")
    if track:
        from vfprog.workflows.publish_evidence import publish, validation_records

        with bars("tracking"):
            sent = publish(validation_records(done))
        note(f"Tracked as run {sent.name!r}; to see it: {sent.how_to_open}")


def _warn(warnings: "tuple[Failure, ...]") -> None:
    """Write loudly which predictors look as if they meant something else than in development."""
    if warnings:
        from vfprog.cli.failures import describe

        names = ", ".join(dict.fromkeys(str(failure.column) for failure in warnings))
        note(f"WARNING: codes or ranges may not match the development data: {names}")
        note(describe(warnings, where_all="--out writes all"))
        note("Every figure below assumes that they do.")
