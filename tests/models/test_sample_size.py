import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfprog.models.sample_size import SampleSize, max_r2_cox_snell, riley_sample_size


def test_the_example_of_pmsampsize():
    # Riley et al., Stat Med 2019: Chagas disease, 24 parameters, R2 .288, prevalence .174.
    size = riley_sample_size(24, 0.174, r2_cox_snell=0.288)
    assert size == SampleSize(623, 662, 221)
    assert size.needed == 662


def test_the_pre_eclampsia_example_of_the_bmj():
    # Riley et al., BMJ 2020: 30 parameters, prevalence .05, R2 .05: 5249 participants.
    size = riley_sample_size(30, 0.05, r2_cox_snell=0.05)
    assert size.shrinkage == 5249
    assert size.needed == 5249


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
    assert more.needed == max(more.shrinkage, more.optimism, more.overall_risk)


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
    with pytest.raises(ValueError, match=r"must lie in \(0, 0.750\), got 0.8"):
        riley_sample_size(5, 0.5, r2_cox_snell=0.8)
