"""The learning gap, small: the full study is ``pipelines/learning_gap.py``."""

from __future__ import annotations

import pandas as pd
import pytest

from vfprog.workflows.learning_gap import GapPlan, learning_gap, summarise


def test_the_summary_is_the_median_gap_to_the_reference() -> None:
    figures = {"n": 10, "events": 5, "event_share": 0.5, "c_truth": 0.8, "slope": 1.0, "citl": 0.0,
               "slope_half": 1.0, "citl_half": 0.0}  # fmt: skip
    table = pd.DataFrame(
        [
            {"endpoint": "e", "prediction_time": "t", "seed": seed, "c": c, "c_half": h, **figures}
            for seed, c, h in ((0, 0.75, 0.66), (1, 0.70, 0.60), (2, 0.74, 0.65), (3, 0.73, 0.59))
        ]
    )
    row = summarise(table).iloc[0]
    assert row["c"] == pytest.approx(0.73)
    assert row["gap"] == pytest.approx(0.02)
    assert row["gap_half"] == pytest.approx(0.06)


@pytest.mark.slow
def test_small_registries_come_close_and_stay_calibrated() -> None:
    plan = GapPlan(
        n_train=2_500, n_reference=15_000, n_test=12_000, seeds=(1, 2, 3),
        times=("postprocedure",), n_jobs=1,
    )  # fmt: skip
    found = summarise(learning_gap(plan)).set_index("endpoint")
    assert found.loc["response", "gap"] <= 0.03
    assert found.loc["new_fracture", "gap"] <= 0.05
    assert found.loc["height_loss", "gap"] <= 0.06
    assert (found["c"] < found["c_truth"]).all()
    # Limits wider than those of the full study: 130 events of height loss, three seeds.
    assert found["slope"].between(0.75, 1.35).all()
    assert found["slope_half"].between(0.7, 1.4).all()
    assert found["citl_half"].abs().max() <= 0.3
