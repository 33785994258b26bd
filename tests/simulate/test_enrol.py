"""Who enters a simulated trial, and by what lot."""

from __future__ import annotations

import numpy as np
import pytest

from vfprog.errors import ConfigError
from vfprog.features.arrays import EpisodeArrays
from vfprog.features.eligibility import eligibility
from vfprog.schema.dictionary import load_dictionary
from vfprog.simulate.conduct import conduct
from vfprog.simulate.config import load_simulation
from vfprog.simulate.enrol import _first, enrol
from vfprog.simulate.people import draw_sites
from vfprog.simulate.procedure import ARMS
from vfprog.simulate.replicate import simulated_trials
from vfprog.simulate.trial import blocks_of, trial_named

NAMES = [trial.name for trial in simulated_trials()]


def enrolled(name, replicates=3, seed=4):
    trial = trial_named(name)
    run, _ = blocks_of(trial)
    config = run.settings(load_simulation())
    rng, site_rng = np.random.default_rng(seed).spawn(2)
    sites = draw_sites(site_rng, config, replicates)
    return enrol(rng, trial, run, config, sites, replicates), trial, run


@pytest.mark.parametrize("name", NAMES)
def test_all_who_enter_meet_the_criteria_and_the_arms_are_as_large_as_planned(name):
    found, trial, run = enrolled(name)
    patients = found.patients
    age = patients.episodes["fracture_age_days"] - run.run_in_days
    arrays = EpisodeArrays(
        patients.n,
        patients.episodes | {"fracture_age_days": np.maximum(age, 1)},
        patients.vertebrae,
        patients.owner,
    )
    assert (eligibility(trial, arrays, load_dictionary()).eligible == 1).all()
    for replicate in range(3):
        arm = found.arm[found.replicate == replicate]
        numbers = {ARMS[a]: int(n) for a, n in enumerate(np.bincount(arm)) if n}
        assert numbers == {a.treatment: a.n for a in run.arms}
    centre = patients.episodes["site"].astype(int)
    assert (centre // run.centres == found.replicate).all()


def test_lots_do_not_look_at_the_patient():
    found, _, _ = enrolled("VERTOS_IV", replicates=60)
    treated = found.arm == ARMS.index("vertebroplasty")
    for name in ("vas_baseline", "age_years", "t_score", "fracture_age_days", "true_pain"):
        value = found.patients.episodes[name]
        a, b = value[treated], value[~treated]
        z = (a.mean() - b.mean()) / np.sqrt(a.var() / len(a) + b.var() / len(b))
        assert abs(z) < 3.5, name


def test_pain_at_entry_regresses_where_it_was_selected():
    """Above a threshold the reading is too high: the lasting pain is lower on average."""
    found, _, _ = enrolled("VAPOUR", replicates=20)
    x = found.patients.episodes
    assert x["vas_baseline"].min() >= 7
    assert x["true_pain"].mean() < x["true_pain_felt"].mean() - 0.1
    # What is expected of the lasting pain given the reading is right on average, selected or not.
    gap = x["true_pain"] - x["true_pain_expected"]
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(len(gap))


def test_after_a_run_in_two_readings_tell_the_lasting_pain():
    found, _, run = enrolled("VERTOS_II", replicates=30)
    assert run.run_in_days == 21
    x = found.patients.episodes
    gap = (x["true_pain"] - x["true_pain_expected"]) / np.sqrt(x["true_pain_variance"])
    assert abs(gap.mean()) < 4 / np.sqrt(len(gap))
    assert gap.std() == pytest.approx(1, abs=0.05)
    assert 0 < x["true_healed"].mean() < 0.3
    assert (found.improved < found.screened).all()


def test_the_first_eligible_of_each_replicate_enter():
    eligible = np.array([True, False, True, True, True, True, False])
    replicate = np.array([0, 0, 0, 0, 2, 2, 2])
    np.testing.assert_array_equal(_first(eligible, replicate, np.array([2, 0, 5])), [0, 2, 4, 5])


def test_criteria_nobody_meets_are_an_error():
    trial = trial_named("VERTOS")
    run, _ = blocks_of(trial)
    old = run.settings(load_simulation()).with_overrides({"episode.age_median": 1})
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="VERTOS: hardly any candidate meets"):
        enrol(rng, trial, run, old.with_overrides({"episode.age_log_sd": 0.01}),
              draw_sites(rng, old), 1)  # fmt: skip


def test_replicates_are_as_good_as_separate_trials():
    rng = np.random.default_rng(3)
    done = conduct(rng, trial_named("VERTOS"), load_simulation(), 4, truth=False)
    assert np.bincount(done.enrolled.replicate).tolist() == [34] * 4
    effects = done.sites.effects["pain"]
    assert len(set(effects.tolist())) == len(effects) == 12
