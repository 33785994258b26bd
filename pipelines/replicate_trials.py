"""Draw each published trial many times: python pipelines/replicate_trials.py [--figure OUT.png]."""

import argparse
from pathlib import Path

from vfprog.cli.console import bars
from vfprog.simulate.replicate import by_figure, rms
from vfprog.workflows.files import write_table
from vfprog.workflows.trials import replicate_trials, trials_figure, trials_markdown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="table.csv", help="a row per figure and day")
    parser.add_argument("--figure", type=Path, metavar="OUT.png")
    given = parser.parse_args()
    with bars("drawing trials") as progress:
        table = replicate_trials(replicates=given.replicates, seed=given.seed, progress=progress)
    figures = by_figure(table)
    print(
        f"SIMULATED DATA: {given.replicates} replicates of each trial\n\n{trials_markdown(table)}"
    )
    print(f"Set from the trial itself, not counted:\n\n{trials_markdown(table, role='input')}")
    counted = (figures["role"] == "outcome").sum()
    print(f"Root mean square z over {counted} figures: {rms(figures):.2f}")
    if given.out:
        write_table(table, given.out, force=True)
    if given.figure:
        trials_figure(table).savefig(given.figure)


if __name__ == "__main__":
    main()
