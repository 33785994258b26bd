"""Potential outcomes: one chance for all worlds, and the world received is the one that is seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.simulate.test_truth import OUTCOMES
from vfprog.simulate import simulate

ENDS = ("response", "height_loss", "new_fracture")
COMPLETE = {"dropout": 0, "missingness": 0}


@pytest.fixture(scope="module")
def mixed():
    return simulate(3000, seed=8, overrides=COMPLETE | {"accrual.second_episode": 0})


@pytest.mark.parametrize("arm", ["vertebroplasty", "conservative"])
def test_risk_received_is_that_of_the_treatment_received(mixed, arm):
    got = mixed.truth[(mixed.episodes["treatment"] == arm).to_numpy()]
    assert len(got) > 500
    for end in ENDS:
        np.testing.assert_array_equal(got[f"risk_{end}"], got[f"risk_{end}_{arm}"])


@pytest.mark.parametrize("end", ENDS)
def test_what_the_tables_show_is_the_potential_outcome_of_the_treatment_received(mixed, end):
    observed = OUTCOMES[end](mixed).to_numpy()
    treated = (mixed.episodes["treatment"] == "vertebroplasty").to_numpy()
    both = [mixed.truth[f"{end}_{arm}"].to_numpy() for arm in ("vertebroplasty", "conservative")]
    assert (both[0] != both[1]).any() or end == "new_fracture"
    np.testing.assert_array_equal(observed, np.where(treated, *both))


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_the_same_patients_treated_otherwise_live_the_other_world(mixed, fraction):
    changed = COMPLETE | {"accrual.second_episode": 0, "treated_fraction": fraction}
    other = simulate(3000, seed=8, overrides=changed)
    arm = "vertebroplasty" if fraction else "conservative"
    truth = [column for column in mixed.truth if column.endswith(arm)]
    pd.testing.assert_frame_equal(mixed.truth[truth], other.truth[truth])
    for end in ENDS:
        np.testing.assert_array_equal(OUTCOMES[end](other), mixed.truth[f"{end}_{arm}"])
    before = [c for c in mixed.episodes if c != "treatment"]
    pd.testing.assert_frame_equal(mixed.episodes[before], other.episodes[before])
    # Who has the same treatment in both has the same follow-up, to the last reading.
    same = mixed.episodes.loc[(mixed.episodes["treatment"] == arm).to_numpy(), "episode_id"]
    for name in ("heights", "events"):
        here, there = (getattr(r, name) for r in (mixed, other))
        here, there = (t[t["episode_id"].isin(same)].reset_index(drop=True) for t in (here, there))
        pd.testing.assert_frame_equal(here, there)


def test_without_any_effect_the_worlds_are_the_same():
    none = {"benefit": 0, "pain.placebo": 0, "pain.nocebo": 0, "height.untreated": 0,
            "height.cement_shortfall": 0, "height.cleft_shortfall": 0, "fracture.disc_leak": 0,
            "fracture.vertebroplasty": 0}  # fmt: skip
    truth = simulate(800, seed=3, overrides=none).truth
    for end in ENDS:
        np.testing.assert_allclose(truth[f"risk_{end}_vertebroplasty"],
                                   truth[f"risk_{end}_conservative"], rtol=1e-12)  # fmt: skip
    for end in ("response", "new_fracture"):  # height is counted from another film if untreated
        assert (truth[f"{end}_vertebroplasty"] == truth[f"{end}_conservative"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["vertebroplasty", "conservative"])
@pytest.mark.parametrize("end", ENDS)
def test_the_risk_under_each_treatment_is_how_often_it_comes_true_in_everybody(end, arm):
    truth = simulate(60_000, seed=17).truth
    risk, event = truth[f"risk_{end}_{arm}"], truth[f"{end}_{arm}"]
    for decile in range(10):
        group = pd.qcut(risk, 10, labels=False, duplicates="drop") == decile
        spread = np.sqrt((risk[group] * (1 - risk[group])).sum()) / group.sum()
        assert event[group].mean() == pytest.approx(risk[group].mean(), abs=4 * spread)


def test_by_lot_nobody_is_preferred():
    registry = simulate(20_000, seed=9, overrides={"randomise": 1, "treated_fraction": 0.5})
    episodes = registry.episodes
    treated = episodes["treatment"] == "vertebroplasty"
    assert treated.mean() == pytest.approx(0.5, abs=0.015)
    for column in ("vas_baseline", "age_years", "inpatient", "bed_rest", "t_score"):
        value = episodes[column].astype(float)
        groups = value.groupby(treated)
        z = (groups.mean()[True] - groups.mean()[False]) / np.sqrt(
            (groups.var() / groups.size()).sum()
        )
        assert abs(z) < 3.5, column
