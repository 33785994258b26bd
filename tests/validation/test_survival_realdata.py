"""Rotterdam to GBSG and the survival set of dcurves; the README of the data has the figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.validation._survival_cox import fit_cox
from vfprog.validation.survival import harrell_c, ipcw_auc
from vfprog.validation.survival_calibration import (
    survival_calibration_error,
    survival_observed_expected,
)
from vfprog.validation.survival_overall import ipcw_brier, scaled_ipcw_brier
from vfprog.validation.survival_utility import survival_decision_curve, survival_net_benefit

pytestmark = pytest.mark.realdata

YEARS = 5.0


def truncated(days, status):
    """Follow-up in years, ended at five."""
    years = np.asarray(days, dtype=float) / 365.25
    return np.minimum(years, YEARS), np.where(years > YEARS, 0, status)


def design(medium, large, nodes, grade):
    columns = [medium, large, (nodes >= 1) & (nodes <= 3), nodes > 3, grade == 3]
    return np.column_stack(columns).astype(float)


@pytest.fixture(scope="module")
def development(realdata):
    """The Cox model of the Rotterdam women: recurrence or death within five years."""
    data = pd.read_csv(realdata / "rotterdam_gbsg" / "rotterdam.csv")
    days = np.where(data["recur"] == 1, data["rtime"], data["dtime"])
    time, status = truncated(days, np.maximum(data["recur"], data["death"]))
    size = data["size"]
    x = design(size == "20-50", size == ">50", data["nodes"], data["grade"])
    return fit_cox(x, time, status == 1)


@pytest.fixture(scope="module")
def evaluation(realdata, development):
    """The GBSG women with their predicted risks; size is in millimetres there."""
    data = pd.read_csv(realdata / "rotterdam_gbsg" / "gbsg.csv")
    time, status = truncated(data["rfstime"], data["status"])
    size = data["size"]
    x = design((size > 20) & (size <= 50), size > 50, data["nodes"], data["grade"])
    return {
        "time": time,
        "status": status,
        "risk": development.risk(x, YEARS),
        "horizon": YEARS,
    }


def test_rotterdam_coefficients(development):
    expected = [0.38342, 0.66355, 0.35998, 1.06278, 0.37477]
    assert development.coef == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (harrell_c, 0.652),
        (ipcw_auc, 0.686),
        (survival_observed_expected, 1.045),
        (ipcw_brier, 0.225),
        (scaled_ipcw_brier, 0.10),
    ],
)
def test_gbsg_figures(evaluation, figure, expected):
    metric = figure(**evaluation)
    assert metric.estimate == pytest.approx(expected, abs=0.005)
    assert metric.lower < expected < metric.upper


def test_gbsg_calibration(evaluation):
    found = survival_calibration_error(**evaluation, n_bootstrap=0)
    expected = {"ici": 0.027, "e50": 0.030, "e90": 0.061, "emax": 0.069}
    assert {n: m.estimate for n, m in found.items()} == pytest.approx(expected, abs=0.005)


def test_net_benefit_of_the_survival_set(realdata):
    data = pd.read_csv(realdata / "parity_dcurves" / "df_surv.csv")
    arrays = (data["ttcancer"], data["cancer"], data["cancerpredmarker"])
    table = survival_decision_curve(*arrays, horizon=1, thresholds=[0.25]).set_index("strategy")
    figures = table["net_benefit"][["treat_all", "treat_none", "model"]].tolist()
    assert figures == pytest.approx([-0.13695058, 0, 0.05695371], abs=1e-6)


def test_net_benefit_with_competing_events(realdata):
    # dcurves: age as a probability, treat all is the same; a competing death lowers the incidence
    data = pd.read_csv(realdata / "parity_dcurves" / "df_surv.csv")
    status = data["cancer_cr"].map(
        {"censor": 0, "diagnosed with cancer": 1, "dead other causes": 2}
    )
    risk = np.full(len(data), 0.9)
    options = {"horizon": 1.0, "threshold": 0.25}
    plain = survival_net_benefit(data["ttcancer"], data["cancer"], risk, **options).estimate
    competing = survival_net_benefit(data["ttcancer"], status, risk, **options).estimate
    assert plain == pytest.approx(-0.13695058, abs=1e-6)
    assert competing < plain
