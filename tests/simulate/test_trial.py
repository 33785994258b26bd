"""What a trial's file may say to the simulator."""

from __future__ import annotations

import math

import pytest

from vfprog.config import config_root
from vfprog.errors import ConfigError
from vfprog.schema.trials import load_trials
from vfprog.simulate.config import load_simulation
from vfprog.simulate.figures import KINDS
from vfprog.simulate.trial import Estimate, blocks_of, trial_named

RUN = {"arms": [{"treatment": "vertebroplasty", "n": 5}, {"treatment": "sham", "n": 4}],
       "visits": [30], "sham": "needle to the bone"}  # fmt: skip


def with_run(**changes):
    return trial_named("KALLMES").model_copy(update={"simulation": RUN | changes, "published": {}})


def test_every_trial_can_be_simulated_as_large_as_it_was():
    for trial in load_trials():
        run, published = blocks_of(trial)
        sizes = {arm.treatment: arm.n for arm in run.arms}
        control = "sham" if trial.design.type == "sham" else "conservative"
        wanted = {"vertebroplasty": trial.design.n_vertebroplasty, control: trial.design.n_control}
        assert sizes == wanted, trial.name
        assert trial.design.centres in (None, run.centres), trial.name
        run.settings(load_simulation())
        assert any(figure.role == "outcome" for figure in published), trial.name
        for figure in published:
            assert figure.kind in KINDS, (trial.name, figure.name)
            for day in figure.at:
                # A baseline stands on day 0; pain needs a visit, or a film, on its day.
                assert day in (0, 365, *run.visits), (trial.name, figure.name)


@pytest.mark.parametrize(
    "name", ["pain.placebo", "benefit", "fracture.log_rate", "episode.vas_mean", "trial.dropout"]
)
def test_no_parameter_is_fitted_per_trial(name):
    trial = with_run(population={name: {"value": 1, "source": "assumption"}})
    with pytest.raises(ConfigError, match=rf"KALLMES: .*{name} is one for all trials"):
        blocks_of(trial)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sham": None}, "sham: say what it was"),
        ({"arms": [{"treatment": "sham", "n": 4}] * 2}, "no treatment twice"),
        ({"visits": []}, "visits"),
        ({"blinding": True}, "blinding"),
        ({"population": {"person.male": {"value": 0.3}}}, "source"),
    ],
)
def test_a_faulty_block_is_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        blocks_of(with_run(**changes))


def test_an_unknown_trial_is_named_with_those_there_are():
    with pytest.raises(ConfigError, match=r"no trial is called VERTOS_V; there are BLASCO,"):
        trial_named("VERTOS_V")


def test_a_trial_may_be_a_file_of_ones_own_under_any_name(tmp_path):
    mine = tmp_path / "mine.yaml"
    text = (config_root() / "trials" / "VERTOS.yaml").read_text(encoding="utf-8")
    mine.write_text(text.replace("n: 18", "n: 7"), encoding="utf-8")
    assert blocks_of(trial_named(str(mine)))[0].arms[0].n == 7
    mine.write_text("name: VERTOS\nlabel: [\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml: line 3: "):
        trial_named(str(mine))
    with pytest.raises(ConfigError, match=r"none\.yaml' does not exist"):
        trial_named(str(tmp_path / "none.yaml"))


def test_a_population_replaces_what_the_one_set_says():
    trial = with_run(population={"person.male": {"value": 0.3, "source": "assumption"}})
    settings = blocks_of(trial)[0].settings(load_simulation())
    assert settings["person.male"] == 0.3
    assert settings["episode.vas_least"] == 0
    shared = load_simulation()
    assert settings["dropout"] == shared["dropout"] * shared["trial.dropout"]


def test_standard_errors_by_hand():
    # 7 of 90: root of .0778 x .9222 / 90
    assert Estimate(count=(7, 90)).on("linear") == pytest.approx((7 / 90, 0.02823), abs=1e-5)
    assert Estimate(value=7.8, sd=1.5, n=100).on("linear") == pytest.approx((7.8, 0.15))
    # The interval is 1.48 wide, 3.92 standard errors.
    assert Estimate(value=0.41, ci95=(-0.33, 1.15)).on("linear")[1] == pytest.approx(
        0.3776, abs=1e-4
    )
    value, se = Estimate(value=1.8, ci95=(0.82, 3.94)).on("log")
    assert (value, se) == pytest.approx(
        (math.log(1.8), (math.log(3.94) - math.log(0.82)) / 3.92), rel=1e-4
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"value": 1}, "give one of"),
        ({"value": 1, "se": 1, "ci95": (0, 2)}, "give one of"),
        ({"count": (0, 9)}, "no standard error"),
        ({"value": 1, "sd": 2}, "go together"),
        ({"value": 1, "count": (1, 2)}, "a value or a count"),
    ],
)
def test_an_estimate_has_exactly_one_source_of_its_error(content, message):
    with pytest.raises(ValueError, match=message):
        Estimate.model_validate(content)
