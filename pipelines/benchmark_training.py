"""Time a training with its resamples, both learners fitted; simulated data only."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from vfprog.models.settings import load_settings
from vfprog.simulate import simulate, write
from vfprog.workflows.train import train


def report(stage: str, done: int, total: int) -> None:
    print(f"{stage}: {done} of {total}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=2000, help="all of them treated")
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--endpoint", default="response")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    settings = load_settings(simplify=False)  # trees are fitted below Riley's sample size, too
    with tempfile.TemporaryDirectory() as folder:
        registry = write(simulate(given.participants, seed=1, overrides={"treated_fraction": 1}),
                         Path(folder) / "registry")  # fmt: skip
        start = time.perf_counter()
        done = train(registry, Path(folder) / "bundle", endpoints=[given.endpoint], progress=report,
                     settings=settings, resamples=given.resamples, n_jobs=given.jobs)  # fmt: skip
        minutes = (time.perf_counter() - start) / 60
    n = done.cohorts[given.endpoint].n
    print(f"SIMULATED DATA: {given.endpoint}, {n} episodes, {len(done.fitted)} models, "
          f"{given.resamples} resamples each: {minutes:.1f} minutes")  # fmt: skip


if __name__ == "__main__":
    main()
