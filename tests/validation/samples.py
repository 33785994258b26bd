"""Small random validation data for the tests of this folder."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit


def draw(n: int, seed: int, *, ties: bool = False, slope: float = 0.8, shift: float = 0.3):
    """Return y, risk, weight and patient of n rows, about two rows to a patient."""
    rng = np.random.default_rng(seed)
    risk = expit(rng.normal(-0.8, 1.0, n))
    if ties:
        risk = np.clip(np.round(risk, 1), 0.05, 0.95)
    y = (rng.random(n) < expit(shift + slope * logit(risk))).astype(float)
    y[:2], risk[:2] = (0, 1), (0.2, 0.4)
    return y, risk, rng.uniform(0.5, 2.0, n), rng.integers(0, max(2, n // 2), n)
