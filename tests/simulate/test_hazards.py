from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from vfprog.simulate.hazards import Hazards

HAZARD = Hazards(np.array([0.2, 1.5, 0.01]), np.array([0.1, 0.4, 0.7]), 0.25, 60.0)


def test_fracture_by_a_day_is_the_integral_of_its_subdensity():
    for i in range(3):
        f, d = HAZARD.fracture[i], HAZARD.death[i]

        def density(t, f=f, d=d):
            slope = 0.75 / 365 + 0.25 / 60 * np.exp(-t / 60)
            return f * slope * np.exp(-(f + d) * HAZARD.cumulated(t))

        expected = quad(density, 0, 200)[0]
        assert HAZARD.fracture_by(200)[i] == pytest.approx(expected, rel=1e-8)


def test_shape_is_nought_at_the_start_and_about_one_at_a_year():
    assert HAZARD.cumulated(0.0) == 0
    # .75 + .25 (1 - exp(-365 / 60)) = .99943
    assert HAZARD.cumulated(365.0) == pytest.approx(0.99943, abs=1e-5)


def test_the_day_drawn_has_the_probability_stated():
    amounts = np.random.default_rng(0).standard_exponential(200_000)
    day = HAZARD.day_of(amounts / 0.7)
    assert np.mean(day > 100) == pytest.approx(HAZARD.alive_after(100)[2], abs=0.004)
    assert day.min() == 1


def test_a_day_is_reached_exactly_when_the_shape_is():
    amount = HAZARD.cumulated(np.array([10.0, 365.0]))
    np.testing.assert_array_equal(HAZARD.day_of(amount - 1e-9), [10, 365])
    np.testing.assert_array_equal(HAZARD.day_of(amount + 1e-9), [11, 366])
    assert HAZARD.day_of(np.array([1e6]))[0] == np.inf
