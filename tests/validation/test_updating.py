from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit, logit

from tests.validation.samples import draw
from vfprog.validation._check import UndefinedFigureError, check_sample
from vfprog.validation.updating import closed_test, score_test_slope, score_test_unchanged


def drawn(n, seed, *, intercept=0.0, slope=1.0, weighted=True):
    """Risks, outcomes that follow ``intercept + slope * logit(risk)``, weights, two rows each."""
    rng = np.random.default_rng(seed)
    patient = np.arange(n) // 2
    shared = rng.normal(size=n // 2 + 1)[patient]  # rows of a patient share most of their risk
    margin = -0.8 + 0.8 * shared + 0.4 * rng.normal(size=n)
    y = (rng.random(n) < expit(intercept + slope * margin)).astype(float)
    weight = rng.uniform(0.5, 3, n) if weighted else np.ones(n)
    return y, expit(margin), weight, patient


def test_the_first_statistic_worked_by_hand():
    # Four patients at log-odds -+ln 3; risks of 1/2 would have none to tell slopes by.
    risk = np.array([0.25, 0.25, 0.75, 0.75])
    y = np.array([1.0, 0.0, 1.0, 0.0])
    # Residuals .75, -.25, .25, -.75; scores (r, r m), m = -+1.0986.
    r, m = y - risk, np.log(3) * np.array([-1, -1, 1, 1])
    u = np.array([r.sum(), (r * m).sum()])
    across = np.sum(r**2 * m)
    v = 4 / 3 * np.array([[np.sum(r**2), across], [across, np.sum((r * m) ** 2)]])
    expected = u @ np.linalg.inv(v) @ u
    assert u == pytest.approx([0, -np.log(3)])
    assert expected == pytest.approx(0.6)  # 1 / (4/3 * 1.25)
    assert score_test_unchanged(check_sample(y, risk)[0]) == pytest.approx(0.6)


@pytest.mark.parametrize("seed", range(3))
def test_score_statistics_are_those_of_generalised_estimating_equations(seed):
    y, risk, weight, patient = draw(400, seed)
    (sample,) = check_sample(y, risk, weight, patient)
    order = np.argsort(patient, kind="stable")
    y, margin, weight, patient = y[order], logit(risk)[order], weight[order], patient[order]
    design = np.column_stack([np.ones(len(y)), margin])
    factor = sample.n_clusters / (sample.n_clusters - 1)

    def gee(exog, offset):
        return sm.GEE(
            y, exog, groups=patient, family=sm.families.Binomial(), offset=offset, weights=weight
        )

    level = gee(np.ones((len(y), 1)), margin).fit()
    theirs = gee(design, margin).compare_score_test(level)
    ours = score_test_slope(sample, level.params[0])
    assert ours * factor == pytest.approx(theirs["statistic"], rel=1e-4)


def clustered(y, risk, weight, patient):
    """Intercept and slope by statsmodels, with the variance clustered by patient."""
    design = np.column_stack([np.ones(len(y)), logit(risk)])
    model = sm.GLM(y, design, family=sm.families.Binomial(), var_weights=weight)
    return model.fit(cov_type="cluster", cov_kwds={"groups": patient})


@pytest.mark.filterwarnings("ignore:cov_type not fully supported with var_weights")
@pytest.mark.parametrize("seed", range(3))
def test_near_the_model_score_and_wald_statistics_agree(seed):
    y, risk, weight, patient = drawn(40_000, seed, intercept=0.02, slope=0.98)
    fit = clustered(y, risk, weight, patient)
    (sample,) = check_sample(y, risk, weight, patient)
    whole = fit.wald_test((np.eye(2), [0.0, 1.0]), scalar=True).statistic
    assert score_test_unchanged(sample) == pytest.approx(whole, rel=0.05)
    slope = ((fit.params[1] - 1) / fit.bse[1]) ** 2
    level = closed_test(y, risk, sample_weight=weight, groups=patient, alpha=0.999).table
    assert level["statistic"][1] == pytest.approx(slope, rel=0.05)


@pytest.mark.filterwarnings("ignore:cov_type not fully supported with var_weights")
@pytest.mark.parametrize("seed", range(3))
def test_coefficients_are_those_of_statsmodels_and_both_tests_reject(seed):
    y, risk, weight, patient = drawn(1200, seed, intercept=0.5, slope=0.6)
    done = closed_test(y, risk, sample_weight=weight, groups=patient)
    fit = clustered(y, risk, weight, patient)
    assert done.change == "new_intercept_and_slope"
    assert (done.intercept, done.slope) == pytest.approx(tuple(fit.params), abs=1e-6)
    wald = fit.wald_test((np.eye(2), [0.0, 1.0]), scalar=True).statistic
    assert wald > stats.chi2.isf(1e-6, 2)
    assert done.table["statistic"][0] > stats.chi2.isf(1e-6, 2)
    assert done.apply(np.array([0.0, 2.0])) == pytest.approx(
        [fit.params[0], fit.params[0] + 2 * fit.params[1]], abs=1e-6
    )


def test_a_right_model_is_left_alone():
    done = closed_test(*drawn(2000, 3)[:2])
    assert (done.change, done.intercept, done.slope) == ("no_change", 0.0, 1.0)
    assert done.table["decision"].tolist() == ["not rejected", "not tested", "no_change"]
    assert np.isnan(done.table["p"][1])


def test_a_wrong_level_takes_a_new_intercept_and_keeps_the_slope():
    y, risk, weight, patient = drawn(3000, 1, intercept=0.7)
    done = closed_test(y, risk, sample_weight=weight, groups=patient)
    assert (done.change, done.slope) == ("new_intercept", 1.0)
    assert done.intercept == pytest.approx(0.7, abs=0.2)
    assert done.table["intercept"].tolist() == [0, done.intercept, done.intercept]
    fitted = expit(done.apply(logit(risk)))
    assert np.average(fitted, weights=weight) == pytest.approx(np.average(y, weights=weight))
    assert done.table["decision"].tolist() == ["rejected", "not rejected", "new_intercept"]


def test_a_model_that_ranks_the_wrong_way_round_is_not_turned():
    y, risk, *_ = drawn(3000, 1, slope=-1)
    done = closed_test(y, risk)
    assert (done.change, done.slope) == ("new_intercept", 1.0)
    assert "the wrong way round" in done.table["reason"][2]


def test_doubled_rows_of_a_patient_add_nothing():
    y, risk, weight, _ = drawn(300, 5, intercept=0.3)
    once = closed_test(y, risk, sample_weight=weight)
    twice = closed_test(
        np.tile(y, 2), np.tile(risk, 2), sample_weight=np.tile(weight, 2),
        groups=np.tile(np.arange(300), 2),
    )  # fmt: skip
    assert twice.table["statistic"][0] == pytest.approx(once.table["statistic"][0])
    blind = closed_test(np.tile(y, 2), np.tile(risk, 2), sample_weight=np.tile(weight, 2))
    assert blind.table["statistic"][0] > 1.9 * once.table["statistic"][0]


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(UndefinedFigureError, match="closed testing is undefined"):
        closed_test([0, 0, 0], [0.1, 0.2, 0.3])
    with pytest.raises(UndefinedFigureError, match="all predicted risks are equal"):
        closed_test([0, 1, 0], [0.2, 0.2, 0.2])
    with pytest.raises(ValueError, match="alpha must lie strictly between 0 and 1, got 0"):
        closed_test([0, 1], [0.1, 0.2], alpha=0)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "weighted"), [(200, True), (600, True), (600, False)])
