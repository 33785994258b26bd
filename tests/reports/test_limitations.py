from __future__ import annotations

import copy
from dataclasses import replace
from math import inf

import pandas as pd
import pytest

from vfprog.reports.evidence import Evidence
from vfprog.reports.limitations import _slope_means, limitations


def texts(evidence):
    return [found.text for found in limitations(evidence)]


def changed(evidence, **provenance):
    manifest = copy.deepcopy(evidence.bundle.manifest)
    manifest["provenance"] |= provenance
    return Evidence(replace(evidence.bundle, manifest=manifest))


def test_simulated_data_come_first_and_validation_elsewhere_is_asked_for(bare):
    said = texts(bare)
    assert said[0] == "The data are simulated."
    assert "No other registry is part of this run." in said


def test_few_sites_few_refits_refusals_and_notes_are_held_against_a_run(bare):
    said = texts(changed(bare, n_sites=1, resamples=40, refused={"x": "why"}, notes=["beware"]))
    assert said[1:] == [
        "1 site.", "No other registry is part of this run.", "40 bootstrap refits.",
        "x was refused: why", "beware",
    ]  # fmt: skip
    fine = texts(changed(bare, n_sites=5, resamples=200))
    assert fine == ["The data are simulated.", "No other registry is part of this run."]


def test_predictors_often_missing_are_named(bare, monkeypatch):
    kept = {"t_score": {"n": 100, "missing": 0.41}, "bmi_kg_m2": {"n": 100, "missing": 0.4},
            "smoker": {"n": 100, "missing": 0.9}}  # fmt: skip
    monkeypatch.setitem(bare.bundle.manifest, "reference", kept)
    assert "Often missing: Lowest T-score (41 %)." in texts(bare)  # smoking is in no model


def row(metric, estimate, n=1000, n_events=300):
    return {"model": "response_preprocedure", "learner": "model", "metric": metric, "n": n,
            "estimate": estimate, "lower": None, "upper": None, "n_events": n_events}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("c_statistic", 0.7, n_events=99)], "99 of the rarer outcome."),
        ([row("c_statistic", 0.7, n_events=950)], "50 of the rarer outcome."),
        ([row("c_statistic", 0.7, n_events=100)], None),
        ([row("calibration_slope", 0.79)], "calibration slope 0.79."),
        ([row("calibration_slope", 1.19)], None),
        ([row("calibration_slope", None)], None),
    ],
)
def test_few_events_and_slopes_far_from_1_are_told(bare, monkeypatch, rows, expected):
    monkeypatch.setitem(bare.bundle.manifest, "performance", rows)
    said = [text for text in texts(Evidence(bare.bundle)) if text.startswith("Pain response")]
    assert len(said) == (expected is not None)
    assert all(text.endswith(expected) for text in said)


def test_events_per_term_and_outcomes_not_seen_are_told(bare):
    evidence = Evidence(bare.bundle)
    size = {"model": ["response_preprocedure", "new_fracture_preprocedure"] * 2,
            "counted": ["candidate_terms"] * 2 + ["predictors"] * 2,
            "events_per_parameter": [9.94, 3.0, 1.0, 1.0], "n": [159] * 4,
            "n_events": [69] * 4}  # fmt: skip
    flow = {"step": ["eligible", "outcome observed"], "n": [100, 79], "excluded": [0, 21]}
    evidence.frames.update(sample_size=pd.DataFrame(size), flow_response=pd.DataFrame(flow))
    said = texts(evidence)
    assert any("69 of the rarer outcome" in text for text in said)  # patients, whatever n of rows
    assert "2 of 2 models have 3.0 to 9.9 events per candidate term." in said
    assert "Pain response: the outcome of 21 % was not seen." in said


@pytest.mark.parametrize(
    ("off", "limits", "said"),
    [
        (-1.24, (-1.6, -0.8), "ranks patients the wrong way round"),
        (-0.2, (-0.9, 0.5), "The risks tell nothing"),
        (0.04, (-0.66, 0.75), "Whether the risks tell anything is not sure"),
        (0.6, (-0.77, 1.97), "the limits include 0."),
        (0.6, (0.1, 1.1), "Risks may be too extreme: the limits include 1."),
        (0.6, (-inf, inf), "Risks may be too extreme."),
        (0.6, (0.3, 0.9), "Risks are too extreme."),
        (1.5, (1.1, 1.9), "Risks are too timid."),
    ],
)
def test_a_slope_is_told_as_far_as_its_limits_allow(off, limits, said):
    assert said in _slope_means(off, limits)
