from dataclasses import replace

import pandas as pd
import pytest

from tests.bundles import hand_bundle
from tests.cohorts import registry_tables, write_registry
from tests.data.registries import fracture, make_registry, pain
from vfprog.errors import ConfigError, InputError, TrainingError
from vfprog.schema.dictionary import Dictionary
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.bundle import load_bundle
from vfprog.workflows.inputs import (
    as_recorded,
    build_cohorts,
    choose_endpoints,
    has_procedure_values,
    open_for,
    open_registry,
)

VISIT = [("a", 30, 2)]


def coded(*names):
    return pd.DataFrame({"episode_id": "a", "endpoint": list(names), "event": 1.0})


def changed(dictionary, name, **changes):
    predictors = [
        p.model_copy(update=changes) if p.name == name else p for p in dictionary.predictors
    ]
    return Dictionary(version="1", concepts=dictionary.concepts, predictors=predictors)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"visits": VISIT}, ["response"]),
        ({"heights": [("a", "L1", 365, 30)]}, ["height_loss"]),
        ({"events": [("a", 9, "death")]}, ["new_fracture"]),
        ({"visits": VISIT, "events": [("a", 9, "death")]}, ["response", "new_fracture"]),
        ({"visits": VISIT, "outcomes": coded("new_fracture")}, ["new_fracture"]),
    ],
)
def test_the_default_endpoints_are_those_with_data(given, expected):
    chosen = choose_endpoints(None, make_registry("a", **given))
    assert [endpoint.name for endpoint in chosen] == expected


def test_a_registry_without_any_outcome_is_refused():
    with pytest.raises(ConfigError, match="holds no outcome: no visits, films, events"):
        choose_endpoints(None, make_registry("a"))


def test_endpoints_come_by_name_path_or_as_they_are(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nlabel: Mine\nkind: event\nhorizon_days: 90\n", encoding="utf-8")
    chosen = choose_endpoints(["response", path, fracture()], make_registry("a"))
    assert [endpoint.name for endpoint in chosen] == ["response", "mine", "new_fracture"]
    with pytest.raises(ConfigError, match="asked for twice: response"):
        choose_endpoints(["response", pain()], make_registry("a"))


def test_an_endpoint_says_what_the_registry_holds():
    response = load_endpoint("response")
    plain = make_registry("a", visits=VISIT)
    assert as_recorded(response, plain) == response
    everyone = as_recorded(response, replace(plain, all_episodes=True))
    assert (everyone.population, everyone.kind) == ((), "pain")
    own = as_recorded(response, make_registry("a", outcomes=coded("response")))
    assert (own.kind, own.rule, own.population) == ("coded", None, ("vertebroplasty",))
    assert own.weight_covariates == response.weight_covariates
    other = as_recorded(response, make_registry("a", outcomes=coded("new_fracture")))
    assert other.kind == "pain"


def test_an_endpoint_without_a_cohort_is_raised_or_named():
    registry = make_registry("ab", treatment="sham", visits=VISIT)
    with pytest.raises(TrainingError, match="response: no episode is eligible"):
        build_cohorts(registry, [pain(population=("vertebroplasty",))], strict=True)
    endpoints = [pain(population=("vertebroplasty",)), fracture(population=("sham",))]
    cohorts, refused = build_cohorts(registry, endpoints, strict=False)
    assert list(cohorts) == ["new_fracture"]
    assert "2 excluded: treatment is not vertebroplasty" in refused["response"]


def test_procedure_values():
    registry = make_registry("ab")
    assert not has_procedure_values(registry)
    registry.vertebrae["cement_volume_ml"] = [float("nan"), float("nan")]
    assert not has_procedure_values(registry)
    registry.vertebrae.loc[1, "cement_volume_ml"] = 4.0
    assert has_procedure_values(registry)


def test_a_registry_with_errors_is_refused_with_all_of_them(tmp_path):
    tables = registry_tables(30)
    tables["episodes"]["vas_baseline"] = tables["episodes"]["vas_baseline"].astype(object)
    tables["episodes"].loc[3, "vas_baseline"] = 73
    tables["episodes"].loc[5, "age_years"] = 7
    tables["visits"].loc[tables["visits"].index[2], "vas"] = -1
    folder = write_registry(tmp_path / "wrong", tables)
    with pytest.raises(InputError) as caught:
        open_registry(folder)
    found = {(f.table, f.row, f.column, f.rule) for f in caught.value.failures}
    assert len(found) == 3
    assert {("episodes", "e3", "vas_baseline", "hard_range"),
            ("episodes", "e5", "age_years", "hard_range")} <= found  # fmt: skip
    assert {f.table for f in caught.value.failures} == {"episodes", "visits"}


def test_warnings_pass_and_a_read_registry_is_taken_as_it_is(tmp_path):
    tables = registry_tables(30)
    tables["episodes"].loc[5, "age_years"] = 40
    tables["visits"].loc[7, "day"] = -3
    folder = write_registry(tmp_path / "warned", tables)
    opened = open_registry(folder)
    assert [(f.column, f.rule) for f in opened.warnings] == [("day", "before_index")]
    awaiting = open_registry(folder, scoring=True)
    assert {f.rule for f in awaiting.warnings} == {"before_index", "usual_range"}
    again = open_registry(opened.registry)
    assert again.registry is opened.registry
    assert again.warnings == ()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sex", {"levels": ("male", "female")}),
        ("level", {"levels": ("L5", "L4", "L3")}),
        ("sva_mm", {"unit": "cm"}),
        ("inpatient", {"kind": "nominal", "levels": ("no", "yes")}),
    ],
)
def test_a_predictor_coded_otherwise_than_in_the_bundle_is_refused(tmp_path, name, change):
    bundle = load_bundle(hand_bundle(tmp_path / "bundle"))
    registry = make_registry("ab", visits=VISIT)
    assert open_for(bundle, registry).registry is registry
    other = replace(registry, dictionary=changed(registry.dictionary, name, **change))
    with pytest.raises(InputError, match="the bundle was trained on") as caught:
        open_for(bundle, other)
    assert [(f.column, f.rule) for f in caught.value.failures] == [(name, "code_mismatch")]


def test_what_does_not_change_the_code_is_no_clash(tmp_path):
    bundle = load_bundle(hand_bundle(tmp_path / "bundle"))
    registry = make_registry("ab", visits=VISIT)
    other = changed(registry.dictionary, "age_years", usual_range=(60, 90), label="Years")
    assert open_for(bundle, replace(registry, dictionary=other)).warnings == ()
