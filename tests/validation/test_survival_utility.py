from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.validation.survival_samples import draw_survival, numeric_influence
from tests.validation.test_survival_kaplan_meier import product_limit
from vfprog.validation._survival_sample import check_survival, clustered_error
from vfprog.validation.survival_utility import survival_decision_curve, survival_net_benefit
from vfprog.validation.utility import STRATEGIES, net_benefit


def by_definition(time, status, risk, weight, threshold):
    acted = risk >= threshold
    share = weight[acted].sum() / weight.sum()
    incidence = product_limit(time[acted], status[acted], weight[acted], 1.0)
    return share * (incidence - (1 - incidence) * threshold / (1 - threshold))


def test_by_hand():
    # two of four are acted on, one has the event: 1/2 * (1/2 - 1/2 * 1/4)
    arrays = ([1, 3, 3, 1], [1, 0, 0, 1], [0.9, 0.2, 0.1, 0.1])
    metric = survival_net_benefit(*arrays, horizon=2, threshold=0.2)
    assert metric.estimate == pytest.approx(0.1875)
    assert metric.name == "net_benefit_at_0.2"


@given(
    seed=st.integers(0, 10_000),
    ties=st.booleans(),
    competing=st.booleans(),
    threshold=st.sampled_from([0.0, 0.2, 0.35]),
)
def test_equals_kaplan_meier_among_those_acted_on(seed, ties, competing, threshold):
    time, status, risk, weight = draw_survival(40, seed, ties=ties, competing=competing)
    risk[4] = 0.9  # followed past the horizon
    metric = survival_net_benefit(
        time, status, risk, horizon=1.0, threshold=threshold, sample_weight=weight
    )
    expected = by_definition(time, status, risk, weight, threshold)
    assert metric.estimate == pytest.approx(expected, abs=1e-12)


def test_interval_is_the_delta_method():
    time, status, risk, weight = draw_survival(40, 2, ties=True, competing=True)
    influence = numeric_influence(lambda w: by_definition(time, status, risk, w, 0.3), weight)
    sample = check_survival(time, status, risk, 1.0, weight)
    metric = survival_net_benefit(
        time, status, risk, horizon=1.0, threshold=0.3, sample_weight=weight
    )
    half = 1.959963985 * clustered_error(sample, influence)
    assert metric.upper - metric.estimate == pytest.approx(half, rel=1e-5)


def test_without_censoring_it_is_the_binary_figure():
    time, status, risk, weight = draw_survival(60, 4)
    status = np.where(time < 1.0, 1, status)
    found = survival_net_benefit(
        time, status, risk, horizon=1.0, threshold=0.3, sample_weight=weight
    )
    expected = net_benefit((status == 1) & (time <= 1.0), risk, threshold=0.3, sample_weight=weight)
    assert (found.estimate, found.lower) == pytest.approx((expected.estimate, expected.lower))


def test_curve_gives_reasons():
    arrays = ([1, 4, 1.5, 1, 4, 4], [1, 0, 0, 1, 0, 0], [0.3, 0.2, 0.9, 0.4, 0.1, 0.2])
    table = survival_decision_curve(*arrays, horizon=2, thresholds=[0.1, 0.5, 0.95])
    assert list(dict.fromkeys(table["strategy"])) == list(STRATEGIES)
    model = table[table["strategy"] == "model"].set_index("threshold")
    assert model["reason"].tolist()[0] == ""
    assert "those acted on) is undefined: follow-up ends at 1.5" in model.loc[0.5, "reason"]
    assert np.isnan(model.loc[0.5, "net_benefit"])
    assert model.loc[0.95, ["net_benefit", "reason"]].tolist() == [
        0.0,
        "no interval: nobody is acted on",
    ]
    everyone = table[table["strategy"] == "treat_all"].set_index("threshold")
    incidence = product_limit(*map(np.array, arrays[:2]), np.ones(6), 2.0)
    assert everyone.loc[0.5, "net_benefit"] == pytest.approx(2 * incidence - 1)
    nobody = table[table["strategy"] == "treat_none"]
    assert (nobody[["net_benefit", "lower", "upper"]] == 0).all(axis=None)


@pytest.mark.parametrize("threshold", [1.0, -0.1, float("nan")])
def test_threshold_is_checked(threshold):
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\)"):
        survival_net_benefit([1, 2], [1, 0], [0.2, 0.3], horizon=2, threshold=threshold)
