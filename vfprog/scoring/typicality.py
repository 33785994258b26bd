"""How unlike the development patients someone is, told without keeping any of them.

Each input becomes a normal score through stored quantiles; the distance is ``z' R^-1 z`` over the
inputs given, R their shrunken correlation (Mahalanobis 1936, on normal scores). Which distance is
usual depends on which inputs are given. So people are drawn from the fitted normal copula, and a
person is as typical as the share of them, with the same inputs blank, that lies further out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import BundleError
from vfprog.scoring.margins import Margin
from vfprog.scoring.normal_draws import normal_draws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import BoolArray, FloatArray

_DRAWS = 2000
# Patterns of blank inputs whose drawn distances are kept: sliders move values, not patterns.
_KEPT = 64


@dataclass(frozen=True)
class Typicality:
    """What is kept of the development patients to tell how unlike them someone is.

    Parameters
    ----------
    n : int
        Development patients.
    margins : tuple of Margin
        Distribution of each feature.
    correlation : ndarray of float, shape (p, p)
        Shrunken correlation of the normal scores.
    latent : ndarray of float, shape (p, p)
        Correlation of the normal variables that people are drawn from.
    """

    n: int
    margins: tuple[Margin, ...]
    correlation: FloatArray
    latent: FloatArray
    _usual: OrderedDict[bytes, FloatArray] = field(default_factory=OrderedDict, repr=False)

    def scores(self, derived: Mapping[str, FloatArray], n: int) -> FloatArray:
        """Return normal scores of people.

        Parameters
        ----------
        derived : mapping of str to ndarray of float, shape (n,)
            Result of `vfprog.features.design.derive_features`.
        n : int
            Number of people.

        Returns
        -------
        ndarray of float, shape (n, p)
            Scores; NaN where a feature is missing.
        """
        Z = np.full((n, len(self.margins)), np.nan)
        for place, margin in enumerate(self.margins):
            if margin.feature in derived:
                Z[:, place] = derived[margin.feature]
        for place in np.flatnonzero(~np.isnan(Z).all(axis=0)).tolist():
            Z[:, place] = self.margins[place].score(Z[:, place])
        return Z

    def share_less_typical(self, z: FloatArray) -> float | None:
        """Return the share of development patients less typical than one person.

        Parameters
        ----------
        z : ndarray of float, shape (p,)
            Normal scores; NaN where missing.

        Returns
        -------
        float or None
            About uniform between 0 and 1 for people of the same registry, near 0 for strange
            ones; None where nothing is given.
        """
        given = ~np.isnan(z)
        if not given.any():
            return None
        distance = self._distance(z[None, given], given)[0]
        usual = self._usual_distances(given)
        # Of discrete values many lie equally far out: half of those count.
        below = np.searchsorted(usual, distance * (1 - 1e-9), side="left")
        above = np.searchsorted(usual, distance * (1 + 1e-9), side="right")
        further = len(usual) - 0.5 * (below + above)
        return float((further + 0.5) / (len(usual) + 1))

    def _usual_distances(self, given: BoolArray) -> FloatArray:
        key = given.tobytes()
        if key not in self._usual:
            self._usual[key] = np.sort(self._distance(self._drawn[:, given], given))
            if len(self._usual) > _KEPT:
                self._usual.popitem(last=False)
        return self._usual[key]

    def _distance(self, Z: FloatArray, given: BoolArray) -> FloatArray:
        factor = np.linalg.inv(np.linalg.cholesky(self.correlation[np.ix_(given, given)]))
        distance: FloatArray = np.square(Z @ factor.T).sum(axis=1)
        return distance

    @cached_property
    def _drawn(self) -> FloatArray:
        """Normal scores of people drawn from the copula; the same each time."""
        U = normal_draws(_DRAWS, len(self.margins)) @ np.linalg.cholesky(self.latent).T
        return np.column_stack([m.rounded(U[:, place]) for place, m in enumerate(self.margins)])

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready types; no patient's values are among them."""
        return {
            "n": self.n,
            "margins": [margin.as_dict() for margin in self.margins],
            "correlation": np.round(self.correlation, 4).tolist(),
            "latent": np.round(self.latent, 4).tolist(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Typicality:
        """Return what `as_dict` wrote.

        Parameters
        ----------
        content : mapping
            Entry ``typicality`` of a manifest.

        Returns
        -------
        Typicality
            Checked content.

        Raises
        ------
        BundleError
            Something is absent, no number, or of another shape.
        """
        try:
            margins = tuple(Margin.from_dict(margin) for margin in content["margins"])
            correlation, latent = (
                _correlation(content[name], len(margins)) for name in ("correlation", "latent")
            )
            return cls(int(content["n"]), margins, correlation, latent)
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"'typicality' of the manifest is malformed: {error!r}") from error


def _correlation(content: Any, width: int) -> FloatArray:
    matrix = np.array(content, dtype=np.float64)
    if matrix.shape != (width, width):
        raise ValueError(f"a matrix is of shape {matrix.shape}, expected {width} by {width}")
    np.linalg.cholesky(matrix)  # raises unless it is one of correlations
    return matrix
