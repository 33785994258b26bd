"""Calibrate the one set of parameters to the trials: python pipelines/calibrate_trials.py."""

import argparse

from vfprog.cli.console import bars
from vfprog.simulate.replicate import by_figure, rms
from vfprog.workflows.trials import calibrate_trials, calibration_markdown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=(), metavar="PARAMETER")
    parser.add_argument("--replicates", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with bars("calibrating") as progress:
        found = calibrate_trials(only=given.only, replicates=given.replicates, seed=given.seed,
                                 progress=progress)  # fmt: skip
    print(f"SIMULATED DATA: root mean square z {rms(by_figure(found.fitted.table)):.2f}")
    for name, table in calibration_markdown(found).items():
        print(f"\n{name}\n\n{table}", end="")


if __name__ == "__main__":
    main()
