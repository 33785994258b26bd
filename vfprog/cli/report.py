"""``vfprog report``: what a reviewer asks of a bundle, on one page."""
# Typer reads the annotations when the command is built: they are no strings here.

from pathlib import Path
from typing import Annotated

import typer

from vfprog.cli.console import bars, note, say
from vfprog.cli.options import BundleFolder, Force


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    bundle: BundleFolder,
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="Page to write.")],
    validation: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TABLE",
            show_default=False,
            help="Table of vfprog validate on another registry; may be repeated.",
        ),
    ] = None,
    force: Force = False,
    track: Annotated[bool, typer.Option("--track/--no-track", help="Send to MLflow.")] = True,
) -> None:
    """Report on a bundle, with TRIPOD+AI filled in.

    Writes one page that needs no other file, and a model card beside it.
    """
    from vfprog.workflows.report import write_report

    with bars("drawing") as progress:
        done = write_report(
            bundle, out, validations=validation or (), force=force, progress=progress
        )
    mark = "SIMULATED DATA: " if done.simulated else ""
    say(f"{mark}report {done.page}, model card {done.card}")
    if track:
        from vfprog.workflows.publish_evidence import publish, report_records

        with bars("tracking"):
            sent = publish(report_records(done))
        note(f"Tracked as run {sent.name!r}; to see it: {sent.how_to_open}")
