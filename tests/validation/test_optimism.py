"""Optimism against numbers worked by hand, brute force, and the published figures of GLOW."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from vfprog.validation.calibration import calibration_slope
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.optimism import (
    COLUMNS,
    Resample,
    no_information_brier,
    optimism_table,
    plus_error,
    resamples_of,
)
from vfprog.validation.overall import brier

Y = np.array([0, 0, 1, 1])
APPARENT = np.array([0.2, 0.4, 0.3, 0.8])
FIRST = Resample(np.array([2, 0, 1, 1]), np.array([0.1, 0.7, 0.6, 0.9]))
SECOND = Resample(np.array([1, 1, 2, 0]), np.array([0.4, 0.3, 0.6, 0.5]))


def figure(table: pd.DataFrame, metric: str, estimator: str = "harrell") -> pd.Series:
    return table.set_index(["metric", "estimator"]).loc[(metric, estimator)]


def drawn(n: int = 120, *, n_resamples: int = 40):
    """Two rows a patient, weights, and ridge refits on five predictors of which two matter."""
    rng = np.random.default_rng(3)
    x, patient = rng.normal(size=(n, 5)), np.repeat(np.arange(n // 2), 2)
    y = (rng.random(n) < 1 / (1 + np.exp(-x[:, 0] + 0.5 * x[:, 1]))).astype(int)
    weight = rng.uniform(0.5, 2, n)

    def fit(rows):
        model = LogisticRegression(C=np.inf).fit(x[rows], y[rows], sample_weight=weight[rows])
        return model.predict_proba(x)[:, 1]

    resamples = resamples_of(fit, patient, n_resamples=n_resamples, seed=5)
    return y, fit(np.arange(n)), weight, patient, resamples


def test_harrell_by_hand():
    # c: apparent 3/4. First refit: on its sample 1, on everybody 3 of 4 pairs. Second: on its
    # sample 1, on everybody 1. Optimism (1/4 + 0) / 2.
    row = figure(optimism_table(Y, APPARENT, [FIRST, SECOND]), "c_statistic")
    assert row["apparent"] == 0.75
    assert row["optimism"] == pytest.approx(0.125)
    assert row["estimate"] == pytest.approx(0.625)
    assert (row["n"], row["n_events"], row["n_resamples"]) == (4, 2, 2)


def slope_gaps(y, weight, resamples):
    """The slope of each refit on its own sample less that on everybody."""
    return np.array([
        calibration_slope(y, r.risk, sample_weight=weight * r.times).estimate
        - calibration_slope(y, r.risk, sample_weight=weight).estimate
        for r in resamples
    ])  # fmt: skip


def test_one_wild_refit_does_not_decide_the_slope():
    y, risk, weight, _, resamples = drawn(n_resamples=9)
    apparent = calibration_slope(y, risk, sample_weight=weight).estimate
    flat = 0.5 + (resamples[0].risk - 0.5) / 50  # risks that hardly differ
    wild = [Resample(resamples[0].times, flat), *resamples[1:]]
    gaps = slope_gaps(y, weight, wild)
    centre = np.median(gaps)
    near = np.abs(gaps - centre) <= 3 * 1.4826 * np.median(np.abs(gaps - centre))
    row = figure(optimism_table(y, risk, wild, sample_weight=weight), "calibration_slope")
    assert not near[0]
    assert row["estimate"] == pytest.approx(apparent - gaps[near].mean())
    aside = 9 - near.sum()
    assert row["n_resamples"] == 9 - aside
    assert row["reason"] == f"{aside} of 9 refits set aside: far from the median of all"


def test_no_refit_is_set_aside_where_slopes_are_alike_or_undefined():
    y, risk, weight, _, resamples = drawn(n_resamples=3)
    alike = [resamples[0]] * 3
    row = figure(optimism_table(y, risk, alike, sample_weight=weight), "calibration_slope")
    assert (row["n_resamples"], row["reason"]) == (3, "")
    equal = [Resample(r.times, np.full(len(y), 0.4)) for r in resamples]
    row = figure(optimism_table(y, risk, equal, sample_weight=weight), "calibration_slope")
    assert (row["n_resamples"], row["reason"]) == (0, "undefined in every resample")


def test_the_brier_score_by_hand():
    table = optimism_table(Y, APPARENT, [FIRST, SECOND])
    apparent = (0.04 + 0.16 + 0.49 + 0.04) / 4
    first = (2 * 0.01 + 0.16 + 0.01) / 4 - (0.01 + 0.49 + 0.16 + 0.01) / 4
    second = (0.16 + 0.09 + 2 * 0.16) / 4 - (0.16 + 0.09 + 0.16 + 0.25) / 4
    row = figure(table, "brier")
    assert row["apparent"] == pytest.approx(apparent)
    assert row["estimate"] == pytest.approx(apparent - (first + second) / 2)
    # .632+: row 2 is out of the first sample, row 4 of the second
    out = (0.49 + 0.25) / 2
    gamma = np.mean([(y - risk) ** 2 for y in Y for risk in APPARENT])
    relative = (min(out, gamma) - apparent) / (gamma - apparent)
    share = 0.632 / (1 - 0.368 * relative)
    expected = (1 - share) * apparent + share * min(out, gamma)
    assert figure(table, "brier", "632plus")["estimate"] == pytest.approx(expected)


def test_no_information_pairs_every_outcome_with_every_risk():
    rng = np.random.default_rng(1)
    y, risk, weight = rng.integers(0, 2, 30), rng.random(30), rng.random(30)
    pairs = np.average(
        [(a - b) ** 2 for a in y for b in risk], weights=[u * v for u in weight for v in weight]
    )
    assert no_information_brier(y, risk, weight) == pytest.approx(pairs)


@pytest.mark.parametrize(
    ("apparent", "out", "gamma"),
    [(0.1, 0.2, 0.5), (0.1, 0.1, 0.5), (0.3, 0.2, 0.5), (0.1, 0.6, 0.5), (0.5, 0.6, 0.4)],
)
def test_plus_is_the_form_of_efron_and_tibshirani(apparent, out, gamma):
    # their equations 31 and 32: .632 error plus (err1' - err) .368 .632 R' / (1 - .368 R')
    bounded = min(out, gamma)
    relative = (out - apparent) / (gamma - apparent) if apparent < min(out, gamma) else 0.0
    relative = min(relative, 1.0)
    plain = 0.368 * apparent + 0.632 * bounded
    more = (bounded - apparent) * 0.368 * 0.632 * relative / (1 - 0.368 * relative)
    assert plus_error(apparent, out, gamma) == pytest.approx(plain + more)


def test_against_brute_force_with_weights_and_patients():
    y, risk, weight, patient, resamples = drawn()
    table = optimism_table(y, risk, resamples, sample_weight=weight)
    gaps, briers, outs = [], [], []
    for resample in resamples:
        assert all(len(set(resample.times[patient == p])) == 1 for p in set(patient))
        w, out = weight * resample.times, resample.times == 0
        gaps.append(
            roc_auc_score(y, resample.risk, sample_weight=w)
            - roc_auc_score(y, resample.risk, sample_weight=weight)
        )
        briers.append(
            brier_score_loss(y, resample.risk, sample_weight=w)
            - brier_score_loss(y, resample.risk, sample_weight=weight)
        )
        outs.append(roc_auc_score(y[out], resample.risk[out], sample_weight=weight[out]))
    apparent = roc_auc_score(y, risk, sample_weight=weight)
    assert figure(table, "c_statistic")["estimate"] == pytest.approx(apparent - np.mean(gaps))
    score = brier_score_loss(y, risk, sample_weight=weight)
    assert figure(table, "brier")["estimate"] == pytest.approx(score - np.mean(briers))
    expected = 1 - plus_error(1 - apparent, 1 - np.mean(outs), 0.5)
    assert figure(table, "c_statistic", "632plus")["estimate"] == pytest.approx(expected)


def test_limits_are_those_of_the_apparent_figure_moved_by_the_optimism():
    y, risk, weight, patient, resamples = drawn(n_resamples=5)
    given = {"sample_weight": weight, "groups": patient}
    table = optimism_table(y, risk, resamples, level=0.9, **given)
    figures = {"c_statistic": c_statistic, "calibration_slope": calibration_slope, "brier": brier}
    for name, compute in figures.items():
        apparent = compute(y, risk, level=0.9, **given)
        for row in table[table["metric"] == name].itertuples():
            assert row.apparent == pytest.approx(apparent.estimate)
            assert row.optimism == pytest.approx(row.apparent - row.estimate)
            moved = [apparent.lower - row.optimism, apparent.upper - row.optimism]
            assert [row.lower, row.upper] == pytest.approx(moved)
            assert row.reason == ""
    alone = optimism_table(y, risk, resamples, sample_weight=weight, level=0.9)
    width = [t["upper"] - t["lower"] for t in (table, alone)]
    assert not np.allclose(*width, equal_nan=True)  # two rows of a patient are not two patients
    assert list(table.columns) == list(COLUMNS)
    order = ["c_statistic", "c_statistic", "calibration_in_the_large", "calibration_slope", "ici",
             "brier", "brier", "scaled_brier"]  # fmt: skip
    assert table["metric"].tolist() == order
    assert table["estimate"].notna().all()
    ici = figure(table, "ici")
    assert np.isnan(ici["lower"])
    assert ici["reason"] == "no interval: the apparent ICI has no limits to move"
    # a fit to 120 rows is overconfident on others, and its calibration looks better than it is
    assert figure(table, "calibration_slope")["estimate"] < 1
    assert ici["estimate"] > ici["apparent"]


def test_rows_of_weight_0_count_for_nothing():
    y, risk, weight, _, resamples = drawn()
    weight[:10] = 0
    whole = optimism_table(y, risk, resamples, sample_weight=weight)
    kept = [Resample(r.times[10:], r.risk[10:]) for r in resamples]
    part = optimism_table(y[10:], risk[10:], kept, sample_weight=weight[10:])
    pd.testing.assert_frame_equal(whole, part)


def test_a_resample_without_events_is_left_out_and_counted():
    only_others = Resample(np.array([2, 2, 0, 0]), FIRST.risk)
    table = optimism_table(Y, APPARENT, [FIRST, SECOND, only_others])
    row = figure(table, "c_statistic")
    assert row["estimate"] == pytest.approx(0.625)
    assert row["n_resamples"] == 2
    assert row["reason"] == "undefined in 1 of 3 resamples"
    assert figure(table, "brier")["n_resamples"] == 3


def test_why_there_is_no_interval_is_told():
    y, apparent = np.array([0, 0, 1]), np.array([0.2, 0.4, 0.3])
    resample = Resample(np.array([1, 1, 1]), np.array([0.2, 0.3, 0.6]))
    row = figure(optimism_table(y, apparent, [resample]), "c_statistic")
    assert np.isnan(row["lower"])
    assert "at least 2 patients with and 2 without the event" in row["reason"]


def test_a_figure_undefined_on_the_sample_says_why():
    row = figure(optimism_table(Y, APPARENT, [FIRST, SECOND]), "ici")
    assert np.isnan(row["estimate"])
    assert "at least 10 with and 10 without the event" in row["reason"]


def test_everybody_drawn_leaves_nothing_for_632():
    everybody = Resample(np.ones(4, dtype=int), FIRST.risk)
    row = figure(optimism_table(Y, APPARENT, [everybody]), "brier", "632plus")
    assert (np.isnan(row["estimate"]), row["reason"]) == (True, "undefined in every resample")


def test_no_resamples_and_bad_input_are_errors():
    with pytest.raises(ValueError, match="at least one resample, got none"):
        optimism_table(Y, APPARENT, [])
    with pytest.raises(ValueError, match="risk must have shape"):
        optimism_table(Y, APPARENT[:3], [FIRST])


@pytest.mark.slow
@pytest.mark.realdata
def test_glow(realdata):
    # Unpenalised main effects of nine predictors: apparent .7217, corrected .688, slope .83, Brier
    # .176 (tolerance .01). The slope of one refit varies by .12: 200 of them would miss by chance.
    data = pd.read_csv(realdata / "glow" / "glow500.csv", keep_default_na=False)
    names = ["age", "weight", "height", "priorfrac", "premeno", "momfrac", "armassist", "smoke",
             "raterisk"]  # fmt: skip
    x = pd.get_dummies(data[names], drop_first=True).to_numpy(dtype=float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = (data["fracture"] == "Yes").to_numpy().astype(int)
    assert (len(y), y.sum()) == (500, 125)

    def fit(rows):
        model = LogisticRegression(C=np.inf, max_iter=1000).fit(x[rows], y[rows])
        return model.predict_proba(x)[:, 1]

    resamples = resamples_of(fit, data["sub_id"].to_numpy(), n_resamples=600, seed=1001)
    table = optimism_table(y, fit(np.arange(500)), resamples)
    c = figure(table, "c_statistic")
    assert c["apparent"] == pytest.approx(0.7217, abs=5e-4)
    assert c["estimate"] == pytest.approx(0.688, abs=0.01)
    assert figure(table, "calibration_slope")["estimate"] == pytest.approx(0.83, abs=0.01)
    assert figure(table, "brier")["estimate"] == pytest.approx(0.176, abs=0.01)
    assert figure(table, "c_statistic", "632plus")["estimate"] == pytest.approx(0.688, abs=0.015)
