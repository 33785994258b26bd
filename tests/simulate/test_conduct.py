"""A trial as a registry: five tables, its name, and the truth of both its arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from vfprog.data.readers import read_registry
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate_trial, write
from vfprog.simulate.conduct import conduct
from vfprog.simulate.config import load_simulation
from vfprog.simulate.trial import trial_named


def test_a_trial_is_written_as_a_simulated_registry_that_names_it(tmp_path):
    folder = write(simulate_trial("VERTOS_IV", seed=1), tmp_path / "trial")
    about = yaml.safe_load((folder / "registry.yaml").read_text())
    assert (about["simulated"], about["trial"], about["n_participants"]) == (True, "VERTOS_IV", 180)
    registry, failures = read_registry(folder)
    assert {f.rule for f in failures} <= {"usual_range"}
    assert registry.episodes["treatment"].value_counts().to_dict() == {
        "vertebroplasty": 91, "sham": 89,
    }  # fmt: skip
    truth = pd.read_parquet(folder / "truth.parquet")
    assert {"risk_response", "risk_response_sham", "height_loss_vertebroplasty"} <= set(truth)


def test_the_same_seed_gives_the_same_trial():
    one, two = (simulate_trial("VAPOUR", seed=5) for _ in range(2))
    for name in (*REGISTRY, "truth"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))


def test_visits_are_those_of_the_trial():
    days = simulate_trial("VAPOUR", seed=2).visits["day"]
    # Days 3, 14 and 30 and their windows; none at a day, a week or a year.
    assert not days.between(5, 12).any()
    assert days.between(13, 15).any()
    assert not (days > 220).any()


def test_what_happens_is_the_same_whether_or_not_the_truth_is_wanted():
    found = [
        conduct(np.random.default_rng(7), trial_named("BLASCO"), load_simulation(), 3, truth=wanted)
        for wanted in (True, False)
    ]
    one, two = (done.batch.seen for done in found)
    for name in ("pain", "vas", "readings"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(one.course.fracture, two.course.fracture)
    assert (bool(found[0].batch.truth), found[1].batch.truth) == (True, {})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["VERTOS_II", "VAPOUR"])
@pytest.mark.parametrize("end", ["response", "height_loss", "new_fracture"])
def test_true_risks_hold_in_those_selected_by_pain(name, end):
    done = conduct(np.random.default_rng(2), trial_named(name), load_simulation(), 150)
    for arm in ("vertebroplasty", "sham" if name == "VAPOUR" else "conservative"):
        risk, event = done.batch.truth[f"risk_{end}_{arm}"], done.batch.truth[f"{end}_{arm}"]
        deciles = pd.qcut(risk, 10, labels=False)
        for decile in range(10):
            of = deciles == decile
            spread = np.sqrt((risk[of] * (1 - risk[of])).sum()) / of.sum()
            assert event[of].mean() == pytest.approx(risk[of].mean(), abs=4 * spread)
