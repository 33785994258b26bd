"""Endpoints only a mapping defines: by name, by default, with and without a horizon."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.data.test_mapping import read
from vfprog.data.own_endpoints import CodedOutcome, own_endpoints
from vfprog.errors import ConfigError
from vfprog.schema.endpoints import load_endpoint
from vfprog.workflows.inputs import build_cohorts, choose_endpoints

CHRONIC = {"column": "c", "event": [1], "no_event": [0], "label": "Chronic pain"}


def test_an_outcome_with_a_label_is_an_endpoint_of_its_own(tmp_path):
    registry, failures = read(tmp_path, "id,c\na,1\nb,0\n",
                              outcomes={"chronic": {**CHRONIC, "horizon_days": 90}})  # fmt: skip
    assert failures == ()
    (endpoint,) = registry.own_endpoints
    assert (endpoint.name, endpoint.kind, endpoint.horizon_days) == ("chronic", "coded", 90)
    assert endpoint.population == ()
    assert endpoint.definition.startswith("Chronic pain by 90 days, as coded by the registry")
    (chosen,) = choose_endpoints(None, registry)
    assert chosen == endpoint
    assert choose_endpoints(["chronic"], registry) == (endpoint,)
    cohorts, _ = build_cohorts(registry, [chosen], strict=True)
    assert (cohorts["chronic"].n, cohorts["chronic"].n_events) == (2, 1)
    with pytest.raises(ConfigError, match="the mapping defines chronic"):
        choose_endpoints(["chronik"], registry)


def test_an_own_endpoint_may_be_about_some_treatments_and_state_no_horizon(tmp_path):
    outcome = {**CHRONIC, "population": ["sham"]}
    registry, _ = read(tmp_path, "id,c,t\na,1,sham\nb,0,vertebroplasty\n", {"treatment": "t"},
                       outcomes={"chronic": outcome})  # fmt: skip
    (chosen,) = choose_endpoints(None, registry)
    assert chosen.horizon_days is None
    assert "horizon not stated" in chosen.definition
    cohorts, _ = build_cohorts(registry, [chosen], strict=True)
    assert cohorts["chronic"].episode_id.tolist() == ["a"]


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ({"new_fractur": {"column": "c", "event": [1], "no_event": [0]}},
         "did you mean 'new_fracture' or .*needs a label"),
        ({"new_fracture": {**CHRONIC, "horizon_days": 90}},
         "new_fracture: horizon_days: the configuration defines this"),
        ({"Chronic pain": CHRONIC}, "outcomes.Chronic pain: name"),
    ],
)  # fmt: skip
def test_an_outcome_that_is_no_endpoint_is_refused(tmp_path, outcomes, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, "id,c\na,1\n", outcomes=outcomes)


def test_a_configured_endpoint_is_called_what_the_mapping_says_it_counts(tmp_path):
    outcome = {**CHRONIC, "label": "Any fracture"}
    registry, _ = read(tmp_path, "id,c\na,1\nb,0\n", outcomes={"new_fracture": outcome})
    (chosen,) = choose_endpoints(None, registry)
    assert (chosen.name, chosen.label, chosen.kind) == ("new_fracture", "Any fracture", "coded")
    assert chosen.horizon_days == 365  # by the configuration
    assert chosen.definition.startswith("Any fracture by 365 days, as coded by the registry")
    assert choose_endpoints(["new_fracture"], registry) == (chosen,)
    assert choose_endpoints([load_endpoint("new_fracture")], registry) == (chosen,)


def test_configured_outcomes_are_no_endpoints_of_their_own():
    outcome = CodedOutcome(column="c", event=[1], no_event=[0])
    assert own_endpoints({"new_fracture": outcome, "response_vapour": outcome}) == ()
    assert own_endpoints({}) == ()


@pytest.mark.parametrize("changes", [{"horizon_days": 0}, {"label": ""}, {"no_event": ["1"]},
                                     {"population": ["surgery"]}, {"labl": "x"}])  # fmt: skip
def test_an_outcome_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValidationError):
        CodedOutcome.model_validate({**CHRONIC, **changes})
