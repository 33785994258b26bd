from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vfprog.scoring.normal_draws import normal_draws, splitmix64


def test_the_first_numbers_are_those_published() -> None:
    # The reference implementation with seed 0 (prng.di.unimi.it/splitmix64.c).
    assert [hex(z) for z in splitmix64(3)] == [
        "0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f",
    ]  # fmt: skip


def test_they_are_normal_and_independent() -> None:
    drawn = normal_draws(1000, 41)
    assert drawn.shape == (1000, 41)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
    correlation = np.corrcoef(drawn.T) - np.eye(41)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(1000)
    assert np.abs(drawn.mean(axis=0)).max() < 4 / np.sqrt(1000)


@pytest.mark.parametrize(("n", "width"), [(1, 1), (3, 1), (2, 2)])
def test_an_odd_number_of_them(n, width) -> None:
    assert normal_draws(n, width).shape == (n, width)
    assert np.isfinite(normal_draws(n, width)).all()
