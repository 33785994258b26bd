"""Random episodes with ragged vertebrae, in any order, with values missing."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from vfprog.features.arrays import EpisodeArrays

NAN = float("nan")


def ragged(values):
    """Return a strategy for one list of values per episode and a seed to shuffle the rows."""
    episodes = st.lists(st.lists(values, max_size=5), min_size=1, max_size=6)
    return st.tuples(episodes, st.integers(0, 2**32 - 1))


def flat(drawn):
    """Return (values, owner, n, lists): the drawn rows shuffled, and as they stood."""
    lists, seed = drawn
    owner = np.repeat(np.arange(len(lists)), [len(rows) for rows in lists])
    values = np.array([v for rows in lists for v in rows], dtype=np.float64)
    order = np.random.default_rng(seed).permutation(len(owner))
    return values[order], owner[order], len(lists), lists


def maybe(values):
    """Return a strategy for a value or NaN."""
    return st.one_of(st.just(NAN), values)


def random_arrays(dictionary, n, rng, *, missing=0.2, most=4):
    """Return random but legal values of every predictor of a dictionary."""
    owner = np.repeat(np.arange(n), rng.integers(0, most + 1, n))
    owner = rng.permutation(owner)

    def column(predictor, length):
        if predictor.is_numeric:
            values = rng.uniform(*predictor.hard_range, length)
        else:
            values = rng.integers(0, max(2, len(predictor.levels)), length).astype(float)
        return np.where(rng.random(length) < missing, NAN, values)

    return EpisodeArrays(
        n,
        {p.name: column(p, n) for p in dictionary.of_table("episodes")},
        {p.name: column(p, len(owner)) for p in dictionary.of_table("vertebrae")},
        owner,
    )
