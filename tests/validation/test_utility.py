from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.validation.samples import draw
from vfprog.validation.utility import STRATEGIES, decision_curve, net_benefit


def test_by_hand():
    # 4 patients, threshold .2: TP 2/4, FP 1/4, odds .25; a risk at the threshold is acted on
    metric = net_benefit([1, 1, 0, 0], [0.9, 0.2, 0.5, 0.1], threshold=0.2)
    assert metric.estimate == pytest.approx(2 / 4 - 0.25 * 1 / 4)
    # gains 1, 1, -.25, 0 about .4375: sum of squares 1.421875 / 3 / 4, as for any mean
    error = np.std([1, 1, -0.25, 0], ddof=1) / 2
    assert metric.upper - metric.estimate == pytest.approx(1.959963985 * error)
    assert metric.name == "net_benefit_at_0.2"


def test_weights_by_hand():
    # weights 1, 3, 2, 2: TP (1 + 3) / 8, FP 2 / 8, odds 1
    metric = net_benefit(
        [1, 1, 0, 0], [0.9, 0.6, 0.5, 0.1], threshold=0.5, sample_weight=[1, 3, 2, 2]
    )
    assert metric.estimate == pytest.approx(4 / 8 - 2 / 8)


def test_curve_has_three_strategies():
    y, risk, weight, groups = draw(200, 1)
    grid = [0.1, 0.25, 0.5]
    table = decision_curve(y, risk, grid, sample_weight=weight, groups=groups)
    assert list(table.columns) == ["strategy", "threshold", "net_benefit", "lower", "upper"]
    assert [tuple(row) for row in table[["strategy", "threshold"]].to_numpy()] == [
        (strategy, t) for strategy in STRATEGIES for t in grid
    ]
    by = table.set_index(["strategy", "threshold"])
    single = net_benefit(y, risk, threshold=0.25, sample_weight=weight, groups=groups)
    expected = (single.estimate, single.lower, single.upper)
    assert tuple(by.loc[("model", 0.25)]) == pytest.approx(expected)
    p = np.average(y, weights=weight)
    assert by.loc[("treat_all", 0.25), "net_benefit"] == pytest.approx(p - (1 - p) / 3)
    assert (by.loc["treat_none"] == 0).all(axis=None)


@given(seed=st.integers(0, 1000), t=st.floats(0, 0.99))
def test_a_model_that_treats_all_equals_treat_all(seed, t):
    y, _, weight, _ = draw(30, seed)
    table = decision_curve(y, np.full(30, 0.995), [t], sample_weight=weight).set_index("strategy")
    assert table.loc["model"].tolist() == pytest.approx(table.loc["treat_all"].tolist())


@pytest.mark.parametrize("threshold", [1.0, -0.1, float("nan")])
def test_threshold_is_checked(threshold):
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\)"):
        net_benefit([0, 1], [0.2, 0.3], threshold=threshold)


def test_one_event_gives_no_limits():
    table = decision_curve([0, 1, 0], [0.2, 0.3, 0.4], [0.25])
    assert table.loc[table["strategy"] == "model", "lower"].isna().all()
