"""Whether conditions hold: met, unmet or unknown.

The three values are ordered, unmet < unknown < met, so that *and* is their minimum and *or* their
maximum (the strong logic of Kleene): what is unknown stays unknown only where it could decide.
All conditions are judged at once, for a clinician's one patient has no time for them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.features.fracture import number_of_vertebrae
from vfprog.features.same import Same
from vfprog.schema.conditions import INDEX_FRACTURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vfprog.features.arrays import BoolArray, EpisodeArrays, FloatArray, IntArray
    from vfprog.features.vertebrae import Groups
    from vfprog.schema.conditions import Condition, Limit
    from vfprog.schema.dictionary import Dictionary

    Status = NDArray[np.int8]

UNMET, UNKNOWN, MET = -1, 0, 1
LEVEL = "level"


@dataclass(frozen=True)
class Judged:
    """Which of k conditions hold in which of n episodes.

    Parameters
    ----------
    status : ndarray of int, shape (k, n)
        1 met, -1 unmet, 0 unknown.
    of_vertebrae : ndarray of int, shape (v,)
        Positions of the conditions on single vertebrae.
    each : ndarray of int, shape (v, m)
        Those conditions vertebra by vertebra.
    """

    status: Status
    of_vertebrae: IntArray
    each: Status


@dataclass(frozen=True)
class _Ranges:
    """Conditions as closed ranges of codes, which a value lies in, or out of where inverted."""

    names: tuple[str, ...]
    low: FloatArray
    high: FloatArray
    inverted: BoolArray
    of_vertebrae: IntArray
    of_episodes: IntArray


def judge(
    conditions: Sequence[Condition], arrays: EpisodeArrays, groups: Groups, dictionary: Dictionary
) -> Judged:
    """Judge conditions; one on a predictor of the vertebrae is met if any vertebra meets it.

    Parameters
    ----------
    conditions : sequence of Condition
        The conditions; one without a comparison is met wherever there is a value.
    arrays : EpisodeArrays
        Predictors of n episodes; those absent are unknown throughout.
    groups : Groups
        Grouping of the vertebrae of ``arrays``.
    dictionary : Dictionary
        Dictionary the arrays are coded by.

    Returns
    -------
    Judged
        The status of each condition in each episode.

    Examples
    --------
    >>> from vfprog.features.arrays import EpisodeArrays
    >>> from vfprog.features.vertebrae import group_vertebrae
    >>> from vfprog.schema.conditions import Condition
    >>> from vfprog.schema.dictionary import load_dictionary
    >>> nobody = np.zeros(0, dtype=np.intp)
    >>> arrays = EpisodeArrays(3, {"t_score": np.array([-3.1, -3.0, np.nan])}, {}, nobody)
    >>> low = Condition(predictor="t_score", below=-3)
    >>> judge([low], arrays, group_vertebrae(nobody, 3), load_dictionary()).status
    array([[ 1, -1,  0]], dtype=int8)
    """
    ranges = _cached_ranges(Same(conditions, dictionary))
    status = np.empty((len(ranges.names), arrays.n), dtype=np.int8)
    status[ranges.of_episodes] = _inside(ranges, ranges.of_episodes, _of_episodes(arrays, groups))
    each = _inside(ranges, ranges.of_vertebrae, (arrays.vertebrae, len(arrays.owner)))
    status[ranges.of_vertebrae] = any_vertebra(each, groups)
    return Judged(status, ranges.of_vertebrae, each)


def any_vertebra(status: Status, groups: Groups) -> Status:
    """Return whether any vertebra of each episode meets a condition.

    Parameters
    ----------
    status : ndarray of int, shape (..., m)
        Status of the vertebrae.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of int, shape (..., n)
        The largest; 0, unknown, for an episode without vertebrae.
    """
    found = np.full((*status.shape[:-1], groups.n), UNKNOWN, dtype=np.int8)
    found[..., groups.present] = groups.reduce(np.maximum, status)
    return found


def _of_episodes(arrays: EpisodeArrays, groups: Groups) -> tuple[dict[str, FloatArray], int]:
    if LEVEL not in arrays.vertebrae:
        return arrays.episodes, arrays.n
    number = number_of_vertebrae(arrays.vertebrae[LEVEL], groups)
    return arrays.episodes | {INDEX_FRACTURES: number}, arrays.n


def _inside(ranges: _Ranges, places: IntArray, of: tuple[dict[str, FloatArray], int]) -> Status:
    """Return the status of some conditions, given values by predictor and their number."""
    columns, n = of
    values = np.full((len(places), n), np.nan)
    for row, place in enumerate(places.tolist()):
        column = columns.get(ranges.names[place])
        if column is not None:
            values[row] = column
    inside = (values >= ranges.low[places]) & (values <= ranges.high[places])
    status = np.where(inside ^ ranges.inverted[places], MET, UNMET).astype(np.int8)
    status[np.isnan(values)] = UNKNOWN
    return status


@lru_cache(maxsize=32)
def _cached_ranges(key: Same) -> _Ranges:
    conditions: Any
    dictionary: Any
    conditions, dictionary = key.things
    bounds = [_bounds(condition, dictionary) for condition in conditions]
    spine = np.array([_of_vertebrae(c, dictionary) for c in conditions], dtype=bool)
    return _Ranges(
        tuple(condition.predictor for condition in conditions),
        np.array([[low] for low, _ in bounds]),
        np.array([[high] for _, high in bounds]),
        np.array([[condition.outside is not None] for condition in conditions]),
        np.flatnonzero(spine),
        np.flatnonzero(~spine),
    )


def _of_vertebrae(condition: Condition, dictionary: Dictionary) -> bool:
    name = condition.predictor
    return name in dictionary and dictionary[name].table == "vertebrae"


def _bounds(condition: Condition, dictionary: Dictionary) -> tuple[float, float]:
    if condition.outside is not None:
        return condition.outside
    low, high = -np.inf, np.inf
    for name in condition.asked:
        code = _code(getattr(condition, name), condition, dictionary)
        if name in {"at_least", "equals"}:
            low = code
        if name in {"at_most", "equals"}:
            high = code
        if name == "above":
            low = float(np.nextafter(code, np.inf))
        if name == "below":
            high = float(np.nextafter(code, -np.inf))
    return low, high


def _code(limit: Limit, condition: Condition, dictionary: Dictionary) -> float:
    if isinstance(limit, str):
        return float(dictionary[condition.predictor].levels.index(limit))
    return float(limit)
