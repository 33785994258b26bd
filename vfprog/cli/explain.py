"""``vfprog explain``: what the models of a bundle rely on."""
# Typer reads the annotations when the command is built: they are no strings here.

from pathlib import Path
from typing import Annotated, Any

import typer

from vfprog.cli.console import bars, notes, say
from vfprog.cli.options import BundleFolder, Force, MappingName, RegistrySource


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    bundle: BundleFolder,
    registry: RegistrySource,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to create.")],
    mapping: MappingName = None,
    max_rows: Annotated[
        int | None,
        typer.Option(min=1, show_default=False, help="Participants explained per model."),
    ] = None,
    force: Force = False,
) -> None:
    """Explain what the models rely on.

    Writes tables and figures of every contribution to every risk of a registry's participants.
    """
    from vfprog.cli.tables import show_importance
    from vfprog.workflows.explain import explain as explain_bundle

    options: dict[str, Any] = {} if max_rows is None else {"max_rows": max_rows}
    with bars("reading the registry") as progress:
        done = explain_bundle(
            bundle, registry, out, mapping=mapping, force=force, progress=progress, **options
        )
    notes(done.notes)
    show_importance(done.importance, simulated=done.simulated)
    say(f"\nTables and figures: {done.folder}")