def test_a_right_model_is_changed_one_time_in_twenty(n, weighted):
    changed = 0
    for seed in range(1500):
        y, risk, weight, patient = drawn(n, seed, weighted=weighted)
        done = closed_test(y, risk, sample_weight=weight, groups=patient)
        changed += done.change != "no_change"
    # Three standard errors of a share of .05 in 1500.
    assert changed / 1500 == pytest.approx(0.05, abs=0.017)


@pytest.mark.slow
def test_a_new_intercept_is_enough_nineteen_times_in_twenty():
    kept = 0
    for seed in range(600):
        y, risk, weight, patient = drawn(600, seed, intercept=1.0)
        done = closed_test(y, risk, sample_weight=weight, groups=patient)
        kept += done.change == "new_intercept"
    assert kept / 600 == pytest.approx(0.95, abs=0.027)


def test_a_slope_that_must_not_change_leaves_the_intercept_and_the_reason():
    y, risk, weight, patient = drawn(2000, 5, intercept=0.8, slope=2.5)
    free = closed_test(y, risk, sample_weight=weight, groups=patient)
    bound = closed_test(y, risk, sample_weight=weight, groups=patient, level_only="too little")
    assert (free.change, bound.change) == ("new_intercept_and_slope", "new_intercept")
    assert bound.slope == 1
    assert bound.intercept == free.table["intercept"].iloc[1]
    assert bound.table["reason"].iloc[-1] == "too little"
    right = closed_test(*drawn(300, 1)[:2], level_only="too little")
    assert (right.change, right.table["reason"].iloc[-1]) == ("no_change", "")
