"""Whether a trial would have enrolled a patient, criterion by criterion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.features.conditions import MET, any_vertebra, compare, holds
from vfprog.features.vertebrae import group_vertebrae

if TYPE_CHECKING:
    from vfprog.features.arrays import EpisodeArrays
    from vfprog.features.conditions import Status
    from vfprog.features.vertebrae import Groups
    from vfprog.schema.dictionary import Dictionary
    from vfprog.schema.trials import Trial


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
        found = np.flatnonzero(self.status[:, row] == value)
        return tuple(self.words[place] for place in found)


def eligibility(trial: Trial, arrays: EpisodeArrays, dictionary: Dictionary) -> Eligibility:
    """Compare episodes with the entry criteria of a trial.

    Where a trial asks several things of a fracture, one and the same vertebra must meet them all;
    this is a criterion of its own, unmet or unknown only where the others do not tell it already.

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
    groups = group_vertebrae(arrays.owner, arrays.n)
    status = [holds(criterion, arrays, groups, dictionary) for criterion in trial.inclusion]
    words = [criterion.words for criterion in trial.inclusion]
    joint = [c for c in trial.inclusion if c.predictor in arrays.vertebrae]
    if len(joint) > 1:
        each = [compare(c, arrays.vertebrae[c.predictor], dictionary) for c in joint]
        words.append("in one fracture: " + ", ".join(c.words for c in joint))
        status.append(_in_one(each, groups))
    return Eligibility(tuple(words), np.stack(status))


def _in_one(each: list[Status], groups: Groups) -> Status:
    """Return whether one vertebra meets all; met where the criteria one by one say as much."""
    together = any_vertebra(np.min(each, axis=0), groups)
    alone = np.min([any_vertebra(status, groups) for status in each], axis=0)
    return np.where(together < alone, together, MET).astype(np.int8)
