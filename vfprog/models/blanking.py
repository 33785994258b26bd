"""Blanked copies: teach the learners what half a measurement is worth.

At the bedside half of the inputs are missing; in a registry few are. Each participant enters
once as recorded and in copies in which a random share of the inputs is blank; the weights of
all rows of a participant sum to that participant's weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.features.arrays import EpisodeArrays, concatenate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


def blank_randomly(
    arrays: EpisodeArrays, names: Sequence[str], *, max_blank: float, rng: np.random.Generator
) -> EpisodeArrays:
    """Return a copy in which each episode lacks a random share of its inputs.

    Parameters
    ----------
    arrays : EpisodeArrays
        Episodes.
    names : sequence of str
        Predictors that may be blanked.
    max_blank : float
        The share is uniform on (0, max_blank), drawn for each episode.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    EpisodeArrays
        Copy with more missing values.
    """
    share = rng.uniform(0, max_blank, arrays.n)
    return arrays.blanked({name: rng.random(arrays.n) < share for name in names})


def blank_share(
    arrays: EpisodeArrays, names: Sequence[str], *, share: float, rng: np.random.Generator
) -> EpisodeArrays:
    """Return a copy in which each input of each episode is blank with one probability.

    Parameters
    ----------
    arrays : EpisodeArrays
        Episodes.
    names : sequence of str
        Predictors that may be blanked.
    share : float
        Probability of a blank.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    EpisodeArrays
        Copy with more missing values.
    """
    return arrays.blanked({name: rng.random(arrays.n) < share for name in names})


def with_blanked_copies(
    arrays: EpisodeArrays,
    names: Sequence[str],
    *,
    copies: int,
    max_blank: float,
    rng: np.random.Generator,
) -> EpisodeArrays:
    """Return the episodes followed by their blanked copies, copy after copy.

    Parameters
    ----------
    arrays : EpisodeArrays
        Episodes as recorded.
    names : sequence of str
        Predictors that may be blanked.
    copies : int
        Copies of each episode.
    max_blank : float
        Largest share of inputs blanked.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    EpisodeArrays
        ``(1 + copies) * n`` episodes; row ``k * n + i`` is copy k of episode i.
    """
    made = [blank_randomly(arrays, names, max_blank=max_blank, rng=rng) for _ in range(copies)]
    return concatenate([arrays, *made])
