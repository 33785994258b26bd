import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from vfprog.errors import TrainingError
from vfprog.models.blend import OutOfFold, fit_blend, fit_calibrator, fit_intercept


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
    glm = sm.GLM(
        rows.y, np.ones(len(margin)), family, freq_weights=rows.weight, offset=margin
    ).fit()
    assert fit_intercept(margin, rows) == pytest.approx(glm.params[0], abs=1e-7)


@pytest.mark.parametrize("factor", [5, 20])
def test_margins_far_too_wide_are_calibrated_all_the_same(factor):
    margin, rows = drawn()
    a, b = fit_calibrator(margin, rows)
    assert fit_calibrator(factor * margin, rows) == pytest.approx((a, b / factor), abs=1e-7)
    assert math.isfinite(fit_intercept(factor * margin, rows))


def test_loss_of_one_row_by_hand():
    rows = rows_of([1, 0], [1, 3])
    # Risks .8 and .25: -log(.8) and -log(.75).
    log_odds = np.log([4, 1 / 3])
    assert rows.loss(log_odds) == pytest.approx([-math.log(0.8), -math.log(0.75)])
    assert rows.mean_loss(log_odds) == pytest.approx((-math.log(0.8) - 3 * math.log(0.75)) / 4)


@pytest.mark.parametrize(("last", "expected"), [(-0.5, False), (0.5, True)])
def test_clearly_better_by_hand_in_four_patients(last, expected):
    # Outcome 1 throughout and log-odds 0 against x: the gain of a row is log 2 - log(1 + e^-x).
    x = np.array([1.0, 1.0, 0.5, 3 * last])
    rows = rows_of([1, 1, 1, 1])
    gain = np.log(2) - np.log1p(np.exp(-x))
    # last = -.5: gains .380 .380 .219 -1.008 sum to -.03; last = .5: .380 .380 .219 .492, sum
    # 1.471, mean .368, squared deviations .0002 .0002 .0222 .0154, root of their sum .195.
    total, spread = gain.sum(), math.sqrt(((gain - gain.mean()) ** 2).sum())
    assert total == pytest.approx(1.471 if expected else -0.030, abs=2e-3)
    assert (total > spread) is expected
    assert rows.clearly_better(np.zeros(4), x) is expected


def test_a_gain_within_one_standard_error_is_not_clear():
    # Gains .313, .313, .313 and -.474: sum .465, deviations .197 (three) and .590: root .682.
    y = np.array([1, 1, 1, 1])
    x = np.array([1.0, 1.0, 1.0, -0.8]) * 0.8
    gain = np.log(2) - np.log1p(np.exp(-x))
    assert 0 < gain.sum() < math.sqrt(((gain - gain.mean()) ** 2).sum())
    assert not rows_of(y).clearly_better(np.zeros(4), x)


def test_copies_of_a_patient_are_one_pair():
    x = np.array([1.0, 1.0, 1.0, -0.2])
    single = rows_of([1, 1, 1, 1])
    assert single.clearly_better(np.zeros(4), x)
    # Split into copies with the weight shared out, nothing changes; counted as patients, it would.
    shared = rows_of(np.ones(40), np.full(40, 0.1), np.tile(np.arange(4), 10))
    assert shared.clearly_better(np.zeros(40), np.tile(x, 10))
    harder = np.array([1.0, 0.2, -0.9, 0.6])
    assert not single.clearly_better(np.zeros(4), harder)
    assert not rows_of(np.ones(40), np.full(40, 0.1), np.tile(np.arange(4), 10)).clearly_better(
        np.zeros(40), np.tile(harder, 10)
    )
    assert rows_of(np.ones(40), np.full(40, 0.1)).clearly_better(
        np.zeros(40), np.tile(harder, 10)
    )


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


def test_well_calibrated_margins_stay_as_they_are():
    blend = fit_blend(*_and_none(drawn(seed=2)))
    assert (blend.a, blend.b, blend.w_trees) == (0, 1, 0)


def test_a_shift_alone_is_mended_by_a_shift_alone():
    margin, rows = drawn(seed=2, intercept=0.8)
    blend = fit_blend(margin, None, rows)
    assert (blend.a, blend.b) == (fit_intercept(margin, rows), 1.0)
    assert blend.a == pytest.approx(0.8, abs=0.15)


def test_a_wrong_slope_is_mended():
    margin, rows = drawn(seed=2, slope=0.4)
    blend = fit_blend(margin, None, rows)
    assert (blend.a, blend.b) == fit_calibrator(margin, rows)
    assert blend.b == pytest.approx(0.4, abs=0.12)


def test_margins_that_point_the_wrong_way_are_refused():
    margin, rows = drawn(slope=-0.5)
    with pytest.raises(TrainingError, match=r"slope is -0\.\d\d: these predictors say nothing"):
        fit_blend(margin, None, rows)


def test_equal_margins_are_refused():
    with pytest.raises(TrainingError, match="all out-of-fold risks are equal"):
        fit_calibrator(np.full(4, 0.3), rows_of([0, 1, 0, 1]))


@pytest.mark.parametrize("margin", [[-2.0, -1, 1, 2], [-0.1, -0.1, 0.1, 0.1], [-30, -20, 20, 30]])
def test_margins_that_separate_the_outcomes_are_refused(margin):
    with pytest.raises(TrainingError, match="separate the outcomes"):
        fit_calibrator(np.array(margin, dtype=float), rows_of([0, 0, 1, 1]))


def _and_none(pair):
    margin, rows = pair
    return margin, None, rows
