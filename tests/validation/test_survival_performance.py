from __future__ import annotations

import numpy as np
import pytest

from tests.validation.survival_samples import draw_survival
from vfprog.validation.survival import harrell_c, ipcw_auc, uno_c
from vfprog.validation.survival_calibration import (
    survival_calibration_error,
    survival_observed_expected,
)
from vfprog.validation.survival_overall import ipcw_brier, scaled_ipcw_brier
from vfprog.validation.survival_performance import COLUMNS, survival_performance
from vfprog.validation.survival_pseudo import pseudo_calibration
from vfprog.validation.survival_utility import survival_net_benefit

SINGLE = [harrell_c, uno_c, ipcw_auc, ipcw_brier, scaled_ipcw_brier, survival_observed_expected]


def test_each_figure_is_that_of_its_function():
    time, status, risk, weight = draw_survival(120, 1)
    arrays, groups = (time, status, risk), np.arange(120) // 2
    options = {"horizon": 1.0, "sample_weight": weight, "groups": groups, "level": 0.9}
    table = survival_performance(*arrays, **options, thresholds=[0.3], n_bootstrap=10)
    expected = [figure(*arrays, **options) for figure in SINGLE]
    expected += pseudo_calibration(*arrays, **options).values()
    expected.append(survival_net_benefit(*arrays, threshold=0.3, **options))
    expected += survival_calibration_error(*arrays, **options, n_bootstrap=10).values()
    assert list(table.columns) == list(COLUMNS)
    found = table[["metric", "estimate", "lower", "upper"]].itertuples(index=False)
    assert [tuple(row) for row in found] == [
        (m.name, m.estimate, m.lower, m.upper) for m in expected
    ]
    assert (table["reason"] == "").all()


def test_counts_are_by_the_horizon():
    # weightless row left out; event at 3 and the competing one at 4 come after the horizon
    time, status = [1, 2, 1, 3, 4, 2, 1], [1, 2, 0, 1, 2, 0, 1]
    table = survival_performance(
        time, status, np.linspace(0.1, 0.7, 7), horizon=2, sample_weight=[1] * 6 + [0]
    )
    counts = table[["n", "n_events", "n_competing", "n_censored"]].drop_duplicates()
    assert counts.to_numpy().tolist() == [[6, 1, 1, 1]]


def test_the_undefined_has_a_reason():
    time, status, risk, _ = draw_survival(60, 2, competing=True)
    table = survival_performance(time, status, risk, horizon=1.0).set_index("metric")
    assert table.loc["ici":"emax", "estimate"].isna().all()
    assert table.loc["ici":"emax", "reason"].str.contains("competing events").all()
    assert table.loc["harrell_c":"calibration_slope", "estimate"].notna().all()
    beyond = survival_performance(time, status, risk, horizon=50.0)
    silent = beyond["lower"].isna() & (beyond["reason"] == "")
    assert not silent.any()
    assert beyond["estimate"].isna().sum() > 5


def test_inputs_are_checked():
    with pytest.raises(ValueError, match="level must lie"):
        survival_performance([1, 2], [1, 0], [0.2, 0.3], horizon=1, level=2)
    with pytest.raises(ValueError, match="threshold must lie"):
        survival_performance([1, 2], [1, 0], [0.2, 0.3], horizon=1, thresholds=[1.5])
