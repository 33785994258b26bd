from __future__ import annotations

import pandas as pd
import pytest

from vfprog.reports.evidence import Evidence
from vfprog.reports.grid import NONE
from vfprog.reports.participants import (
    characteristics_grid,
    derived_grid,
    flow_grid,
    predictor_grid,
    sample_size_grid,
)


def test_what_a_bundle_does_not_keep_is_no_table(bare):
    assert flow_grid(bare, "response") is None
    assert characteristics_grid(bare, "response") is None
    assert sample_size_grid(bare) is None


def line(predictor, statistic, overall, event, level="", missing=0.0):
    return {"predictor": predictor, "label": predictor.title(), "level": level,
            "statistic": statistic, "overall": overall, "event": event, "no_event": None,
            "not_observed": None, "missing_percent": missing}  # fmt: skip


def test_numbers_have_quartiles_and_levels_have_shares(bare):
    evidence = Evidence(bare.bundle)
    of_age = {"mean": 74.83, "median": 75.0, "q1": 68.94, "q3": 81.2, "sd": 9.011}
    rows = [line("age_years", name, value, value, missing=6.25) for name, value in of_age.items()]
    rows += [line("smoker", "n", 1200, 3, "yes"), line("smoker", "percent", 12.34, 50.0, "yes")]
    rows += [line("sex", "n", 9, 8, "female"), line("sex", "percent", 90.0, 80.0, "female")]
    rows += [line("sva_mm", "n", 0.0, 0.0, missing=100.0)]
    evidence.frames["characteristics_response"] = pd.DataFrame(rows)
    grid = characteristics_grid(evidence, "response")
    age = "75 [68.9, 81.2], 74.8 (9.01)"
    assert grid.rows == (
        ("Age_Years (years)", age, age, NONE, NONE, "6.2 %"),
        ("Smoker", "1,200 (12.3 %)", "3 (50.0 %)", NONE, NONE, "0 %"),
        ("Sex: female", "9 (90.0 %)", "8 (80.0 %)", NONE, NONE, "0 %"),
        ("Sva_Mm (mm)", "not recorded", "", "", "", "100 %"),
    )
    assert grid.notes[0].startswith("Unweighted.")


def test_predictors_say_when_they_are_known_and_how_often_missing(bare):
    rows = {row[0]: row for row in predictor_grid(bare).rows}
    assert rows["Takes opioids"][2:6] == ("before", "Pain and function", "10.0 %", "yes")
    assert rows["Cement volume (ml)"][2] == "at the procedure"
    assert rows["Current smoker"][4:6] == ("never recorded", "no")
    assert rows["Age (years)"][1] == "continuous, 18 to 110"
    assert len(rows) == len(bare.bundle.dictionary.usable_at("postprocedure"))


def test_derived_features_say_how_they_are_computed(bare):
    rows = {row[0]: row[1:] for row in derived_grid(bare).rows}
    assert rows["PI-LL mismatch"] == (
        "PI - LL in degrees", "Pelvic incidence (PI), Lumbar lordosis (LL)",
    )  # fmt: skip
    assert set(rows) == {
        "Fracture age (log scale)", "PI-LL mismatch", "Cement volume (total)",
    }  # fmt: skip


@pytest.mark.slow
def test_flow_and_sample_size_are_those_of_the_training(training, trained):
    flow = training.tables["flow_response"]
    grid = flow_grid(trained, "response")
    assert [row[1] for row in grid.rows] == [f"{n:,}" for n in flow["n"]]
    grid = sample_size_grid(trained)
    assert len(grid.rows) == 3 * len(trained.models)
    table = training.tables["sample_size"]
    first = table.iloc[0]
    met = "met" if first["met"] else "not met"
    assert grid.rows[0][6] == f"{first['needed']:,.0f}, {met}"
    assert grid.rows[0][5] == f"{first['events_per_parameter']:.1f}"
    assert "Participants needed for: Shrinkage, expected shrinkage" in grid.notes[0]
