"""Multiple imputation by chained equations with predictive mean matching.

Each column in turn is regressed on all others; a missing value takes the recorded value of one of
the five rows whose prediction is nearest [1]_ [2]_. So a binary stays binary, an ordinal keeps its
levels and nothing leaves its range, where draws from a normal distribution would (docs/adr/0011).

References
----------
.. [1] Little RJA. J Bus Econ Stat 1988;6:287-296.
.. [2] van Buuren S. Flexible Imputation of Missing Data, 2nd ed., section 3.4. CRC Press, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

N_CYCLES = 5
N_DONORS = 5
# Ridge relative to the diagonal: columns may be collinear, as the parts of a sum are.
_RIDGE = 1e-5


@dataclass(frozen=True)
class Equation:
    """How one column is drawn from the others.

    Parameters
    ----------
    drawn : ndarray of float, shape (1 + n_columns,)
        Coefficients drawn from their posterior, by which rows in need are scored.
    score : ndarray of float, shape (n_donors,)
        Predictions of the donors by the fitted coefficients, ascending.
    value : ndarray of float, shape (n_donors,)
        Their recorded values.
    """

    drawn: FloatArray
    score: FloatArray
    value: FloatArray

    def draw(self, design: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return a donor's value for each row of a design, shape (n, 1 + n_columns)."""
        wanted = design @ self.drawn
        near = np.hstack(self._candidates(wanted, rng))
        inside = (near >= 0) & (near < self.score.size)
        near = np.clip(near, 0, self.score.size - 1)
        distance = np.where(inside, np.abs(self.score[near] - wanted[:, None]), np.inf)
        best = np.argsort(distance, axis=1, kind="stable")[:, :N_DONORS]
        n_near = np.minimum(N_DONORS, inside.sum(axis=1))
        pick = (rng.random(len(wanted)) * n_near).astype(np.intp)
        rows = np.arange(len(wanted))
        return np.asarray(self.value[near[rows, best[rows, pick]]], dtype=float)

    def _candidates(
        self, wanted: FloatArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """Return the places of donors below and above; of many that tie some are drawn.

        Few distinct predictions, as from binary columns alone, would else leave a few donors to
        serve everybody.
        """
        place = np.searchsorted(self.score, wanted)
        reach = np.arange(1, N_DONORS + 1)
        below, above = place[:, None] - reach, place[:, None] + reach - 1
        last = np.clip(place, 1, self.score.size) - 1
        first = np.clip(place, 0, self.score.size - 1)
        start = np.searchsorted(self.score, self.score[last], side="left")
        stop = np.searchsorted(self.score, self.score[first], side="right")
        shape = (len(wanted), N_DONORS)
        low = start[:, None] + (rng.random(shape) * (place - start)[:, None]).astype(np.intp)
        high = place[:, None] + (rng.random(shape) * (stop - place)[:, None]).astype(np.intp)
        many_below, many_above = (place - start) > N_DONORS, (stop - place) > N_DONORS
        return (
            np.where(many_below[:, None], low, below),
            np.where(many_above[:, None], high, above),
        )


@dataclass(frozen=True)
class Imputations:
    """Development and evaluation rows, each completed m times.

    Parameters
    ----------
    development : ndarray of float, shape (m, n, n_features)
        Development rows to learn from, completed with the help of their outcomes.
    blind : ndarray of float, shape (m, n, n_features)
        The same rows completed without outcomes, as evaluation rows are: to choose by.
    evaluation : ndarray of float, shape (m, k, n_features)
        Evaluation rows.
    """

    development: FloatArray
    blind: FloatArray
    evaluation: FloatArray


class ChainedEquations:
    """One imputation: completes the rows it learns from, then others by the same equations.

    Parameters
    ----------
    random_state : int
        Seed of every draw; another seed is another imputation.
    """

    def __init__(self, *, random_state: int) -> None:
        self.rng = np.random.default_rng(random_state)

    def fit_transform(self, X: FloatArray) -> FloatArray:
        """Learn from rows and return them completed.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_columns)
            Rows; NaN where missing. For rows whose outcome is known it stands among the columns
            [1]_; a column without any value becomes 0.

        Returns
        -------
        ndarray of float, shape (n, n_columns)
            The rows without gaps; recorded values are as they were.

        References
        ----------
        .. [1] Moons KGM et al. J Clin Epidemiol 2006;59:1092-1101.
        """
        seen = ~np.isnan(X)
        self.known = [X[seen[:, c], c] for c in range(X.shape[1])]
        filled = self._start(X, seen)
        self.center, spread = filled.mean(axis=0), filled.std(axis=0)
        self.scale = np.where(spread > 0, spread, 1.0)
        order = np.argsort((~seen).sum(axis=0), kind="stable")
        gaps = [c for c in order if not seen[:, c].all() and seen[:, c].any()]
        for _ in range(N_CYCLES):
            for column in gaps:
                equation = self._fit(filled, X, seen, column)
                gone = ~seen[:, column]
                filled[gone, column] = equation.draw(self._design(filled, column)[gone], self.rng)
        self.order = order
        self.equations = {int(c): self._fit(filled, X, seen, c) for c in order if seen[:, c].any()}
        return filled

    def transform(self, X: FloatArray) -> FloatArray:
        """Return other rows completed by the equations learned.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_columns)
            Rows; NaN where missing.

        Returns
        -------
        ndarray of float, shape (n, n_columns)
            The rows without gaps.
        """
        seen = ~np.isnan(X)
        filled = self._start(X, seen)
        for _ in range(N_CYCLES if not seen.all() else 0):
            for column in self.order:
                gone = ~seen[:, column]
                if gone.any() and column in self.equations:
                    design = self._design(filled, column)[gone]
                    filled[gone, column] = self.equations[column].draw(design, self.rng)
        return filled

    def _start(self, X: FloatArray, seen: BoolArray) -> FloatArray:
        """Return rows with each gap filled by a recorded value taken at random."""
        filled = X.copy()
        for column, known in enumerate(self.known):
            gone = ~seen[:, column]
            filled[gone, column] = self.rng.choice(known, gone.sum()) if known.size else 0.0
        return filled

    def _design(self, filled: FloatArray, column: int | IntArray) -> FloatArray:
        """Return an intercept and the standardised columns, the one to be drawn zeroed."""
        design = np.column_stack([np.ones(len(filled)), (filled - self.center) / self.scale])
        design[:, column + 1] = 0.0
        return design

    def _fit(self, filled: FloatArray, X: FloatArray, seen: BoolArray, column: int) -> Equation:
        rows = np.flatnonzero(seen[:, column])
        design, value = self._design(filled[rows], column), X[rows, column]
        gram = design.T @ design
        gram[np.diag_indices_from(gram)] += _RIDGE * np.maximum(np.diag(gram), 1.0)
        inverse = np.linalg.inv(gram)
        coef = inverse @ (design.T @ value)
        residual = float(np.sum((value - design @ coef) ** 2))
        df = max(len(rows) - design.shape[1], 1)
        sigma = np.sqrt(residual / self.rng.chisquare(df))
        root = np.linalg.cholesky((inverse + inverse.T) / 2)
        drawn = coef + sigma * root @ self.rng.standard_normal(len(coef))
        score = design @ coef
        rank = np.argsort(score, kind="stable")
        return Equation(drawn, score[rank], value[rank])


def impute(
    X: FloatArray, y: FloatArray, X_eval: FloatArray, *, n_imputations: int, random_state: int
) -> Imputations:
    """Return imputations of development and evaluation rows, learned from the former alone.

    The outcome helps to impute development rows; at evaluation it is not known, so the equations
    for those rows do without it.

    Parameters
    ----------
    X : ndarray of float, shape (n, n_features)
        Development rows; NaN where missing.
    y : ndarray of float, shape (n,)
        Their outcomes.
    X_eval : ndarray of float, shape (k, n_features)
        Evaluation rows.
    n_imputations : int
        Number m of imputations.
    random_state : int
        Seed of the first; imputation i uses ``random_state + i``.

    Returns
    -------
    Imputations
        Completed rows.
    """
    development, without = np.empty((2, n_imputations, *X.shape))
    evaluation = np.empty((n_imputations, *X_eval.shape))
    for place in range(n_imputations):
        seed = random_state + place
        with_outcome = ChainedEquations(random_state=seed)
        development[place] = with_outcome.fit_transform(np.column_stack([X, y]))[:, :-1]
        blind = ChainedEquations(random_state=seed)
        without[place] = blind.fit_transform(X)
        evaluation[place] = blind.transform(X_eval)
    return Imputations(development, without, evaluation)
