"""Who is counted: patients, however many episodes or imputed copies of each there are.

The rows of one patient tell less than as many patients would. Sample sizes, least numbers of events
and the effective sample size are therefore counted in patients; a row per patient changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Counts:
    """How many patients there are.

    Parameters
    ----------
    patients : int
        All.
    events : int
        Those with the event in any episode.
    others : int
        Those without it in all, as the folds divide them.
    """

    patients: int
    events: int
    others: int

    @property
    def fewest(self) -> int:
        """Number of patients with the rarer outcome."""
        return min(self.events, self.others)


def participant_of(cohort: Cohort) -> IntArray:
    """Return the participant of each row: a patient, or one drawing of a patient.

    Parameters
    ----------
    cohort : Cohort
        Episodes; in a bootstrap sample one drawn twice stands there twice.

    Returns
    -------
    ndarray of int, shape (n,)
        Numbers from 0. A patient drawn k times is k participants, as a sample of n patients must
        count as n.
    """
    episode = pd.Series(np.asarray(cohort.episode_id, dtype=str))
    keys = pd.DataFrame({
        "patient": np.asarray(cohort.patient_id, dtype=str),
        "drawing": episode.groupby(episode.to_numpy()).cumcount(),
    })  # fmt: skip
    return np.asarray(keys.groupby(["patient", "drawing"]).ngroup(), dtype=np.intp)


def count_participants(participant: IntArray, event: BoolArray | FloatArray) -> Counts:
    """Count participants with and without the event.

    Parameters
    ----------
    participant : ndarray of int, shape (n,)
        What `participant_of` returned.
    event : ndarray of bool, or of 0 and 1, shape (n,)
        Known outcomes.

    Returns
    -------
    Counts
        How many.

    Examples
    --------
    >>> count_participants(np.array([0, 0, 1, 2]), np.array([1, 0, 0, 1]))
    Counts(patients=3, events=2, others=1)
    """
    patients = np.unique(participant).size
    events = np.unique(participant[np.asarray(event) == 1]).size
    return Counts(patients, events, patients - events)


def kish_size(weight: FloatArray, participant: IntArray) -> float:
    """Return how many participants of equal weight would tell as much.

    Parameters
    ----------
    weight : ndarray of float, shape (n,)
        Outcome weights of the rows.
    participant : ndarray of int, shape (n,)
        What `participant_of` returned.

    Returns
    -------
    float
        ``(sum w)^2 / sum w^2`` of weights summed by participant (Kish L. Survey Sampling, 1965),
        at most the number of participants.

    Examples
    --------
    >>> kish_size(np.array([1.0, 1.0, 2.0]), np.array([0, 1, 2]))
    2.6666666666666665
    >>> kish_size(np.full(6, 3.0), np.array([0, 0, 0, 1, 1, 1]))
    2.0
    """
    summed = np.bincount(participant, weights=weight)
    return float(summed.sum() ** 2 / (summed**2).sum())
