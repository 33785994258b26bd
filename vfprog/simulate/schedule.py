"""When patients are seen: nominal days of the visits, their windows, and how many are missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.simulate.draws import day_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.simulate.config import SimulationConfig

# The visits of a registry; a trial may have others.
VISIT_DAYS = (1, 7, 30, 90, 180, 365)
FILMS = ("film_d7", "film_d90", "film_d365")
FILM_DAYS = (7, 90, 365)
# The window of a visit that only a trial has: this share of its day to either side.
_WINDOW = 0.1


@dataclass(frozen=True)
class Schedule:
    """The k visits of every patient.

    Parameters
    ----------
    days : tuple of int
        Nominal days, ascending; those of a registry are always among them.
    first, last : ndarray of int, shape (k,)
        Days between which a visit takes place, each alike.
    missed : ndarray of float, shape (k,)
        Share missed.
    recorded : ndarray of bool, shape (k,)
        Whether the visit is part of the study.
    """

    days: tuple[int, ...]
    first: IntArray
    last: IntArray
    missed: FloatArray
    recorded: BoolArray

    def place(self, day: int) -> int:
        """Return the position of the visit on a nominal day."""
        return self.days.index(day)


def schedule_of(config: SimulationConfig, visits: Sequence[int] = VISIT_DAYS) -> Schedule:
    """Return the schedule of a study.

    Parameters
    ----------
    config : SimulationConfig
        Parameters: windows and missed shares of a registry's visits. The missed share of another
        visit is read off between them, on the log of the day.
    visits : sequence of int
        Nominal days of the visits that are recorded.

    Returns
    -------
    Schedule
        Visits of a registry and those given.
    """
    m = config.section("missed")
    days = sorted({*VISIT_DAYS, *visits})
    limits = [_limits(config, day) for day in days]
    missed = np.interp(np.log(days), np.log(VISIT_DAYS), [m[f"d{day}"] for day in VISIT_DAYS])
    first, last = (np.array(column, dtype=np.intp) for column in zip(*limits, strict=True))
    return Schedule(tuple(days), first, last, missed, np.isin(days, list(visits)))


def _limits(config: SimulationConfig, day: int) -> tuple[int, int]:
    if day in VISIT_DAYS:
        return day_limits(config.section("schedule"), f"d{day}")
    half = max(round(_WINDOW * day), 1)
    return max(day - half, 1), day + half
