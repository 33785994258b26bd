import pandas as pd
import pytest

from vfprog.reports.evidence import Evidence, frame_of
from vfprog.reports.facts import facts


def test_a_bundle_without_tables_has_nothing_and_says_why(bare):
    assert bare.frames == {}
    assert bare.performance.empty
    assert bare.headline("response_preprocedure") == {}
    assert bare.of_model("importance", "response_preprocedure") is None
    assert "train again" in bare.why_not("")
    assert "without bootstrap refits" in bare.why_not("resamples")


def test_an_outcome_without_dates_is_never_promised_as_a_time_to_an_event(bare):
    assert "train again" in bare.why_not("times")
    coded = Evidence(bare.bundle)
    coded.__dict__["models"] = {
        "response_preprocedure": bare.models["response_preprocedure"]
    }  # fmt: skip
    assert coded.why_not("times").startswith("no outcome of the models is a dated event")


def test_models_have_words(bare):
    assert bare.titles["response_postprocedure"] == "Pain response, procedure included"
    assert bare.titles["new_fracture_preprocedure"].endswith("before the procedure")


def test_numbers_that_are_undefined_throughout_are_numbers_all_the_same():
    frame = frame_of({"i2": [None, None], "n": [3, None], "first_month": [None, None]})
    assert frame.dtypes[["i2", "n"]].tolist() == ["float64", "float64"]
    assert frame["i2"].isna().all()
    assert frame["first_month"].tolist() == [None, None]
    assert frame_of([{"estimate": None, "reason": ""}]).dtypes["estimate"] == "float64"
    assert frame_of([]).empty


@pytest.mark.slow
def test_tables_and_figures_are_those_of_the_training(training, trained):
    assert set(trained.frames) == set(training.tables)
    name = "response_preprocedure"
    rows = training.performance.query("model == @name and learner == 'model'")
    expected = rows.set_index("metric")["estimate"].dropna()
    kept = trained.headline(name)
    assert {metric: kept[metric]["estimate"] for metric in expected.index} == expected.to_dict()
    importance = trained.of_model("importance", name)
    assert set(importance["model"]) == {name}
    assert importance.index[0] == 0
    assert "train again" in trained.why_not("resamples")


def test_a_table_that_only_gives_reasons_is_not_computed(bare):
    evidence = Evidence(bare.bundle)
    row = {"metric": "c_statistic", "reason": "no date is recorded"}
    evidence.frames["validations"] = pd.DataFrame([
        row | {"validation": "temporal", "estimate": None},
        row | {"validation": "internal_external", "estimate": 0.7},
    ])  # fmt: skip
    evidence.frames["subgroups"] = pd.DataFrame([row | {"label": "Sex", "estimate": None}])
    evidence.frames["case_mix"] = pd.DataFrame([{"n": 3}])
    evidence.frames["refits"] = pd.DataFrame({"n": []})
    assert evidence.computed == {"validations", "validations.internal_external", "case_mix"}
    assert facts(evidence)["also"] == ""
    evidence = Evidence(bare.bundle)
    evidence.frames["validations"] = pd.DataFrame([row | {"validation": "temporal", "estimate": 1}])
    assert facts(evidence)["also"] == "; temporal validation too"
