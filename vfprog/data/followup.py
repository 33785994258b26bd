"""What is known of each episode after its index date, as arrays in the order of the episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import compute

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from vfprog.data.registry import Registry
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

# Sums such as 4.1 - 1.1 miss 3 by one bit; a threshold is reached within this tolerance.
TOLERANCE = 1e-9
_INTERCURRENT = ("crossover", "repeat_procedure")


@dataclass(frozen=True)
class FollowUp:
    """Dated facts of n episodes; infinity where a thing never happened.

    Parameters
    ----------
    death : ndarray of float, shape (n,)
        Day of death.
    intercurrent : ndarray of float, shape (n,)
        Day of the first crossover or repeat procedure after day 0.
    end : ndarray of float, shape (n,)
        Last day of observation: the earlier of loss to follow-up and end of follow-up; where no
        end is recorded, the last known contact.
    notes : tuple of str
        What a reader of the results must know about these facts.
    """

    death: FloatArray
    intercurrent: FloatArray
    end: FloatArray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """What one outcome rule says, before death and intercurrent events are considered.

    Parameters
    ----------
    day : ndarray of float, shape (n,)
        Day of the assessment; NaN where not assessed.
    known : ndarray of bool, shape (n,)
        Whether the assessments settle the outcome.
    event : ndarray of bool, shape (n,)
        The outcome; False where not known.
    exclusions : tuple of (str, str, ndarray of bool)
        Step of the participant flow, reason, and the episodes it excludes, in order.
    notes : tuple of str
        Remarks on the data.
    """

    day: FloatArray
    known: BoolArray
    event: BoolArray
    exclusions: tuple[tuple[str, str, BoolArray], ...] = ()
    notes: tuple[str, ...] = ()


def follow_up(registry: Registry) -> FollowUp:
    """Return death, crossover and the end of observation of every episode.

    Parameters
    ----------
    registry : Registry
        A checked registry.

    Returns
    -------
    FollowUp
        Arrays in the order of ``registry.episodes``.
    """
    n = len(registry.episodes)
    owner, day = positions(registry, registry.events), numbers(registry.events, "day")
    word = words(registry.events, "event")
    later = np.isin(word, _INTERCURRENT) & (day > 0)
    stated = numbers(registry.episodes, "follow_up_end_day")
    unstated = np.isnan(stated)
    end = np.where(unstated, _last_contact(registry), stated)
    note = (
        f"follow_up_end_day is missing in {unstated.sum()} episodes: "
        "their last known contact stands for it"
    )
    return FollowUp(
        first_day(owner, day, word == "death", n),
        first_day(owner, day, later, n),
        np.minimum(end, first_day(owner, day, word == "lost_to_follow_up", n)),
        (note,) if unstated.any() else (),
    )


def positions(registry: Registry, table: pd.DataFrame) -> IntArray:
    """Return the position of the episode each row of a table belongs to.

    Parameters
    ----------
    registry : Registry
        The registry.
    table : pandas.DataFrame
        One of its tables.

    Returns
    -------
    ndarray of int
        Positions in ``registry.episodes``.
    """
    if table.empty:
        return np.zeros(0, dtype=np.intp)
    # Four times as fast as an index of pandas, and the same for its old and new strings.
    here, there = (
        pa.array(frame["episode_id"], type=pa.large_string(), from_pandas=True)
        for frame in (table, registry.episodes)
    )
    owner = compute.index_in(here, value_set=there).fill_null(-1).to_numpy()
    if (owner < 0).any():
        lost = table["episode_id"].to_numpy()[owner < 0][0]
        raise ValueError(f"{(owner < 0).sum()} rows belong to no episode, the first to {lost!r}")
    return np.asarray(owner, dtype=np.intp)


def numbers(table: pd.DataFrame, name: str) -> FloatArray:
    """Return a column as floats; all NaN where the table lacks it."""
    if name not in table:
        return np.full(len(table), np.nan)
    return table[name].to_numpy(dtype=np.float64, na_value=np.nan)


def words(table: pd.DataFrame, name: str) -> NDArray[np.str_]:
    """Return a column of words; empty where missing or where the table lacks it."""
    if name not in table:
        return np.full(len(table), "", dtype=np.str_)
    return table[name].fillna("").to_numpy(dtype=object).astype(np.str_)


def first_day(owner: IntArray, day: FloatArray, which: BoolArray, n: int) -> FloatArray:
    """Return the earliest day of the selected rows of each of n owners, infinity where none."""
    first = np.full(n, np.inf)
    np.minimum.at(first, owner[which], day[which])
    return first


def nearest(
    key: IntArray, day: FloatArray, value: FloatArray, *, target: float, window: tuple[float, float]
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return for each key the measurement nearest a day, among those within a window.

    Missing values are no measurements. Measurements of one key on one day are averaged. Of two
    equally near the earlier is taken: fewer patients have left by then.

    Parameters
    ----------
    key : ndarray of int, shape (m,)
        What was measured, not negative.
    day, value : ndarray of float, shape (m,)
        When, and the result.
    target : float
        Day sought.
    window : tuple of float
        First and last day that count.

    Returns
    -------
    key, day, value : ndarray
        One entry per key that has a measurement, keys ascending.
    """
    keep = ~np.isnan(value) & (day >= window[0]) & (day <= window[1])
    key, day, value = _daily_means(key[keep], day[keep], value[keep])
    order = np.lexsort((day, np.abs(day - target), key))
    chosen = order[np.diff(key[order], prepend=-1) != 0]
    return key[chosen], day[chosen], value[chosen]


def _daily_means(
    key: IntArray, day: FloatArray, value: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    # Sorted by value too, so that the sum does not depend on the order of the rows.
    order = np.lexsort((value, day, key))
    key, day, value = key[order], day[order], value[order]
    if key.size == 0:
        return key, day, value
    new = np.r_[True, (np.diff(key) != 0) | (np.diff(day) != 0)]
    start = np.flatnonzero(new)
    mean = np.add.reduceat(value, start) / np.diff(np.r_[start, key.size])
    return key[start], day[start], mean


def _last_contact(registry: Registry) -> FloatArray:
    last = np.zeros(len(registry.episodes))
    for table in (registry.visits, registry.heights, registry.events):
        np.maximum.at(last, positions(registry, table), numbers(table, "day"))
    return last
