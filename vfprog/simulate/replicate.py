"""Simulated trials beside what was published of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.schema.trials import load_trials
from vfprog.simulate.conduct import conduct, follow_up
from vfprog.simulate.figures import Records, simulated
from vfprog.simulate.trial import blocks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vfprog.schema.trials import Trial
    from vfprog.simulate.config import SimulationConfig

COLUMNS = ["trial", "figure", "role", "day", "published", "published_se", "simulated",
           "simulated_se", "simulated_sd", "z"]  # fmt: skip


def simulated_trials() -> tuple[Trial, ...]:
    """Return the trials that can be simulated and have figures to compare with."""
    return tuple(t for t in load_trials() if t.simulation and t.published)


def records_of(trial: Trial, config: SimulationConfig, *, seed: int, replicates: int) -> Records:
    """Return what is recorded when a trial is drawn several times.

    Parameters
    ----------
    trial : Trial
        The trial.
    config : SimulationConfig
        The one set of parameters.
    seed : int
        The same seed gives the same chances whatever the parameters: common random numbers.
    replicates : int
        How many times.

    Returns
    -------
    Records
        Visits and films of all replicates.
    """
    rng, see_rng = np.random.default_rng(seed).spawn(2)
    done = conduct(rng, trial, config, replicates, truth=False)
    return Records(done, *follow_up(see_rng, trial, done, config))


def replicate(
    trials: Sequence[Trial],
    config: SimulationConfig,
    *,
    seed: int,
    replicates: int,
    tick: Callable[[str], object] = str,
) -> pd.DataFrame:
    """Return every published figure of some trials beside what is simulated.

    Parameters
    ----------
    trials : sequence of Trial
        The trials.
    config : SimulationConfig
        The one set of parameters.
    seed : int
        Seed.
    replicates : int
        How many times each trial is drawn.
    tick : callable
        Called with the name of each trial that is done.

    Returns
    -------
    pandas.DataFrame
        One row per figure and day. ``simulated`` is the mean over replicates and ``simulated_se``
        its standard error; ``simulated_sd`` is the spread between replicates, which should be near
        the published standard error. z is simulated minus published over the root of the sum of
        both squared standard errors.
    """
    rows = []
    for trial in trials:
        records = records_of(trial, config, seed=seed, replicates=replicates)
        for figure in blocks_of(trial)[1]:
            for day, estimate in figure.at.items():
                value, se = estimate.on(figure.scale)
                drawn = simulated(records, figure, day)
                mean, sd = float(np.nanmean(drawn)), float(np.nanstd(drawn, ddof=1))
                own = sd / np.sqrt(replicates)
                z = (mean - value) / np.hypot(se, own)
                rows.append(
                    (trial.name, figure.name, figure.role, day, value, se, mean, own, sd, z)
                )
        tick(trial.name)
    return pd.DataFrame(rows, columns=COLUMNS)


def by_figure(table: pd.DataFrame) -> pd.DataFrame:
    """Return one z for each figure: of several visits the root mean square.

    Parameters
    ----------
    table : pandas.DataFrame
        From `replicate`.

    Returns
    -------
    pandas.DataFrame
        ``trial``, ``figure``, ``role``, ``z`` (with the sign of the mean over the visits).
    """
    keys = ["trial", "figure", "role"]
    groups = table.groupby(keys, sort=False)["z"]
    size = groups.agg(lambda z: float(np.sqrt(np.mean(np.square(z)))))
    sign = np.sign(groups.mean())
    found: pd.DataFrame = (size * sign).rename("z").reset_index()
    return found


def rms(figures: pd.DataFrame) -> float:
    """Return the root mean square z over the figures that count.

    Parameters
    ----------
    figures : pandas.DataFrame
        From `by_figure`.

    Returns
    -------
    float
        About 1 if simulated and published differ by chance alone.
    """
    z = figures.loc[figures["role"] == "outcome", "z"]
    return float(np.sqrt(np.mean(np.square(z))))
