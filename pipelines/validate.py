"""Judge a frozen bundle on another registry: python pipelines/validate.py BUNDLE REGISTRY OUT."""

import argparse
from pathlib import Path

from vfprog.cli.tables import show_performance
from vfprog.workflows.validate import validate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("registry", type=Path)
    parser.add_argument("out", type=Path, help="a .csv, .parquet or .json with every figure")
    parser.add_argument("--mapping")
    parser.add_argument("--force", action="store_true")
    given = parser.parse_args()
    done = validate(
        given.bundle, given.registry, mapping=given.mapping, out=given.out, force=given.force
    )
    print("\n".join(done.notes))
    show_performance(done.performance, title="external validation", simulated=done.simulated)
    print(f"Every figure: {given.out}")


if __name__ == "__main__":
    main()
