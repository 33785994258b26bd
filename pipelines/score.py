"""Score a whole registry or table: python pipelines/score.py BUNDLE IN OUT [--contributions]."""

import argparse
from pathlib import Path

from vfprog.workflows.score import score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("source", type=Path, help="five tables, or one flat table")
    parser.add_argument("out", type=Path, help="a .csv, .parquet or .json")
    parser.add_argument("--mapping")
    parser.add_argument("--contributions", action="store_true")
    parser.add_argument("--force", action="store_true")
    given = parser.parse_args()
    done = score(
        given.bundle, given.source, given.out, mapping=given.mapping, force=given.force,
        contributions=given.contributions,
    )  # fmt: skip
    data = "SIMULATED DATA: " if done.simulated else ""
    print(f"{data}{len(done.scores)} episodes scored, {len(done.warnings)} warnings: {done.path}")


if __name__ == "__main__":
    main()
