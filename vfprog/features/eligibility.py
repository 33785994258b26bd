"""Whether trials would have enrolled a patient, criterion by criterion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.features.conditions import MET, any_vertebra, judge
from vfprog.features.same import Same
from vfprog.features.vertebrae import group_vertebrae

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.features.arrays import EpisodeArrays, IntArray
    from vfprog.features.conditions import Judged, Status
    from vfprog.features.vertebrae import Groups
    from vfprog.schema.dictionary import Dictionary
    from vfprog.schema.trials import Criterion, Trial


@dataclass(frozen=True)
class Eligibility:
    """Which criteria of one trial are met by which episodes.

    Parameters
    ----------
    words : tuple of str
        The criteria for people.
    status : ndarray of int, shape (n_criteria, n)
        -1 unmet, 0 unknown, 1 met.
    """

    words: tuple[str, ...]
    status: Status

    @property
    def eligible(self) -> Status:
        """Whether each episode meets all criteria: -1 no, 0 unknown, 1 yes; shape (n,)."""
        smallest: Status = self.status.min(axis=0)
        return smallest

    def which(self, row: int, value: int) -> tuple[str, ...]:
        """Return the words of the criteria that have a value (-1, 0 or 1) in one episode."""
        column = self.status[:, row].tolist()
        return tuple(w for w, status in zip(self.words, column, strict=True) if status == value)


def eligibility(trial: Trial, arrays: EpisodeArrays, dictionary: Dictionary) -> Eligibility:
    """Compare episodes with the entry criteria of a trial; see `eligibilities`.

    Parameters
    ----------
    trial : Trial
        The trial.
    arrays : EpisodeArrays
        Predictors of n episodes; those absent are unknown throughout.
    dictionary : Dictionary
        Dictionary the arrays are coded by.

    Returns
    -------
    Eligibility
        The value of each criterion in each episode.
    """
    return eligibilities((trial,), arrays, dictionary)[0]


def eligibilities(
    trials: Sequence[Trial], arrays: EpisodeArrays, dictionary: Dictionary
) -> list[Eligibility]:
    """Compare episodes with the entry criteria of several trials.

    Where a trial asks several things of a fracture, one and the same vertebra must meet them all;
    this is a criterion of its own, unmet or unknown only where the others do not tell it already.

    Parameters
    ----------
    trials : sequence of Trial
        The trials.
    arrays : EpisodeArrays
        Predictors of n episodes; those absent are unknown throughout.
    dictionary : Dictionary
        Dictionary the arrays are coded by.

    Returns
    -------
    list of Eligibility
        For each trial, the value of each criterion in each episode.
    """
    groups = group_vertebrae(arrays.owner, arrays.n)
    judged = judge(_all_criteria(Same(trials)), arrays, groups, dictionary)
    found, start = [], 0
    for trial in trials:
        stop = start + len(trial.inclusion)
        found.append(_of_one(trial, judged, range(start, stop), groups))
        start = stop
    return found


@lru_cache(maxsize=32)
def _all_criteria(key: Same) -> tuple[Criterion, ...]:
    """Return the criteria of several trials, the same object each time: a key of a cache."""
    trials: Any = key.things[0]
    return tuple(criterion for trial in trials for criterion in trial.inclusion)


def _of_one(trial: Trial, judged: Judged, places: range, groups: Groups) -> Eligibility:
    words = tuple(criterion.words for criterion in trial.inclusion)
    status = judged.status[places.start : places.stop]
    within = (judged.of_vertebrae >= places.start) & (judged.of_vertebrae < places.stop)
    joint = np.flatnonzero(within)
    if len(joint) < 2:
        return Eligibility(words, status)
    together = [words[place - places.start] for place in judged.of_vertebrae[joint]]
    words = (*words, "in one fracture: " + ", ".join(together))
    return Eligibility(words, np.vstack([status, _in_one(judged, joint, groups)]))


def _in_one(judged: Judged, joint: IntArray, groups: Groups) -> Status:
    """Return whether one vertebra meets all; met where the criteria one by one say as much."""
    together = any_vertebra(judged.each[joint].min(axis=0), groups)
    alone = judged.status[judged.of_vertebrae[joint]].min(axis=0)
    return np.where(together < alone, together, MET).astype(np.int8)
