"""``vfprog validate``: a frozen bundle judged on another registry."""
# Typer reads the annotations when the command is built: they are no strings here.

from pathlib import Path
from typing import Annotated

import typer

from vfprog.cli.console import bars, note, notes
from vfprog.cli.options import BundleFolder, Force, MappingName, RegistrySource


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
            help="Write every figure to a .csv, .parquet or .json; by site to a folder beside it.",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Validate a bundle on another registry.

    The bundle is frozen: nothing is refitted.
    """
    from vfprog.cli.tables import show_flows, show_performance, show_sites
    from vfprog.workflows.validate import validate as validate_bundle

    with bars("validating"):
        done = validate_bundle(bundle, registry, mapping=mapping, out=out, force=force)
    notes(done.notes)
    show_flows(done.flows)
    show_performance(done.performance, title="external validation", simulated=done.simulated)
    show_sites(done.by_site, simulated=done.simulated)
    if out is not None:
        note(f"written to {out}")
    if done.by_site_folder is not None:
        note(f"by site, with forest plots: {done.by_site_folder}")
