from __future__ import annotations

import math

import pytest

from vfprog.config import load_config
from vfprog.errors import ConfigError
from vfprog.simulate import SimulationConfig, load_simulation, simulate, simulate_trial


def test_every_entry_of_the_file_has_value_source_and_reason():
    entries = {}
    for key, block in load_config("simulation").items():
        nested = {key: block} if "value" in block else {f"{key}.{k}": v for k, v in block.items()}
        entries |= nested
    assert entries.keys() == load_simulation().parameters.keys()
    for name, entry in entries.items():
        assert {"value", "source", "reason"} <= entry.keys(), name
        cites = any(c.isdigit() for c in entry["source"]) or "evidence" in entry["source"]
        words = ("assumption", "calibrated", "trial", "Dong", "norspine", "registry")
        assert cites or any(word in entry["source"] for word in words), name
        assert entry["reason"].endswith("."), name


def test_every_parameter_is_used(monkeypatch):
    used = set()
    plain = SimulationConfig.__getitem__

    def record(self, name):
        used.add(name)
        return plain(self, name)

    config = load_simulation()
    monkeypatch.setattr(SimulationConfig, "__getitem__", record)
    simulate(400, seed=1, config=config)
    simulate_trial("VERTOS", seed=1, config=config)
    assert set(config.parameters) - used == set()


def test_unknown_override_lists_names_near_it():
    with pytest.raises(ConfigError, match=r"'dropuot'.*did you mean dropout"):
        simulate(10, seed=1, overrides={"dropuot": 0})
    with pytest.raises(ConfigError, match=r"did you mean pain\.placebo"):
        load_simulation().with_overrides({"placebo": 0.5})
    with pytest.raises(ConfigError, match=r"see configs/simulation\.yaml"):
        load_simulation().with_overrides({"qqqqqq": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("treated_fraction", 1.5),
        ("dropout", -0.1),
        ("site_sd", math.nan),
        ("site_sd", math.inf),
        ("missingness", "none"),
        ("dropout", True),
        ("episode.age_log_sd", -1),
    ],
)
def test_a_senseless_override_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
        load_simulation().with_overrides({name: value})


def test_an_assessment_cannot_end_before_it_begins():
    with pytest.raises(ConfigError, match=r"schedule\.d30_first lies after schedule\.d30_last"):
        load_simulation().with_overrides({"schedule.d30_first": 50})


def test_an_entry_without_source_is_refused(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("dropout: {value: 1, reason: none given}\n")
    with pytest.raises(ConfigError, match="source"):
        load_simulation(path)
    path.write_text("dropout: 1\n")
    with pytest.raises(ConfigError, match="needs value, source and reason"):
        load_simulation(path)


def test_overrides_change_the_digest_and_leave_the_original():
    config = load_simulation()
    changed = config.with_overrides({"dropout": 0})
    assert (config["dropout"], changed["dropout"]) == (1, 0)
    assert changed.parameters["dropout"].source == "override"
    assert changed.digest() != config.digest()
    assert config.with_overrides({"dropout": 1}).digest() == config.digest()


def test_a_section_is_a_mapping_of_the_rest_of_its_names():
    sites = load_simulation().section("sites")
    assert dict(sites) == {"count": 10, "size_decay": 0.8, "halves_share": 0.4}
    assert len(sites) == 3
