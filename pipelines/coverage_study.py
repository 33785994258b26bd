"""Hold every estimate of performance against a known truth; simulated data only."""

import argparse
import os
import sys
from pathlib import Path

from vfprog.workflows.coverage_study import StudyPlan, coverage_study
from vfprog.workflows.coverage_tables import markdown


def report(stage: str, done: int, total: int) -> None:
    print(f"{stage}: {done} of {total}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="one JSON line per set; continued if it exists")
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--first", type=int, default=50_001, help="seed of the first set")
    parser.add_argument("--participants", type=int, default=StudyPlan.n)
    parser.add_argument("--fresh", type=int, default=StudyPlan.n_fresh)
    parser.add_argument("--resamples", type=int, default=StudyPlan.n_resamples)
    parser.add_argument("--endpoint", default=StudyPlan.endpoint)
    parser.add_argument("--keep-trees", action="store_true", help="study the blend at this size")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    plan = StudyPlan(given.endpoint, n=given.participants, n_fresh=given.fresh,
                     n_resamples=given.resamples, simplify=not given.keep_trees)  # fmt: skip
    seeds = range(given.first, given.first + given.sets)
    table = coverage_study(plan, seeds, given.file, n_jobs=given.jobs, progress=report)
    print(f"SIMULATED DATA\n{markdown(table)}")


if __name__ == "__main__":
    main()
