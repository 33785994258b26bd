"""``vfprog update``: a bundle adapted to a new registry, as little as the tests allow."""
# Typer reads the annotations when the command is built: they are no strings here.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfprog.cli.console import bars, notes, say
from vfprog.cli.options import BundleFolder, Force, MappingName, RegistrySource, Seed
from vfprog.cli.train import publish_training, show_warnings

if TYPE_CHECKING:
    import pandas as pd


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(update)


def update(
    bundle: BundleFolder,
    registry: RegistrySource,
    out: Annotated[Path, typer.Option(metavar="NEW", help="Folder of the new bundle.")],
    mapping: MappingName = None,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Level of the tests.")] = 0.05,
    refit: Annotated[
        bool, typer.Option("--refit/--no-refit", help="Consider a refit where there are enough.")
    ] = True,
    resamples: Annotated[int, typer.Option(min=0, help="Bootstrap refits of a refit.")] = 40,
    other_population: Annotated[
        bool,
        typer.Option(
            "--other-population", help="Update even on episodes the models were not made for."
        ),
    ] = False,
    seed: Seed = 1,
    force: Force = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, show_default="one per core", help="Worker processes.")
    ] = None,
    track: Annotated[bool, typer.Option("--track/--no-track", help="Send to MLflow.")] = True,
) -> None:
    """Update a bundle on another registry.

    Closed tests decide between no change, a new intercept, and a new intercept and slope; a refit
    must be worth it. The old bundle is not altered; the new one names it as its parent.
    """
    from vfprog.workflows.update import update as update_bundle

    with bars("reading the registry") as progress:
        done = update_bundle(
            bundle, registry, out, mapping=mapping, alpha=alpha, refit=refit, resamples=resamples,
            other_population=other_population, seed=seed, force=force, n_jobs=jobs,
            progress=progress,
        )  # fmt: skip
    show_warnings(done.warnings)
    notes(done.notes)
    show_decisions(done.decisions, simulated=done.parts.simulated)
    show_before_and_after(done.performance, simulated=done.parts.simulated)
    say(f"\nBundle: {done.bundle}")
    if track:
        publish_training(done)


def show_decisions(decisions: "pd.DataFrame", *, simulated: bool) -> None:
    """Write the tests of each model and what was decided."""
    from vfprog.cli.console import table
    from vfprog.cli.tables import BANNER, model_label

    rows = []
    for model, part in decisions.groupby("model", sort=False):
        names = [*model_label(str(model)).split("\n"), *[""] * len(part)]
        rows += [decision_row(name, row) for name, row in zip(names, _rows(part), strict=False)]
    title = "how much must change?"
    heads = ("model", "tested", "statistic", "p", "intercept", "slope", "decision")
    table((BANNER if simulated else "") + title, heads, rows, left=2)
    say()


def decision_row(name: str, row: dict[str, Any]) -> list[str]:
    """Return the cells of one test."""
    cells = [_number(row[key], places) for key, places in _SHOWN]
    tested = _TESTED.get(row["hypothesis"], row["hypothesis"])
    return [name, tested, *cells, str(row["decision"]).replace("_", " ")]


def show_before_and_after(performance: "pd.DataFrame", *, simulated: bool) -> None:
    """Write the figures of the parent and of the new bundle on the new registry.

    A last column, without limits, holds the apparent figures of models whose folds differ.
    """
    from vfprog.cli.console import table
    from vfprog.cli.tables import BANNER, METRICS, figure_cell, model_label

    rows = []
    differ = bool((performance["learner"] == "shipped").any())
    for model, part in performance.groupby("model", sort=False):
        names = model_label(str(model)).split("\n")
        by = {learner: rows.set_index("metric") for learner, rows in part.groupby("learner")}
        names = [*names, *[""] * len(METRICS)]
        for name, (metric, head, decimals) in zip(names, METRICS, strict=False):
            both = (figure_cell(by[learner], metric, decimals) for learner in ("frozen", "model"))
            apparent = figure_cell(by["shipped"], metric, decimals) if "shipped" in by else ""
            last = [apparent.partition("\n")[0]] if differ else []
            rows.append([name, head, *map(_on_one_line, both), *last])
    title = "on this registry, before and (cross-validated) after"
    heads = ("model", "", "before", "after", *(["shipped*"] if differ else []))
    table((BANNER if simulated else "") + title, heads, rows, left=2)
    if differ:
        say("* the model as shipped, on the patients it was changed on (apparent)")


_TESTED = {
    "the model as it is holds here": "as it is",
    "a new intercept is enough": "new intercept",
    "enough participants for a refit": "size for a refit",
    "a refit predicts no better": "refit no better",
    "the folds decide the same": "in the folds",
    "": "chosen",
}
_SHOWN = (("statistic", 2), ("p", 4), ("intercept", 3), ("slope", 3))


def _rows(part: "pd.DataFrame") -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in part.to_dict("records")]


def _number(value: float, places: int) -> str:
    return f"{value:.{places}f}" if value == value else ""


def _on_one_line(cell: str) -> str:
    estimate, _, limits = cell.partition("\n")
    return f"{estimate} ({limits})" if limits else estimate
