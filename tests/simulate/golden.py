"""What the trials' figures are with the parameters as committed: python -m tests.simulate.golden.

Written anew after a deliberate change of a parameter, and read in the review of that change.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vfprog.simulate.config import load_simulation
from vfprog.simulate.replicate import replicate, simulated_trials

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).with_name("golden_figures.csv")
KEYS = ["trial", "figure", "day"]
SEED, REPLICATES = 1, 20


def drawn(overrides: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Return the figures of all trials, simulated with changed parameters."""
    config = load_simulation().with_overrides(overrides or {})
    table = replicate(simulated_trials(), config, seed=SEED, replicates=REPLICATES)
    return table[[*KEYS, "simulated", "z"]]


def moved(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Return in words which figures of the trials differ between two tables."""
    both = before.merge(after, on=KEYS, how="outer", suffixes=("", "_now"))
    differs = ~((both["simulated"] - both["simulated_now"]).abs() < 1e-6)
    return [
        f"{row.trial} {row.figure}, day {row.day}: {row.simulated:.4f} is now "
        f"{row.simulated_now:.4f}, z {row.z:+.2f} is now {row.z_now:+.2f}"
        for row in both[differs].itertuples()
    ]


if __name__ == "__main__":
    drawn().round(9).to_csv(FILE, index=False)
