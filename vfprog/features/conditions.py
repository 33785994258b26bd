"""Whether conditions hold: met, unmet or unknown.

The three values are ordered, unmet < unknown < met, so that *and* is their minimum and *or* their
maximum (the strong logic of Kleene): what is unknown stays unknown only where it could decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.features.fracture import number_of_vertebrae
from vfprog.schema.conditions import INDEX_FRACTURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import EpisodeArrays, FloatArray
    from vfprog.features.vertebrae import Groups
    from vfprog.schema.conditions import Condition, Limit
    from vfprog.schema.dictionary import Dictionary

    Status = NDArray[np.int8]

UNMET, UNKNOWN, MET = -1, 0, 1
_OPERATORS = {
    "at_least": np.greater_equal, "at_most": np.less_equal, "below": np.less,
    "above": np.greater, "equals": np.equal,
}  # fmt: skip


def compare(condition: Condition, values: FloatArray, dictionary: Dictionary) -> Status:
    """Return whether values meet a condition.

    Parameters
    ----------
    condition : Condition
        The condition; without a comparison it is met wherever there is a value.
    values : ndarray of float, shape (n,)
        Values of its predictor, binary as 0/1, levels as their place; NaN where missing.
    dictionary : Dictionary
        Dictionary the values are coded by.

    Returns
    -------
    ndarray of int, shape (n,)
        1 met, -1 unmet, 0 unknown.

    Examples
    --------
    >>> from vfprog.schema.conditions import Condition
    >>> from vfprog.schema.dictionary import load_dictionary
    >>> t_score = Condition(predictor="t_score", below=-3)
    >>> compare(t_score, np.array([-3.1, -3.0, np.nan]), load_dictionary())
    array([ 1, -1,  0], dtype=int8)
    """
    met = np.ones(len(values), dtype=bool)
    for name in condition.asked:
        given = getattr(condition, name)
        if name == "outside":
            met &= (values < given[0]) | (values > given[1])
        else:
            met &= _OPERATORS[name](values, _code(given, condition, dictionary))
    status = np.where(np.isnan(values), UNKNOWN, np.where(met, MET, UNMET))
    return status.astype(np.int8)


def any_vertebra(status: Status, groups: Groups) -> Status:
    """Return whether any vertebra of each episode meets a condition.

    Parameters
    ----------
    status : ndarray of int, shape (m,)
        What `compare` returned for the vertebrae.
    groups : Groups
        Which vertebra belongs to which episode.

    Returns
    -------
    ndarray of int, shape (n,)
        The largest; 0, unknown, for an episode without vertebrae.
    """
    found = np.full(groups.n, UNKNOWN, dtype=np.int8)
    found[groups.present] = groups.reduce(np.maximum, status)
    return found


def holds(
    condition: Condition, arrays: EpisodeArrays, groups: Groups, dictionary: Dictionary
) -> Status:
    """Return whether episodes meet a condition.

    Parameters
    ----------
    condition : Condition
        The condition.
    arrays : EpisodeArrays
        Predictors of n episodes; those absent are unknown throughout.
    groups : Groups
        Grouping of the vertebrae of ``arrays``.
    dictionary : Dictionary
        Dictionary the arrays are coded by.

    Returns
    -------
    ndarray of int, shape (n,)
        1 met, -1 unmet, 0 unknown.
    """
    name = condition.predictor
    if name in arrays.vertebrae:
        return any_vertebra(compare(condition, arrays.vertebrae[name], dictionary), groups)
    values = arrays.episodes.get(name, np.full(arrays.n, np.nan))
    if name == INDEX_FRACTURES and "level" in arrays.vertebrae:
        values = number_of_vertebrae(arrays.vertebrae["level"], groups)
    return compare(condition, values, dictionary)


def _code(limit: Limit, condition: Condition, dictionary: Dictionary) -> float:
    if isinstance(limit, str):
        return dictionary[condition.predictor].levels.index(limit)
    return float(limit)
