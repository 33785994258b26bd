"""Parity with published R packages; the expected figures stand in the README of the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from vfprog.data.splits import patient_folds
from vfprog.scoring.model import expit
from vfprog.validation._logistic import fit_logistic
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.performance import performance
from vfprog.validation.utility import decision_curve

pytestmark = pytest.mark.realdata


def benefits(y, risk, weight=None):
    table = decision_curve(y, risk, [0.25], sample_weight=weight).set_index("strategy")
    return table["net_benefit"][["treat_all", "treat_none", "model"]].tolist()


def test_net_benefit_of_the_binary_set(realdata):
    data = pd.read_csv(realdata / "parity_dcurves" / "df_binary.csv")
    figures = benefits(data["cancer"], data["cancerpredmarker"])
    assert figures == pytest.approx([-0.1466667, 0, 0.0640000], abs=1e-6)


def test_net_benefit_of_the_case_control_set(realdata):
    data = pd.read_csv(realdata / "parity_dcurves" / "df_case_control.csv")
    y = data["casecontrol"]
    weight = np.where(y == 1, 0.15 / y.mean(), 0.85 / (1 - y.mean()))
    figures = benefits(y, data["cancerpredmarker"], weight)
    assert figures == pytest.approx([-0.13333333, 0, 0.01495671], abs=1e-6)


def censoring_weight(time, event, horizon):
    """1 / G(min(T, h)-) of those whose status at the horizon is known; G by Kaplan-Meier."""
    at = np.minimum(time, horizon)
    survival = np.array(
        [
            np.prod([1 - 1 / np.sum(time >= t) for t in np.sort(time[~event]) if t < end])
            for end in at
        ]
    )
    known = event | (time > horizon)
    return np.where(known | (time >= horizon), 1 / survival, 0.0)


def test_net_benefit_of_the_survival_set(realdata):
    data = pd.read_csv(realdata / "parity_dcurves" / "df_surv.csv")
    time, event = data["ttcancer"].to_numpy(), data["cancer"].to_numpy()
    risk, y = data["cancerpredmarker"].to_numpy(), event & (time <= 1)
    treat_all = benefits(y, risk, censoring_weight(time, event, 1.0))[0]
    assert treat_all == pytest.approx(-0.13695058, abs=1e-6)
    weight = np.empty(len(data))  # dcurves estimates survival within those it would treat
    for part in (risk >= 0.25, risk < 0.25):
        weight[part] = censoring_weight(time[part], event[part], 1.0)
    assert benefits(y, risk, weight)[2] == pytest.approx(0.05695371, abs=1e-6)


@pytest.mark.parametrize(
    ("development", "evaluation", "expected"),
    [
        (
            "CalibrationCurves_traindata.csv",
            "CalibrationCurves_testdata.csv",
            {"c": 0.8143, "slope": 0.8228, "large": 0.2240, "brier": 0.1770},
        ),
        (
            "predtools_dev_data.csv",
            "predtools_val_data.csv",
            {"c": 0.6199, "slope": 0.6503, "large": 0.0440, "brier": 0.2038},
        ),
    ],
)
def test_calibration_figures(realdata, development, evaluation, expected):
    folder = realdata / "parity_calibration"
    train, test = (pd.read_csv(folder / name) for name in (development, evaluation))
    fit = sm.Logit(train["y"], sm.add_constant(train.drop(columns="y"))).fit(disp=0)
    risk = fit.predict(sm.add_constant(test.drop(columns="y")))
    table = performance(test["y"], risk).set_index("metric")["estimate"]
    found = {
        "c": table["c_statistic"],
        "slope": table["calibration_slope"],
        "large": table["calibration_in_the_large"],
        "brier": table["brier"],
    }
    assert found == pytest.approx(expected, abs=1e-3)


def glow(realdata, names):
    """Numbers of the women of GLOW, and who had a fracture."""
    data = pd.read_csv(realdata / "glow" / "glow500.csv")
    words = {"Same": data["raterisk"] == "Same", "Greater": data["raterisk"] == "Greater"}
    numbers = data[["age", "weight", "height"]]
    yes = (data == "Yes").astype(float)
    design = pd.concat([numbers, yes.drop(columns=list(numbers)), pd.DataFrame(words)], axis=1)
    return design[names].astype(float).to_numpy(), yes["fracture"].to_numpy()


def test_glow_logistic_regression(realdata):
    X, y = glow(realdata, ["age", "priorfrac", "Same", "Greater"])
    design = np.column_stack([X, np.ones(len(y))])
    coef = fit_logistic(design, y, np.ones(len(y)), figure="fracture").coef
    assert coef == pytest.approx([0.0459, 0.7002, 0.5486, 0.8658, -4.9906], abs=1e-3)
    margin = design @ coef
    likelihood = np.sum(y * margin - np.logaddexp(0, margin))
    assert likelihood == pytest.approx(-259.4494, abs=1e-3)


@pytest.mark.slow
def test_glow_repeated_cross_validation(realdata):
    """Main effects without a penalty; vfprog's own learner reaches .681 (tests/test_glow.py)."""
    names = ["age", "weight", "height", "priorfrac", "premeno", "momfrac", "armassist", "smoke",
             "Same", "Greater"]  # fmt: skip
    X, y = glow(realdata, names)
    design, margin = np.column_stack([np.ones(500), X]), np.empty((20, 500))
    for repeat in range(20):
        folds = patient_folds(np.arange(500), y == 1, n_folds=5, seed=repeat)
        for k in range(5):
            train = folds != k
            fit = fit_logistic(design[train], y[train], np.ones(400), figure="fracture")
            margin[repeat, ~train] = design[~train] @ fit.coef
    found = [c_statistic(y, expit(one)).estimate for one in margin]
    assert np.mean(found) == pytest.approx(0.665, abs=0.015)  # .66 to .67, to within .01
    assert np.std(found, ddof=1) == pytest.approx(0.01, abs=0.003)
