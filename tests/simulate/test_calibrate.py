"""Calibration finds what was planted, and weighs figures as it says."""

from __future__ import annotations

import pandas as pd
import pytest

from vfprog.errors import ConfigError
from vfprog.simulate.calibrate import Free, calibrate, load_free, pain_by_trial, residuals
from vfprog.simulate.config import load_simulation
from vfprog.simulate.replicate import replicate, simulated_trials


def test_every_free_parameter_exists_and_is_one_for_all_trials():
    config, free = load_simulation(), load_free()
    assert 5 < len(free) < 15
    for name, one in free.items():
        low, high = config.parameters[name].limits
        assert low <= one.prior <= high, name
        assert "calibrated" in config.parameters[name].source, name


def test_a_malformed_entry_is_named(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("pain.placebo: {prior: 1, sd: 0, reason: none given}\n")
    with pytest.raises(ConfigError, match=r"pain\.placebo|sd"):
        load_free(str(path))


def test_a_figure_counts_once_however_many_visits_it_has():
    table = pd.DataFrame({"trial": "A", "figure": ["x"] * 4 + ["y", "w"], "z": [2.0] * 4 + [3, 9],
                          "role": ["outcome"] * 5 + ["input"]})  # fmt: skip
    found = residuals(table)
    # Four visits of z 2 have the sum of squares of one figure of z 2.
    assert found @ found == pytest.approx(4 + 9)


def test_pain_by_trial_leaves_out_what_is_not_pain_after_treatment():
    names = ["pain_difference", "pain_at_entry", "pain_sd", "responders_control", "new_fracture"]
    table = pd.DataFrame({"trial": "A", "figure": names, "z": [1.0, 8, 8, 7, 8], "role": "outcome"})
    assert pain_by_trial(table)["A"] == pytest.approx(5.0)  # root of (1 + 49) / 2


@pytest.mark.slow
def test_a_planted_parameter_is_found_again():
    trials = [t for t in simulated_trials() if t.name in {"VERTOS", "VERTOS_II"}]
    config = load_simulation()
    planted = config.with_overrides({"pain.nocebo": 1.4})
    table = replicate(trials, planted, seed=3, replicates=40)
    simulated = table.set_index(["trial", "figure", "day"])["simulated"].astype(float).to_dict()
    altered = []
    for trial in trials:
        published = {
            name: block | {"at": {day: {"value": simulated[trial.name, name, day], "se": 0.1}
                                  for day in block["at"]}}
            for name, block in trial.published.items()
        }  # fmt: skip
        altered.append(trial.model_copy(update={"published": published}))
    free = {"pain.nocebo": Free(prior=0.3, sd=1, reason="planted")}
    found = calibrate(altered, config, free, seed=4, replicates=40, iterations=3)
    error = found.errors["pain.nocebo"]
    assert 0 < error < 0.3
    assert found.parameters["pain.nocebo"] == pytest.approx(1.4, abs=0.25)
    now = residuals(found.table)
    start = residuals(replicate(altered, config, seed=4, replicates=40))
    assert now @ now < 0.5 * (start @ start)
