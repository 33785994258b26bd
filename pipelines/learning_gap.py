"""How close models of an ordinary registry come to what can be learned; simulated data only."""

import argparse
import sys
from pathlib import Path

import pandas as pd

from vfprog.workflows.files import write_table
from vfprog.workflows.learning_gap import GapPlan, learning_gap, summarise


def markdown(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * table.shape[1], *table.round(3).to_numpy().tolist()]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def report(stage: str, done: int, total: int) -> None:
    print(f"{stage}: {done} of {total}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=GapPlan.n_train)
    parser.add_argument("--reference", type=int, default=GapPlan.n_reference)
    parser.add_argument("--fresh", type=int, default=GapPlan.n_test)
    parser.add_argument("--seeds", type=int, nargs="+", default=GapPlan.seeds)
    parser.add_argument("--times", nargs="+", default=GapPlan.times)
    parser.add_argument("--out", type=Path, metavar="table.csv", help="a row per model and seed")
    parser.add_argument("--markdown", type=Path, metavar="FILE.md", help="the summary")
    given = parser.parse_args()
    plan = GapPlan(given.participants, given.reference, given.fresh, tuple(given.seeds),
                   tuple(given.times))  # fmt: skip
    table = learning_gap(plan, progress=report)
    summary = markdown(summarise(table))
    print(f"SIMULATED DATA: medians over seeds\n\n{summary}")
    if given.out:
        write_table(table, given.out, force=True)
    if given.markdown:
        given.markdown.write_text(f"SIMULATED DATA\n\n{summary}", encoding="utf-8")
