"""Predictors of many episodes as plain arrays: the one input of all feature code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]
BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class EpisodeArrays:
    """Predictors of n episodes; a predictor without an entry is missing throughout.

    Parameters
    ----------
    n : int
        Number of episodes.
    episodes : dict of str to ndarray of float, shape (n,)
        Episode-level predictors in the dictionary's units; binary as 0/1, levels as their place;
        NaN where missing.
    vertebrae : dict of str to ndarray of float, shape (m,)
        Vertebra-level predictors of all index vertebrae of all episodes.
    owner : ndarray of int, shape (m,)
        Position of the episode each vertebra belongs to.
    """

    n: int
    episodes: dict[str, FloatArray]
    vertebrae: dict[str, FloatArray]
    owner: IntArray

    def given(self) -> BoolArray:
        """Return the episodes of which any value is known, shape (n,)."""
        known = np.zeros(self.n, dtype=bool)
        for values in self.episodes.values():
            known |= ~np.isnan(values)
        for values in self.vertebrae.values():
            np.logical_or.at(known, self.owner, ~np.isnan(values))
        return known

    def take(self, rows: IntArray) -> EpisodeArrays:
        """Return the episodes at the given positions, which may repeat, with their vertebrae.

        Parameters
        ----------
        rows : ndarray of int
            Positions of episodes.

        Returns
        -------
        EpisodeArrays
            Copy holding ``len(rows)`` episodes in that order.
        """
        rows = np.asarray(rows, dtype=np.intp)
        order = np.argsort(self.owner, kind="stable")
        count = np.bincount(self.owner, minlength=self.n)
        start = np.concatenate([[0], np.cumsum(count)[:-1]]) if self.n else np.zeros(0, np.intp)
        taken = count[rows]
        owner = np.repeat(np.arange(len(rows)), taken)
        within = np.arange(taken.sum()) - np.repeat(np.cumsum(taken) - taken, taken)
        source = order[np.repeat(start[rows], taken) + within]
        return EpisodeArrays(
            len(rows),
            {name: values[rows] for name, values in self.episodes.items()},
            {name: values[source] for name, values in self.vertebrae.items()},
            owner,
        )

    def blanked(self, mask: Mapping[str, BoolArray]) -> EpisodeArrays:
        """Return a copy in which some inputs are missing.

        Parameters
        ----------
        mask : mapping of str to ndarray of bool, shape (n,)
            For each predictor, the episodes in which it is to be missing; a vertebra-level
            predictor is then missing in all vertebrae of the episode.

        Returns
        -------
        EpisodeArrays
            Copy with NaN at the masked places.
        """
        episodes = {
            name: np.where(mask[name], np.nan, values) if name in mask else values
            for name, values in self.episodes.items()
        }
        vertebrae = {
            name: np.where(mask[name][self.owner], np.nan, values) if name in mask else values
            for name, values in self.vertebrae.items()
        }
        return EpisodeArrays(self.n, episodes, vertebrae, self.owner)


def concatenate(parts: list[EpisodeArrays]) -> EpisodeArrays:
    """Stack episodes of several parts that share their predictors.

    Parameters
    ----------
    parts : list of EpisodeArrays
        At least one part.

    Returns
    -------
    EpisodeArrays
        All episodes, in order.
    """
    offsets = np.cumsum([0] + [part.n for part in parts[:-1]])
    first = parts[0]
    return EpisodeArrays(
        sum(part.n for part in parts),
        {k: np.concatenate([p.episodes[k] for p in parts]) for k in first.episodes},
        {k: np.concatenate([p.vertebrae[k] for p in parts]) for k in first.vertebrae},
        np.concatenate([p.owner + o for p, o in zip(parts, offsets, strict=True)]),
    )
