"""Learn from the development patients what `vfprog.scoring.typicality` keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.features.clinical import DERIVATIONS
from vfprog.features.design import all_features, derive_features
from vfprog.scoring.margins import learn_margin
from vfprog.scoring.typicality import Typicality

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.features.arrays import EpisodeArrays, FloatArray
    from vfprog.features.feature import Feature
    from vfprog.schema.dictionary import Dictionary

# With fewer the quantiles and correlations say too little: on simulated registries the share was
# about uniform with 300, and with 150 it called every sixth new patient one of the oddest 5 %.
LEAST_PATIENTS = 200
# Two inputs are correlated only where so many patients have both.
_LEAST_PAIRS = 30
_LEAST_SHRINKAGE = 0.05
# More patients than this make no difference to quantiles and correlations, only to the time.
_MOST_PATIENTS, _SEED = 20_000, 1
# Derived features that say something of their own; the others repeat an input.
_DERIVED = frozenset(
    {"log_fracture_age", "n_index_vertebrae", "mean_level", "n_levels_treated", "cement_total_ml"}
)


def learn_typicality(arrays: EpisodeArrays, dictionary: Dictionary) -> Typicality | None:
    """Learn what is usual among the development patients.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors of the development patients.
    dictionary : Dictionary
        Their dictionary.

    Returns
    -------
    Typicality or None
        What is kept; None with fewer than `LEAST_PATIENTS` patients or without a feature.
    """
    if arrays.n < LEAST_PATIENTS:
        return None
    n = arrays.n
    if n > _MOST_PATIENTS:
        chosen = np.random.default_rng(_SEED).choice(n, _MOST_PATIENTS, replace=False)
        arrays = arrays.take(np.sort(chosen))
    derived = derive_features(arrays, dictionary)
    learned = (learn_margin(feature, derived[feature.name]) for feature in _chosen(dictionary))
    margins = tuple(margin for margin in learned if margin is not None)
    if not margins:
        return None
    Z = np.column_stack([margin.score(derived[margin.feature]) for margin in margins])
    raw, shrinkage = _correlation(Z)
    spread = np.array([margin.attenuation for margin in margins])
    latent = np.clip(raw / np.outer(spread, spread), -0.95, 0.95)
    return Typicality(n, margins, _shrunk(raw, shrinkage), _shrunk(latent, shrinkage))


def _chosen(dictionary: Dictionary) -> Iterator[Feature]:
    """Yield one column for each input; where there are several, that of the worst vertebra."""
    derivations = {derivation.name for derivation in DERIVATIONS}
    for feature in all_features(dictionary):
        repeats = feature.name in derivations - _DERIVED or feature.name.endswith("_mean")
        if not repeats:
            yield feature


def _correlation(Z: FloatArray) -> tuple[FloatArray, float]:
    """Return pairwise correlations, and how far to shrink them.

    The shrinkage is the sum of the variances of the correlations over the sum of their squares
    (Schäfer and Strimmer 2005, Stat Appl Genet Mol Biol 4:32).
    """
    known = ~np.isnan(Z)
    raw, variance, square = np.eye(Z.shape[1]), 0.0, 0.0
    for i in range(Z.shape[1]):
        for j in range(i):
            both = known[:, i] & known[:, j]
            n = int(both.sum())
            if n < _LEAST_PAIRS or not np.ptp(Z[both, i]) or not np.ptp(Z[both, j]):
                continue
            r = float(np.corrcoef(Z[both, i], Z[both, j])[0, 1])
            raw[i, j] = raw[j, i] = r
            variance += (1 - r * r) ** 2 / (n - 1)
            square += r * r
    shrinkage = min(1.0, max(_LEAST_SHRINKAGE, variance / square if square else 1.0))
    return raw, shrinkage


def _shrunk(matrix: FloatArray, shrinkage: float) -> FloatArray:
    shrunk = (1 - shrinkage) * matrix
    np.fill_diagonal(shrunk, 1.0)
    return _positive(shrunk)


def _positive(matrix: FloatArray) -> FloatArray:
    """Return the matrix, or the nearest whose smallest eigenvalue is 0.01; ones on the diagonal.

    Pairwise correlations of incomplete data need not fit together.
    """
    value, vector = np.linalg.eigh(matrix)
    if value[0] >= 0.01:
        return matrix
    mended = (vector * np.maximum(value, 0.01)) @ vector.T
    scale = np.sqrt(np.diag(mended))
    return np.asarray(mended / np.outer(scale, scale))
