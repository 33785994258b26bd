from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from statsmodels.imputation.mice import MICE

from tests.validation.samples import draw
from vfprog.validation._logistic import fit_logistic
from vfprog.validation.performance import performance
from vfprog.validation.rubin import pool_imputations, pool_tables, scale_of


def test_rules_worked_by_hand():
    # Within (1 + 4) / 2, between 2, total 2.5 + 1.5 * 2 = 5.5; missing 3 / 5.5.
    done = pool_imputations([1.0, 3.0], [1.0, 2.0])
    assert (done.estimate, done.within, done.between) == (2.0, 2.5, 2.0)
    assert done.standard_error**2 == pytest.approx(5.5)
    assert done.missing_information == pytest.approx(3 / 5.5)
    assert done.df == pytest.approx((5.5 / 3) ** 2)
    # Barnard and Rubin with 20 complete degrees of freedom: 21 / 23 * 20 * 2.5 / 5.5.
    seen = 21 / 23 * 20 * (2.5 / 5.5)
    small = pool_imputations([1.0, 3.0], [1.0, 2.0], complete_df=20)
    assert small.df == pytest.approx(1 / (1 / done.df + 1 / seen))
    assert small.upper - small.lower > done.upper - done.lower


def test_imputations_that_agree_leave_the_complete_data():
    done = pool_imputations([1.0, 1.0], [2.0, 2.0], complete_df=10)
    assert (done.between, done.missing_information) == (0, 0)
    assert done.df == pytest.approx(11 / 13 * 10)
    assert math.isinf(pool_imputations([1.0, 1.0], [2.0, 2.0]).df)


def test_variances_are_those_of_statsmodels():
    rng = np.random.default_rng(4)
    values, errors = rng.normal(size=(6, 2)), rng.uniform(0.5, 1, (6, 2))
    engine = MICE.__new__(MICE)
    engine.exog_names = engine.endog_names = engine.model_class = None
    engine.results_list = [
        SimpleNamespace(
            scale=1.0,
            _results=SimpleNamespace(params=v, cov_params=lambda e=e: np.diag(e**2)),
        )
        for v, e in zip(values, errors, strict=True)
    ]
    theirs = engine.combine()
    for k in range(2):
        ours = pool_imputations(values[:, k], errors[:, k])
        assert ours.estimate == pytest.approx(theirs.params[k])
        assert ours.standard_error == pytest.approx(math.sqrt(theirs.cov_params()[k, k]))
        assert ours.missing_information == pytest.approx(theirs.frac_miss_info[k])


@pytest.mark.parametrize(
    ("estimates", "errors", "message"),
    [
        ([1.0], [1.0], "at least 2 imputations, got 1"),
        ([1.0, 2.0], [1.0], r"share the shape \(m,\)"),
        ([1.0, np.nan], [1.0, 1.0], "must be finite"),
        ([1.0, 2.0], [1.0, -1.0], ">= 0"),
    ],
)
def test_nonsense_is_refused(estimates, errors, message):
    with pytest.raises(ValueError, match=message):
        pool_imputations(estimates, errors)


def judged(seed, n=300):
    y, risk, weight, patient = draw(n, seed)
    return performance(y, risk, sample_weight=weight, groups=patient, n_bootstrap=20)


def test_each_figure_is_pooled_on_its_own_scale():
    tables = [judged(seed) for seed in range(3)]
    pooled = pool_tables(tables).set_index("metric")
    by = pd.concat(tables).set_index("metric")
    c = by.loc["c_statistic", "estimate"].to_numpy()
    assert pooled.loc["c_statistic", "estimate"] == pytest.approx(expit(logit(c).mean()))
    ratio = by.loc["observed_expected", "estimate"].to_numpy()
    assert pooled.loc["observed_expected", "estimate"] == pytest.approx(
        np.exp(np.log(ratio).mean())
    )
    slope = by.loc["calibration_slope", "estimate"]
    assert pooled.loc["calibration_slope", "estimate"] == pytest.approx(slope.mean())
    assert pooled.loc["ici", ["lower", "upper"]].isna().all()
    assert "no standard error" in pooled.loc["ici", "reason"]
    assert scale_of("net_benefit_at_0.2") == "identity"
    assert scale_of("e90") is None


def test_the_same_table_twice_keeps_its_limits():
    table = judged(1)
    pooled = pool_tables([table, table]).set_index("metric")
    for metric in ("c_statistic", "brier", "calibration_slope", "observed_expected"):
        one = table.set_index("metric").loc[metric]
        for name in ("estimate", "lower", "upper"):
            assert pooled.loc[metric, name] == pytest.approx(one[name]), (metric, name)


def test_a_figure_undefined_in_one_imputation_is_undefined():
    table = judged(1)
    other = table.copy()
    other.loc[other["metric"] == "calibration_slope", "estimate"] = np.nan
    other.loc[other["metric"] == "calibration_slope", "reason"] = "all risks equal"
    row = pool_tables([table, other]).set_index("metric").loc["calibration_slope"]
    assert np.isnan(row["estimate"])
    assert row["reason"] == "undefined in an imputation: all risks equal"
    with pytest.raises(ValueError, match="at least 2"):
        pool_tables([table])


@pytest.mark.realdata
def test_low_back_pain_as_psfmi_pools_it(realdata):
    data = pd.read_csv(realdata / "low_back_pain" / "lbpmilr.csv")
    data = data[data["Impnr"] <= 5]
    assert data["ID"].nunique() == 159
    heavy = (data["Carrying"] == 2).astype(float) + (data["Carrying"] == 3)
    data["margin"] = (
        -10 - 0.35 * data["Gender"] + heavy - 0.04 * data["Function"] + 0.26 * data["Tampascale"]
        - 0.01 * data["Age"]
    )  # fmt: skip
    tables, coefs = [], []
    for _, part in data.groupby("Impnr"):
        y, margin = part["Chronic"].to_numpy(float), part["margin"].to_numpy()
        tables.append(performance(y, expit(margin), groups=part["ID"], n_bootstrap=0))
        design = np.column_stack([np.ones(len(y)), margin])
        coefs.append(fit_logistic(design, y, np.ones(len(y)), figure="slope").coef)
    pooled = pool_tables(tables, complete_df=157).set_index("metric")
    assert (pooled["n"].unique().tolist(), pooled["n_events"].unique().tolist()) == ([159], [69])
    assert np.mean(coefs, axis=0) == pytest.approx([-0.0788, 0.9818], abs=1e-3)
    figures = pooled.loc[["calibration_in_the_large", "calibration_slope", "c_statistic"]]
    assert figures["estimate"].tolist() == pytest.approx([-0.0768, 0.9818, 0.8551], abs=1e-3)
    assert (figures["lower"] < figures["upper"]).all()
