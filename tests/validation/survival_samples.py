"""Small random follow-up for the tests of time-to-event figures."""

from __future__ import annotations

import numpy as np
from scipy.special import expit


def draw_survival(n: int, seed: int, *, ties: bool = False, competing: bool = False):
    """Return time, status, risk and weight of n rows; follow-up goes beyond the horizon 1."""
    rng = np.random.default_rng(seed)
    risk = expit(rng.normal(-0.5, 1.0, n))
    event = rng.exponential(1 / -np.log1p(-risk)) ** 0.8
    other = rng.exponential(2.5, n) if competing else np.full(n, np.inf)
    censored = rng.uniform(0.2, 3.0, n)
    time = np.minimum(np.minimum(event, other), censored)
    status = np.where(time == event, 1, np.where(time == other, 2, 0))
    if ties:
        time, risk = np.ceil(5 * time) / 5, np.clip(np.round(risk, 1), 0.05, 0.95)
    time[:4], status[:4] = (0.4, 0.6, 1.4, 2.0), (1, 1, 0, 0)
    time[4], status[4] = 3.5, 0
    return time, status, risk, rng.uniform(0.5, 2.0, n)


def numeric_influence(figure, weight):
    """Derivative of a figure with respect to the log of each weight, by central differences."""
    step, slopes = 1e-5, np.empty(weight.size)
    for k in range(weight.size):
        up, down = weight.copy(), weight.copy()
        up[k] *= np.exp(step)
        down[k] *= np.exp(-step)
        slopes[k] = (figure(up) - figure(down)) / (2 * step)
    return slopes


def as_sksurv(time, status):
    """Return follow-up in the structured form scikit-survival takes."""
    pairs = list(zip(status > 0, time, strict=True))
    return np.array(pairs, dtype=[("event", bool), ("time", float)])
