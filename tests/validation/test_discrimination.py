from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from tests.validation.samples import draw
from vfprog.validation.discrimination import c_statistic


def pairs(y, risk, weight):
    """Concordance over all pairs, the definition itself."""
    won = total = 0.0
    for i in np.flatnonzero(y == 1):
        for j in np.flatnonzero(y == 0):
            w = weight[i] * weight[j]
            total += w
            won += w * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return won / total


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 40), ties=st.booleans())
def test_equals_all_pairs_and_sklearn(seed, n, ties):
    y, risk, weight, _ = draw(n, seed, ties=ties)
    value = c_statistic(y, risk, sample_weight=weight).estimate
    assert value == pytest.approx(pairs(y, risk, weight), abs=1e-12)
    assert value == pytest.approx(roc_auc_score(y, risk, sample_weight=weight), abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_depends_on_ranks_only(seed):
    y, risk, weight, groups = draw(60, seed)
    plain = c_statistic(y, risk, sample_weight=weight, groups=groups)
    bent = c_statistic(y, expit(3 * logit(risk) + 1), sample_weight=7 * weight, groups=groups)
    assert bent.estimate == pytest.approx(plain.estimate, abs=1e-12)
    assert bent.lower == pytest.approx(plain.lower, abs=1e-12)
    turned = c_statistic(y, 1 - risk, sample_weight=weight, groups=groups)
    assert turned.estimate == pytest.approx(1 - plain.estimate, abs=1e-12)
    assert turned.upper == pytest.approx(1 - plain.lower, abs=1e-12)


def delong_variance(y, risk):
    """DeLong's variance from placement values, as in the paper."""
    cases, others = risk[y == 1], risk[y == 0]
    psi = (cases[:, None] > others) + 0.5 * (cases[:, None] == others)
    v10, v01 = psi.mean(axis=1), psi.mean(axis=0)
    return v10.var(ddof=1) / len(cases) + v01.var(ddof=1) / len(others)


@pytest.mark.parametrize("ties", [False, True])
def test_interval_is_delong_on_the_logit_scale(ties):
    y, risk, _, _ = draw(150, 3, ties=ties)
    metric = c_statistic(y, risk, level=0.9)
    a = metric.estimate
    half = 1.6448536 * math.sqrt(delong_variance(y, risk)) / (a * (1 - a))
    assert metric.lower == pytest.approx(expit(logit(a) - half), abs=1e-7)
    assert metric.upper == pytest.approx(expit(logit(a) + half), abs=1e-7)


def obuchowski_variance(y, risk, groups):
    """Obuchowski's variance, with the one factor k / (k - 1) for the cross term left at 1."""
    cases, others = risk[y == 1], risk[y == 0]
    psi = (cases[:, None] > others) + 0.5 * (cases[:, None] == others)
    a, total = psi.mean(), 0.0
    k1, k0 = len(set(groups[y == 1])), len(set(groups[y == 0]))
    for patient in set(groups):
        of_case = (psi.mean(axis=1) - a)[groups[y == 1] == patient].sum() / len(cases)
        of_other = (psi.mean(axis=0) - a)[groups[y == 0] == patient].sum() / len(others)
        total += (
            of_case**2 * k1 / (k1 - 1)
            + of_other**2 * k0 / (k0 - 1)
            + 2 * of_case * of_other * math.sqrt(k1 / (k1 - 1) * k0 / (k0 - 1))
        )
    return total


def test_clusters_follow_obuchowski():
    y, risk, _, groups = draw(200, 4)
    metric = c_statistic(y, risk, groups=groups)
    width = logit(metric.upper) - logit(metric.lower)
    a = metric.estimate
    expected = math.sqrt(obuchowski_variance(y, risk, groups)) / (a * (1 - a))
    assert width / 2 / 1.959963985 == pytest.approx(expected, rel=1e-6)


def test_doubled_rows_of_a_patient_add_nothing():
    y, risk, weight, groups = draw(100, 5)
    once = c_statistic(y, risk, sample_weight=weight, groups=groups)
    twice = c_statistic(
        np.tile(y, 2), np.tile(risk, 2), sample_weight=np.tile(weight, 2), groups=np.tile(groups, 2)
    )
    assert (twice.lower, twice.upper) == pytest.approx((once.lower, once.upper), abs=1e-12)


def test_repeats_average_estimate_and_influence():
    y, risk, weight, groups = draw(120, 6)
    once = c_statistic(y, risk, sample_weight=weight, groups=groups)
    same = c_statistic(y, np.tile(risk, (3, 1)), sample_weight=weight, groups=groups)
    assert (same.estimate, same.lower) == pytest.approx((once.estimate, once.lower), abs=1e-12)
    other = draw(120, 7)[1]
    both = c_statistic(y, np.stack([risk, other]))
    singles = [c_statistic(y, r).estimate for r in (risk, other)]
    assert both.estimate == pytest.approx(np.mean(singles), abs=1e-12)


def test_one_class_is_undefined():
    with pytest.raises(ValueError, match=r"c_statistic is undefined: .* got 2 with and 0 without"):
        c_statistic([1, 1], [0.2, 0.3])


@pytest.mark.parametrize(
    ("y", "risk", "value"),
    [([0, 1, 0], [0.1, 0.2, 0.3], 0.5), ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 1.0)],
)
def test_no_interval_from_one_event_or_at_the_limit(y, risk, value):
    metric = c_statistic(y, risk)
    assert (metric.estimate, metric.lower, metric.upper) == (value, None, None)


