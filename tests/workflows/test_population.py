from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.bundles import hand_bundle, hand_parts
from tests.cohorts import make_cohort
from vfprog.data.cohort import characteristics
from vfprog.data.registry import Registry
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.workflows.evidence import as_columns
from vfprog.workflows.population import population_table, reference_warnings


def registry(**columns) -> Registry:
    episodes = pd.DataFrame({"episode_id": [f"e{i}" for i in range(100)], **columns})
    nothing = pd.DataFrame({"episode_id": []})
    return Registry(episodes, nothing, nothing, nothing, nothing, load_dictionary(), "x", "0")


@pytest.fixture
def bundle(tmp_path):
    """A bundle that knows the ages it was made from: 60 to 90."""
    ages = {"n": 300, "missing": 0.0, "shares": [],
            "quantiles": [[0.01, 60.0], [0.5, 75.0], [0.99, 90.0]]}  # fmt: skip
    parts = hand_parts()
    kept = {"age_years": ages, "sva_mm": {**ages, "quantiles": [[0.01, 0.0], [0.99, 1.0]]}}
    table = as_columns(characteristics(make_cohort(300, seed=4)))
    parts = replace(parts, reference=kept, tables={"characteristics_response": table})
    return load_bundle(write_bundle(parts, tmp_path / "b"))


def test_what_the_models_use_is_marked_and_the_other_side_is_kept(bundle):
    cohort = make_cohort(200, seed=5)
    table = population_table(bundle, "response", cohort)
    used = table.groupby("predictor")["used"].first()
    assert used["age_years"]
    assert not used["sva_mm"]
    mean = table.set_index(["predictor", "statistic"]).loc[("age_years", "mean")]
    assert mean["here"] == pytest.approx(np.nanmean(cohort.arrays.episodes["age_years"]))
    assert set(table["endpoint"]) == {"response"}


def test_a_bundle_that_keeps_no_characteristics_says_so(tmp_path):
    bundle = load_bundle(hand_bundle(tmp_path / "b"))
    table = population_table(bundle, "response", make_cohort(50))
    assert table[table["statistic"] != "missing_percent"]["development"].isna().all()
    assert set(table["reason"]) == {"the bundle keeps no characteristics of its development"}


def test_a_fifth_of_the_values_may_lie_outside(bundle):
    ages = np.full(100, 75.0)
    ages[:20] = 95
    assert reference_warnings(bundle, registry(age_years=ages)) == []
    ages[20] = 50
    (failure,) = reference_warnings(bundle, registry(age_years=ages))
    assert (failure.column, failure.rule, failure.value) == ("age_years", "reference_range", 0.21)
    assert failure.severity == "warning"
    assert "21% of its values outside the 1% to 99% quantiles 60 to 90" in failure.message


def test_a_shift_is_said_once_and_of_predictors_in_use_only(bundle):
    wrong = registry(age_years=np.full(100, 30.0), sva_mm=np.full(100, 9.0))
    (failure,) = reference_warnings(bundle, wrong)
    assert (failure.column, failure.rule) == ("age_years", "reference_shift")
    few = registry(age_years=np.r_[np.full(29, 30.0), np.full(71, np.nan)])
    assert reference_warnings(bundle, few) == []
