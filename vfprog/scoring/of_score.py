"""The OF score and the alignment flags: what published scores say, item by item.

Neither is a probability of any outcome. The OF score (German Society for Orthopaedics and Trauma)
recommends conservative or surgical treatment; the flags (Kao 2019) were counted to foresee surgery.
Points and limits are those of ``configs/evidence.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.features.alignment import complete_pelvis
from vfprog.features.arrays import EpisodeArrays
from vfprog.features.conditions import MET, UNKNOWN, UNMET, holds
from vfprog.features.vertebrae import group_vertebrae, max_per_episode, sum_per_episode
from vfprog.schema.evidence import load_evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.features.conditions import Status
    from vfprog.features.vertebrae import Groups
    from vfprog.schema.dictionary import Dictionary
    from vfprog.schema.evidence import Evidence, Item

FRACTURE_TYPE, HEALTH = "fracture_type", "health"
_PELVIS = ("pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg")


@dataclass(frozen=True)
class OfScores:
    """The OF score of n episodes and what it is made of.

    Parameters
    ----------
    score : ndarray of int, shape (n,)
        Sum of the parts; an unknown item counts 0.
    lowest, highest : ndarray of int, shape (n,)
        The score if the unknown items were as low, or as high, as they can be.
    parts : dict of str to ndarray of int, shape (n,)
        Points of ``fracture_type``, of each item, and of ``health`` as a whole.
    unknown : dict of str to ndarray of bool, shape (n,)
        Where an item is unknown; the items of ``health`` one by one. The fracture type is unknown
        where that of any index vertebra is.
    """

    score: IntArray
    lowest: IntArray
    highest: IntArray
    parts: dict[str, IntArray]
    unknown: dict[str, BoolArray]


@dataclass(frozen=True)
class AlignmentFlagCount:
    """The alignment flags of n episodes.

    Parameters
    ----------
    count : ndarray of int, shape (n,)
        Flags that are raised; an unknown one is not.
    flags : dict of str to ndarray of int, shape (n,)
        Each flag: 1 raised, -1 not raised, 0 unknown.
    n_unknown : ndarray of int, shape (n,)
        Flags that are unknown.
    """

    count: IntArray
    flags: dict[str, NDArray[np.int8]]
    n_unknown: IntArray


def of_score(
    arrays: EpisodeArrays, dictionary: Dictionary, evidence: Evidence | None = None
) -> OfScores:
    """Compute the OF score; it recommends a treatment and is no probability.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors of n episodes; those absent are unknown throughout.
    dictionary : Dictionary
        Dictionary the arrays are coded by.
    evidence : Evidence, optional
        Points and limits; default those shipped.

    Returns
    -------
    OfScores
        Score, its range over the unknown items, and its parts.
    """
    rules = (evidence or load_evidence()).of_score
    groups = group_vertebrae(arrays.owner, arrays.n)
    types, no_type = _fracture_type(arrays, groups, list(rules.fracture_type.values()))
    parts, unknown = {FRACTURE_TYPE: types}, {FRACTURE_TYPE: no_type}
    # Of a vertebra of unknown type only the highest can be worse than the worst that is known.
    least = np.where(types == 0, min(rules.fracture_type.values()), types)
    low = np.where(no_type, least, types)
    high = np.where(no_type, max(rules.fracture_type.values()), types)
    for item in rules.items:
        status = holds(item, arrays, groups, dictionary)
        parts[item.name], unknown[item.name] = _points(item, status), status == UNKNOWN
        low, high = low + _bound(item, status, min), high + _bound(item, status, max)
    health = [(item, holds(item, arrays, groups, dictionary)) for item in rules.health.items]
    unknown |= {item.name: status == UNKNOWN for item, status in health}
    floor = rules.health.floor
    parts[HEALTH] = _floored([_points(item, status) for item, status in health], floor)
    low = low + _floored([_bound(item, status, min) for item, status in health], floor)
    high = high + _floored([_bound(item, status, max) for item, status in health], floor)
    return OfScores(np.sum(list(parts.values()), axis=0), low, high, parts, unknown)


def alignment_flags(
    arrays: EpisodeArrays, dictionary: Dictionary, evidence: Evidence | None = None
) -> AlignmentFlagCount:
    """Count the alignment flags; their number is no probability.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors of n episodes; of the pelvic angles two give the third.
    dictionary : Dictionary
        Dictionary the arrays are coded by.
    evidence : Evidence, optional
        The flags; default those shipped.

    Returns
    -------
    AlignmentFlagCount
        Each flag, and how many are raised and unknown.
    """
    rules = (evidence or load_evidence()).alignment_flags
    completed = _with_whole_pelvis(arrays)
    groups = group_vertebrae(arrays.owner, arrays.n)
    flags = {flag.name: holds(flag, completed, groups, dictionary) for flag in rules.flags}
    stack = np.stack(list(flags.values()))
    return AlignmentFlagCount(np.sum(stack == MET, axis=0), flags, np.sum(stack == UNKNOWN, axis=0))


def _fracture_type(
    arrays: EpisodeArrays, groups: Groups, points: Sequence[int]
) -> tuple[IntArray, BoolArray]:
    """Return the points of the worst type known, and whether that of any vertebra is unknown."""
    codes = arrays.vertebrae.get("of_type", np.full(len(arrays.owner), np.nan))
    worst = max_per_episode(codes, groups)
    known = ~np.isnan(worst)
    table = np.asarray(points, dtype=np.intp)
    found = np.where(known, table[np.where(known, worst, 0).astype(np.intp)], 0)
    return found, sum_per_episode(np.isnan(codes), groups) != 0  # NaN, no vertebra, is unknown


def _points(item: Item, status: Status) -> IntArray:
    return np.select([status == MET, status == UNMET], [item.points, item.otherwise], 0)


def _bound(item: Item, status: Status, choose: Callable[[int, int], int]) -> IntArray:
    return np.where(status == UNKNOWN, choose(item.points, item.otherwise), _points(item, status))


def _floored(points: Sequence[IntArray], floor: int) -> IntArray:
    total: IntArray = np.maximum(np.sum(points, axis=0), floor)
    return total


def _with_whole_pelvis(arrays: EpisodeArrays) -> EpisodeArrays:
    nothing: FloatArray = np.full(arrays.n, np.nan)
    angles = complete_pelvis(*(arrays.episodes.get(name, nothing) for name in _PELVIS))
    episodes = arrays.episodes | dict(zip(_PELVIS, angles, strict=True))
    return EpisodeArrays(arrays.n, episodes, arrays.vertebrae, arrays.owner)
