import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from vfprog.models.sample_size import (
    max_r2_cox_snell,
    r2_from_c_statistic,
    riley_sample_size,
)


def test_the_example_of_pmsampsize():
    # Riley et al., Stat Med 2019: Chagas disease, 24 parameters, R2 .288, prevalence .174.
    size = riley_sample_size(24, 0.174, r2_cox_snell=0.288)
    assert (size.shrinkage, size.optimism, size.overall_risk) == (623, 662, 221)
    assert round(662 * 0.174 / 24, 2) == 4.80  # events per parameter, as pmsampsize prints it
    assert size.needed == 801  # the mean absolute error, which pmsampsize leaves out


def test_pmsampsize_from_a_c_statistic():
    # Documentation and tests of pmsampsize: c .89, 24 parameters, prevalence .174: 615, 660, 221.
    r2 = r2_from_c_statistic(0.89, 0.174)
    size = riley_sample_size(24, 0.174, r2_cox_snell=r2)
    assert (size.shrinkage, size.optimism, size.overall_risk) == (615, 660, 221)
    assert r2 == pytest.approx(0.288, abs=0.005)


@pytest.mark.parametrize("c_statistic", [0.6, 0.75, 0.9])
@pytest.mark.parametrize("prevalence", [0.05, 0.3, 0.7])
def test_r2_of_a_c_statistic_by_simulation(c_statistic, prevalence):
    rng = np.random.default_rng(3)
    n = 400_000
    y = rng.random(n) < prevalence
    distance = math.sqrt(2) * norm.ppf(c_statistic)
    x = rng.normal(size=n) + distance * y
    margin = math.log(prevalence / (1 - prevalence)) - distance**2 / 2 + distance * x
    likelihood = np.mean(np.where(y, -np.logaddexp(0, -margin), -np.logaddexp(0, margin)))
    share = y.mean()
    null = share * math.log(share) + (1 - share) * math.log(1 - share)
    expected = 1 - math.exp(2 * (null - likelihood))
    assert r2_from_c_statistic(c_statistic, prevalence) == pytest.approx(expected, abs=0.003)


def test_the_pre_eclampsia_example_of_the_bmj():
    # Riley et al., BMJ 2020: 30 parameters, prevalence .05, R2 .05: 73, 544, 5249 participants.
    size = riley_sample_size(30, 0.05, r2_cox_snell=0.05)
    assert (size.overall_risk, size.prediction_error, size.shrinkage) == (73, 544, 5249)
    assert size.needed == 5249


def test_the_error_of_the_risks_worked_by_hand():
    # exp((-.508 + .259 ln .3 + .504 ln 10 - ln .05) / .544) = exp(6.1331) = 460.9
    assert riley_sample_size(10, 0.3).prediction_error == 461
    assert riley_sample_size(10, 0.7).prediction_error == 461
    assert riley_sample_size(31, 0.3).prediction_error is None
    assert riley_sample_size(31, 0.3).needed == riley_sample_size(31, 0.3).shrinkage


@pytest.mark.parametrize(
    ("prevalence", "expected"),
    [(0.5, 0.75), (0.4, 0.74), (0.3, 0.71), (0.2, 0.63), (0.1, 0.48), (0.05, 0.33), (0.01, 0.11)],
)
def test_largest_r2_as_tabled_in_the_bmj(prevalence, expected):
    assert round(max_r2_cox_snell(prevalence), 2) == expected
    assert max_r2_cox_snell(1 - prevalence) == pytest.approx(max_r2_cox_snell(prevalence))


def test_default_r2_is_fifteen_percent_of_the_largest():
    assert riley_sample_size(10, 0.3) == riley_sample_size(
        10, 0.3, r2_cox_snell=0.15 * max_r2_cox_snell(0.3)
    )
    # Criterion 3 at prevalence .5: (1.96 / .05)^2 / 4 = 384.16.
    assert riley_sample_size(1, 0.5).overall_risk == 385


@given(st.integers(1, 200), st.floats(0.01, 0.99))
def test_more_parameters_need_more_participants(n_parameters, prevalence):
    fewer, more = (riley_sample_size(k, prevalence) for k in (n_parameters, n_parameters + 1))
    assert fewer.shrinkage < more.shrinkage
    assert fewer.optimism < more.optimism
    assert fewer.overall_risk == more.overall_risk
    criteria = (more.shrinkage, more.optimism, more.overall_risk, more.prediction_error or 0)
    assert more.needed == max(criteria)


@given(st.integers(1, 30), st.floats(0.01, 0.99))
def test_with_the_default_r2_the_error_of_the_risks_never_decides(n_parameters, prevalence):
    size = riley_sample_size(n_parameters, prevalence)
    assert (size.prediction_error or 0) <= max(size.shrinkage, size.overall_risk)


def test_the_criteria_hold_at_the_size_and_not_below():
    # Criterion 1 solved the other way: shrinkage S = 1 + p / (n log(1 - R2 / S)).
    size, r2 = riley_sample_size(24, 0.174, r2_cox_snell=0.288), 0.288

    def shrinkage(n):
        return 1 + 24 / (n * math.log(1 - r2 / 0.9))

    assert shrinkage(size.shrinkage - 1) < 0.9 <= shrinkage(size.shrinkage)


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.1, math.nan])
def test_a_prevalence_outside_its_range_is_refused(prevalence):
    with pytest.raises(ValueError, match="prevalence must lie in"):
        riley_sample_size(5, prevalence)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        riley_sample_size(0, 0.3)
    with pytest.raises(ValueError, match=r"c_statistic must lie in \(0.5, 1\), got 0.5"):
        r2_from_c_statistic(0.5, 0.3)
    with pytest.raises(ValueError, match=r"must lie in \(0, 0.750\), got 0.8"):
        riley_sample_size(5, 0.5, r2_cox_snell=0.8)
