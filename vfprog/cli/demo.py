"""``vfprog demo``: the whole story on a simulated registry."""
# Typer reads the annotations when the command is built: they are no strings here.

from pathlib import Path
from typing import Annotated

import typer

from vfprog.cli.console import bars, note, notes, say, text_style
from vfprog.cli.options import Seed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to create.")] = Path(
        "vfprog-demo"
    ),
    participants: Annotated[
        int, typer.Option(min=200, help="Participants to simulate; a few have a second episode.")
    ] = 4000,
    resamples: Annotated[int, typer.Option(min=0, help="Bootstrap refits of each model.")] = 10,
    seed: Seed = 1,
    jobs: Annotated[
        int | None, typer.Option(min=1, show_default="one per core", help="Worker processes.")
    ] = None,
) -> None:
    """Run the whole story on simulated data.

    Simulates a registry, checks it, trains, validates, tracks and explains the models, and
    predicts for one patient; all within two minutes.
    """
    from vfprog.cli.tables import show_flows, show_importance, show_performance
    from vfprog.cli.text import render
    from vfprog.workflows.demo import demo as run_demo

    note("Simulating a registry and training on it; this takes up to two minutes.")
    with bars() as progress:
        done = run_demo(
            out, participants=participants, resamples=resamples, seed=seed, n_jobs=jobs,
            progress=progress,
        )  # fmt: skip
    notes(done.training.notes)
    show_flows(done.report.flows)
    say()
    show_performance(done.training.performance, title="cross-validated performance", simulated=True)
    say()
    show_importance(done.explained.importance, simulated=True)
    say("\nOne patient (patient.json):\n")
    say(render(done.prediction, done.bundle, text_style()))
    say(f"\nEverything is in {done.folder}. Go on with:")
    say(f"  vfprog predict {done.folder / 'bundle'} {done.folder / 'patient.json'}")
    say(f"  vfprog serve {done.folder / 'bundle'}")
    say(f"  vfprog report {done.folder / 'bundle'} --out report.html")
    say(f"  {done.published.run.how_to_open}")
