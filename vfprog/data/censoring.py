"""Survival of *not being censored*: Kaplan-Meier, and Cox where covariates are given.

On one day events come before censoring, so that whoever had the event that day is no longer at
risk of being censored. With this order ``S(t-) * G(t-)`` is exactly the fraction still at risk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import TrainingError

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

_STEPS, _HALVINGS, _CLOSE = 50, 30, 1e-9


def censoring_km(time: FloatArray, censored: BoolArray) -> FloatArray:
    """Return G(T-), the Kaplan-Meier probability of not being censored before one's own time.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        Day of event, death or censoring.
    censored : ndarray of bool, shape (n,)
        Whether that day is a censoring.

    Returns
    -------
    ndarray of float, shape (n,)
        Left limit of G at each time.

    Examples
    --------
    Censored on day 2 with four still at risk of it: whoever is seen later weighs 4/3.

    >>> import numpy as np
    >>> time, censored = np.array([1., 2., 3., 4., 5.]), np.array([0, 1, 0, 0, 0], dtype=bool)
    >>> censoring_km(time, censored).tolist()
    [1.0, 1.0, 0.75, 0.75, 0.75]
    """
    _, place = np.unique(time, return_inverse=True)
    leaving = np.bincount(place)
    gone = np.bincount(place, weights=censored)
    at_risk = leaving[::-1].cumsum()[::-1] - (leaving - gone)
    stay = 1 - np.divide(gone, at_risk, out=np.zeros(len(gone)), where=gone > 0)
    return np.concatenate([[1.0], np.cumprod(stay)[:-1]])[place]


def censoring_cox(
    time: FloatArray, censored: BoolArray, X: FloatArray, *, penalty: float = 1.0
) -> FloatArray:
    """Return G(T- | X) from a Cox model of censoring with a ridge penalty.

    Breslow's handling of ties and his baseline hazard; see Robins and Finkelstein, Biometrics
    2000;56:779, for censoring weights conditional on covariates.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        Day of event, death or censoring.
    censored : ndarray of bool, shape (n,)
        Whether that day is a censoring.
    X : ndarray of float, shape (n, k)
        Covariates, standardised, no missing values.
    penalty : float
        Half the squared length of the coefficients is penalised by this much.

    Returns
    -------
    ndarray of float, shape (n,)
        Left limit of G at each patient's own time, given the covariates.
    """
    # Twice the rank of the day, plus one for censorings: they come after that day's events.
    rank = 2 * np.unique(time, return_inverse=True)[1] + censored
    beta = fit_cox(rank, censored, X, penalty=penalty)
    relative = np.exp(X @ beta)
    hazard = _baseline_hazard(rank, censored, relative)
    before = np.concatenate([[0.0], hazard[:-1]])[rank]
    return np.asarray(np.exp(-before * relative))


def fit_cox(rank: IntArray, happens: BoolArray, X: FloatArray, *, penalty: float) -> FloatArray:
    """Return the coefficients of a ridge-penalised Cox model, by Newton's method.

    Parameters
    ----------
    rank : ndarray of int, shape (n,)
        Order in time, not negative; equal ranks are ties.
    happens : ndarray of bool, shape (n,)
        Whether what is modelled happens at that rank.
    X : ndarray of float, shape (n, k)
        Covariates.
    penalty : float
        Ridge penalty.

    Returns
    -------
    ndarray of float, shape (k,)
        Log hazard ratios.

    Raises
    ------
    TrainingError
        Newton's method does not converge.
    """
    beta = np.zeros(X.shape[1])
    fit = _log_likelihood(beta, rank, happens, X, penalty)
    for _ in range(_STEPS):
        gradient, information = _derivatives(beta, rank, happens, X, penalty)
        step = np.linalg.solve(information, gradient)
        if float(gradient @ step) < _CLOSE:
            return beta
        for halving in range(_HALVINGS):
            trial = beta + step / 2**halving
            better = _log_likelihood(trial, rank, happens, X, penalty)
            # Rounding in a sum of n terms must not be taken for a worse fit.
            if better >= fit - _CLOSE * abs(fit):
                break
        beta, fit = trial, better
    raise TrainingError("the censoring model does not converge: leave out weight_covariates")


def _risk_sums(rank: IntArray, values: FloatArray) -> FloatArray:
    """Return at each rank the sum of values over those of this rank or later."""
    return np.bincount(rank, weights=values)[::-1].cumsum()[::-1]


def _baseline_hazard(rank: IntArray, happens: BoolArray, relative: FloatArray) -> FloatArray:
    """Return Breslow's cumulative hazard up to and including each rank."""
    count = np.bincount(rank, weights=happens)
    risk = _risk_sums(rank, relative)
    return np.divide(count, risk, out=np.zeros(len(count)), where=count > 0).cumsum()


def _log_likelihood(
    beta: FloatArray, rank: IntArray, happens: BoolArray, X: FloatArray, penalty: float
) -> float:
    eta = X @ beta
    count = np.bincount(rank, weights=happens)
    risk = _risk_sums(rank, np.exp(eta))[count > 0]
    return float(eta[happens].sum() - count[count > 0] @ np.log(risk) - penalty / 2 * beta @ beta)


def _derivatives(
    beta: FloatArray, rank: IntArray, happens: BoolArray, X: FloatArray, penalty: float
) -> tuple[FloatArray, FloatArray]:
    relative = np.exp(X @ beta)
    count = np.bincount(rank, weights=happens)
    expected = _baseline_hazard(rank, happens, relative)[rank] * relative
    gradient = X[happens].sum(axis=0) - expected @ X - penalty * beta
    some = count > 0
    risk = _risk_sums(rank, relative)[some]
    means = np.column_stack([_risk_sums(rank, relative * x)[some] for x in X.T]) / risk[:, None]
    information = (X * expected[:, None]).T @ X - (means * count[some, None]).T @ means
    return gradient, information + penalty * np.eye(len(beta))
