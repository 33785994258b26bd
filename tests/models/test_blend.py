import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from vfprog.errors import TrainingError
from vfprog.models.blend import OutOfFold, fit_blend, fit_calibrator


def rows_of(y, weight=None, patient=None):
    y = np.asarray(y, dtype=float)
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    return OutOfFold(y, weight, np.arange(len(y)) if patient is None else np.asarray(patient))


def drawn(n=2000, seed=0, *, intercept=0.0, slope=1.0):
    """Margins whose true recalibration is intercept + slope * margin."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(-0.5, 1, n)
    y = rng.random(n) < 1 / (1 + np.exp(-(intercept + slope * margin)))
    return margin, rows_of(y, rng.uniform(0.5, 2, n))


@pytest.mark.parametrize(("intercept", "slope"), [(0, 1), (0.7, 0.5), (-1, 1.6), (0, 0.05)])
def test_the_calibrator_is_the_glm_of_statsmodels(intercept, slope):
    margin, rows = drawn(intercept=intercept, slope=slope)
    family = sm.families.Binomial()
    glm = sm.GLM(rows.y, sm.add_constant(margin), family, freq_weights=rows.weight).fit()
    assert fit_calibrator(margin, rows) == pytest.approx(tuple(glm.params), abs=1e-7)


@pytest.mark.parametrize("factor", [5, 20])
def test_margins_far_too_wide_are_calibrated_all_the_same(factor):
    margin, rows = drawn()
    a, b = fit_calibrator(margin, rows)
    assert fit_calibrator(factor * margin, rows) == pytest.approx((a, b / factor), abs=1e-7)


def test_loss_of_one_row_by_hand():
    rows = rows_of([1, 0], [1, 3])
    # Risks .8 and .25: -log(.8) and -log(.75).
    log_odds = np.log([4, 1 / 3])
    assert rows.loss(log_odds) == pytest.approx([-math.log(0.8), -math.log(0.75)])
    assert rows.mean_loss(log_odds) == pytest.approx((-math.log(0.8) - 3 * math.log(0.75)) / 4)


# Where everybody has the event, a risk p instead of 1/2 gains log(2p): .470 for .8, -.223 for .4.
GOOD, BAD = np.log(0.8 / 0.2), np.log(0.4 / 0.6)


def test_clearly_better_by_hand_in_four_patients():
    ones = rows_of([1, 1, 1, 1])
    # Gains .470 (three) and -.223: sum 1.187; deviations .173 (three) and .520, root of sum .600.
    assert ones.clearly_better(np.zeros(4), np.array([GOOD, GOOD, GOOD, BAD]))
    # Gains .470 (two) and -.223 (two): sum .494; deviations .347 (four), root of sum .693.
    assert not ones.clearly_better(np.zeros(4), np.array([GOOD, GOOD, BAD, BAD]))
    assert not ones.clearly_better(np.zeros(4), np.array([BAD, BAD, BAD, GOOD]))


def test_clearly_better_by_hand_with_weights():
    # Weights 3, 1: gains 1.410 and -.223 sum to 1.187, .297 per weight; deviations .520, -.520,
    # root of the sum of squares .735. Weights 1, 1: sum .247, deviations .347: root .490.
    risk = np.array([GOOD, BAD])
    assert rows_of([1, 1], [3, 1]).clearly_better(np.zeros(2), risk)
    assert not rows_of([1, 1], [1, 1]).clearly_better(np.zeros(2), risk)


def test_copies_of_a_patient_are_one_pair():
    risk = np.tile([GOOD, GOOD, BAD, BAD], 10)
    share, patient = np.full(40, 0.1), np.tile(np.arange(4), 10)
    assert not rows_of(np.ones(40), share, patient).clearly_better(np.zeros(40), risk)
    # As forty patients: sum .494 as before, deviations .0347 (forty), root of sum .219.
    assert rows_of(np.ones(40), share).clearly_better(np.zeros(40), risk)


@given(st.integers(0, 50), st.floats(0.1, 20))
def test_no_choice_is_clearly_better_than_itself_and_scale_is_free(seed, factor):
    rng = np.random.default_rng(seed)
    margin, other = rng.normal(size=(2, 30))
    rows = rows_of(rng.integers(0, 2, 30), rng.uniform(0.1, 2, 30))
    scaled = rows_of(rows.y, factor * rows.weight)
    assert not rows.clearly_better(margin, margin)
    assert rows.clearly_better(margin, other) == scaled.clearly_better(margin, other)


def test_trees_that_are_noise_get_no_share():
    margin, rows = drawn(slope=1.0)
    noise = np.random.default_rng(9).normal(size=len(margin))
    blend = fit_blend(margin, noise, rows)
    assert (blend.w_linear, blend.w_trees) == (1, 0)


def test_trees_that_know_the_rest_get_theirs():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 3000))
    y = rng.random(3000) < 1 / (1 + np.exp(-(one + two)))
    blend = fit_blend(one, two, rows_of(y))
    assert 0.35 <= blend.w_trees <= 0.65
    assert blend.w_linear + blend.w_trees == 1
    assert blend.b == pytest.approx(2, abs=0.25)  # half of each is calibrated by twice their sum


@pytest.mark.parametrize(("intercept", "slope"), [(0, 1), (0.8, 1), (0, 0.4), (-0.5, 1.6)])
def test_the_calibrator_is_always_learned(intercept, slope):
    margin, rows = drawn(5000, seed=2, intercept=intercept, slope=slope)
    blend = fit_blend(margin, None, rows)
    assert (blend.w_linear, blend.w_trees) == (1, 0)
    assert (blend.a, blend.b) == fit_calibrator(margin, rows)
    # Standard errors of 5000: .035 of the intercept, .04 of the slope.
    assert (blend.a, blend.b) == pytest.approx((intercept, slope), abs=0.12)


def test_a_blend_is_calibrated_as_a_whole():
    margin, rows = drawn(seed=2)
    other = margin + np.random.default_rng(1).normal(size=len(margin)) / 4
    blend = fit_blend(other, margin, rows)
    assert blend.w_trees > 0.5
    mixed = blend.w_linear * other + blend.w_trees * margin
    assert (blend.a, blend.b) == fit_calibrator(mixed, rows)
    assert fit_calibrator(blend.a + blend.b * mixed, rows) == pytest.approx((0, 1), abs=1e-9)


def test_margins_that_point_the_wrong_way_are_refused():
    margin, rows = drawn(slope=-0.5)
    with pytest.raises(TrainingError, match=r"slope is -0\.\d\d: these predictors say nothing"):
        fit_blend(margin, None, rows)


@pytest.mark.parametrize("slope", [-0.5, None])
def test_a_refit_that_learns_nothing_answers_with_the_prevalence(slope):
    margin, rows = drawn(slope=slope or 1)
    rows = replace(rows, weight=np.where(rows.y == 1, 3.0, 1.0))
    margin = np.zeros_like(margin) if slope is None else margin
    blend = fit_blend(margin, None, rows, may_be_flat=True)
    events = rows.y.sum()
    odds = 3 * events / (len(rows.y) - events)
    assert (blend.w_linear, blend.w_trees, blend.b) == (1, 0, 0)
    assert blend.a == pytest.approx(np.log(odds))
    # The best fit with a slope of at least 0, by a second optimiser.
    found = minimize(
        lambda ab: rows.mean_loss(ab[0] + ab[1] * margin), [0.1, 0.3],
        bounds=[(None, None), (0, None)], method="L-BFGS-B",
    )  # fmt: skip
    assert rows.mean_loss(np.full_like(margin, blend.a)) <= found.fun + 1e-9
    assert found.x[0] + found.x[1] * margin == pytest.approx(blend.a, abs=1e-3)


def test_a_refit_that_learns_something_is_the_same_whether_it_may_be_flat():
    margin, rows = drawn(seed=2)
    assert fit_blend(margin, None, rows, may_be_flat=True) == fit_blend(margin, None, rows)


def test_equal_margins_are_refused():
    with pytest.raises(TrainingError, match="all out-of-fold risks are equal"):
        fit_calibrator(np.full(4, 0.3), rows_of([0, 1, 0, 1]))


@pytest.mark.parametrize("margin", [[-2.0, -1, 1, 2], [-0.1, -0.1, 0.1, 0.1], [-30, -20, 20, 30]])
def test_margins_that_separate_the_outcomes_are_refused(margin):
    with pytest.raises(TrainingError, match="separate the outcomes"):
        fit_calibrator(np.array(margin, dtype=float), rows_of([0, 0, 1, 1]))
