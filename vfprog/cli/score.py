"""``vfprog score``: risks of a whole registry or table."""
# Typer reads the annotations when the command is built: they are no strings here.

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from vfprog.cli.console import bars, say
from vfprog.cli.options import BundleFolder, Force, MappingName
from vfprog.cli.train import show_warnings

# Why an episode has no risk, by the reason in the table.
_WHY = {
    "empty": "no predictor is given (empty)",
    "no_model": "there is only a model after the procedure (no_model)",
    "not_applicable": "pain is too low to fall as far as is asked (not_applicable)",
}
REASON, OUTSIDE = "_reason", "outside_development"


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
    for remark in _remarks(done.scores):
        say(remark)
    if done.contributions is not None:
        say(f"Contributions: {done.contributions}")


def _remarks(scores: Any) -> Iterator[str]:
    """Yield how many episodes have no risk, and why, and how many the model does not know."""
    for column in scores:
        if column.endswith(REASON):
            for code, n in scores[column].value_counts().items():
                yield f"No {column.removesuffix(REASON)} risk for {_episodes(n)}: {_WHY[code]}"
    far = scores[OUTSIDE].notna().sum()
    if far:
        yield f"Far outside the development data in something: {_episodes(far)}, see {OUTSIDE}"


def _episodes(n: int) -> str:
    return f"{n} episode{'' if n == 1 else 's'}"
