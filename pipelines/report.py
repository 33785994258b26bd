"""Write the report and the model card of a bundle: python pipelines/report.py BUNDLE FILE.html."""

import argparse
from pathlib import Path

from vfprog.workflows.report import write_report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("out", type=Path, help="page to write; the card lies beside it")
    parser.add_argument("--validation", type=Path, action="append", default=[])
    parser.add_argument("--force", action="store_true")
    given = parser.parse_args()
    done = write_report(given.bundle, given.out, validations=given.validation, force=given.force)
    mark = "SIMULATED DATA: " if done.simulated else ""
    print(f"{mark}{done.page}, {done.card}")


if __name__ == "__main__":
    main()