def test_equal_risks_are_chance():
    metric = c_statistic([0, 1, 0, 1], [0.3] * 4)
    assert (metric.estimate, metric.lower, metric.upper) == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.slow
def test_interval_covers_the_truth():
    # Binormal: x ~ N(1, 1) in cases and N(0, 1) in others, so c = Phi(1 / sqrt 2) = .7602499.
    # Patients have two rows that share half their variance; 500 samples: 95 % +- 2.5.
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(500):
        y = (rng.random(120) < 0.3).astype(float)
        shared = np.repeat(rng.normal(size=60), 2)
        x = y + math.sqrt(0.5) * shared + math.sqrt(0.5) * rng.normal(size=120)
        metric = c_statistic(y, expit(x), groups=np.arange(120) // 2)
        covered += metric.lower <= 0.7602499 <= metric.upper
    assert 0.925 <= covered / 500 <= 0.975


def pairs_within(y, risk, weight, fold):
    """Concordance over the pairs of one fold, the definition itself."""
    won = total = 0.0
    for i in np.flatnonzero(y == 1):
        for j in np.flatnonzero((y == 0) & (fold == fold[i])):
            total += weight[i] * weight[j]
            won += weight[i] * weight[j] * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return won / total


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), ties=st.booleans())
def test_within_folds_it_counts_pairs_of_one_fold(seed, ties):
    y, risk, weight, _ = draw(40, seed, ties=ties)
    fold = np.random.default_rng(seed).integers(0, 4, 40) * 10
    fold[:2] = 0
    value = c_statistic(y, risk, sample_weight=weight, folds=fold).estimate
    assert value == pytest.approx(pairs_within(y, risk, weight, fold), abs=1e-12)


def test_in_one_fold_it_is_the_c_statistic_of_all():
    y, risk, weight, groups = draw(80, 8)
    plain = c_statistic(y, risk, sample_weight=weight, groups=groups)
    assert c_statistic(y, risk, sample_weight=weight, groups=groups, folds=np.ones(80)) == plain


def test_intercepts_of_folds_tell_nobody_apart():
    # Everybody of a fold has the prevalence of the other fold. Across folds by hand: the cases at
    # 1/3 win half a pair each, the case at 2/3 one pair and two halves: 3 of 9.
    y, fold = [1, 1, 0, 1, 0, 0], [0, 0, 0, 1, 1, 1]
    risk = [1 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3]
    assert c_statistic(y, risk).estimate == pytest.approx(1 / 3)
    assert c_statistic(y, risk, folds=fold).estimate == 0.5


def test_the_interval_within_folds_is_that_of_a_bootstrap_of_patients():
    y, risk, weight, groups = draw(600, 9)
    fold = groups % 5  # whole patients
    metric = c_statistic(y, risk, sample_weight=weight, groups=groups, folds=fold)
    rng, patients, drawn = np.random.default_rng(1), np.unique(groups), []
    for _ in range(600):
        times = np.bincount(rng.choice(patients, len(patients)), minlength=600)[groups]
        drawn.append(c_statistic(y, risk, sample_weight=weight * times, folds=fold).estimate)
    error = (logit(metric.upper) - logit(metric.lower)) / (2 * 1.959964)
    assert error == pytest.approx(np.std(logit(drawn)), rel=0.1)


def test_one_score_is_ranked_within_the_folds_of_every_repeat():
    y, risk, weight, _ = draw(60, 10)
    folds = np.random.default_rng(2).integers(0, 3, (2, 60))
    both = c_statistic(y, risk, sample_weight=weight, folds=folds).estimate
    each = [pairs_within(y, risk, weight, fold) for fold in folds]
    assert both == pytest.approx(np.mean(each), abs=1e-12)


def test_folds_of_another_shape_or_of_one_class_each_are_refused():
    with pytest.raises(ValueError, match=r"folds must have shape \(2,\) or \(1, 2\), got \(3,\)"):
        c_statistic([0, 1], [0.2, 0.3], folds=[1, 2, 3])
    with pytest.raises(ValueError, match="shape") as caught:
        c_statistic([0, 1, 1], [0.2, 0.3])
    assert "folds" not in str(caught.value)  # none were given
    with pytest.raises(ValueError, match="undefined: no fold has both outcomes"):
        c_statistic([0, 1], [0.2, 0.3], folds=[1, 2])
