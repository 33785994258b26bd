from __future__ import annotations

import json

import numpy as np
import pytest

from tests.cohorts import make_cohort
from vfprog.schema.subgroups import Subgroups, load_subgroups
from vfprog.scoring.bundle import load_bundle
from vfprog.validation.performance import performance
from vfprog.workflows.subgroups import AT_THE_BEDSIDE, bedside_part, subgroup_figures


@pytest.fixture(scope="module")
def judged():
    cohort = make_cohort(500, unseen=0.1, missing=0.05)
    weight = np.where(cohort.outcome.observed, 1.2, 0.0)
    risk = np.random.default_rng(0).uniform(0.05, 0.95, (2, 500))
    return cohort, weight, risk, subgroup_figures(cohort, weight, risk, load_subgroups())


def test_groupings_follow_the_configuration_and_those_nobody_has_are_passed_over(judged):
    table = judged[-1]
    # The cohort knows no sex and no age of the fracture.
    assert list(dict.fromkeys(table["grouping"])) == [
        "age_band",
        "inpatient",
        "prevalent_fractures",
    ]
    ages = table[table["grouping"] == "age_band"]
    bands = ["<65 years", "65 to <75 years", "75 to <85 years", "85 or more years", "not recorded"]
    assert list(dict.fromkeys(ages["group"])) == bands
    assert set(ages["label"]) == {"Age"}


def test_a_group_is_judged_on_its_episodes(judged):
    cohort, weight, risk, table = judged
    inside = (cohort.arrays.episodes["inpatient"] == 1) & (weight > 0)
    expected = performance(
        cohort.outcome.event[inside].astype(float), risk[:, inside], sample_weight=weight[inside],
        groups=cohort.patient_id[inside], n_bootstrap=100,
    )  # fmt: skip
    found = table[(table["grouping"] == "inpatient") & (table["group"] == "yes")]
    assert found["estimate"].to_numpy() == pytest.approx(expected["estimate"].to_numpy())
    assert (found["n"] == inside.sum()).all()


def test_without_groupings_the_table_is_empty(judged):
    cohort, weight, risk, table = judged
    none = Subgroups(fewest={"participants": 50, "events": 10}, subgroups=())
    empty = subgroup_figures(cohort, weight, risk, none)
    assert empty.empty
    assert list(empty.columns) == list(table.columns)


@pytest.mark.slow
def test_the_bundle_tells_the_bedside_and_the_report(training):
    table = training.tables["subgroups"]
    kept = load_bundle(training.bundle).manifest["subgroups"]
    assert Subgroups.model_validate(kept["rules"]) == load_subgroups()
    assert kept == json.loads(json.dumps(bedside_part(table), allow_nan=False))
    rows = kept["performance"]
    assert {row["metric"] for row in rows} == set(AT_THE_BEDSIDE)
    assert {row["model"] for row in rows} == set(training.fitted)
    given = next(row for row in rows if row["estimate"] is not None)
    assert set(given) == {"model", "grouping", "label", "group", "metric", "estimate", "lower",
                          "upper", "n", "n_events", "reason"}  # fmt: skip
    assert isinstance(given["n"], int)
    hidden = [row for row in rows if row["reason"].startswith("not given")]
    assert hidden
    assert all(row["n"] is None and row["estimate"] is None for row in hidden)
