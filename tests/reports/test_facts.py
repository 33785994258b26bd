from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vfprog.reports.evidence import Evidence
from vfprog.reports.facts import UNKNOWN, _sourced, facts


def test_what_a_bundle_does_not_tell_is_said_to_be_unknown(bare):
    told = facts(bare, limitations=1)
    assert told["source"] == told["digest"] == told["sizes"] == told["accrual"] == UNKNOWN
    assert told["data_kind"] == "Simulated registry"
    assert told["outcomes"] == "Pain response (30 days); New vertebral fracture (365 days)"
    assert told["n_limitations"] == "1 limitation"
    assert told["outer_folds"] == "10"
    assert "None" not in told.values()


@pytest.mark.slow
def test_a_training_tells_all(training, trained):
    told = facts(trained, limitations=3)
    assert UNKNOWN not in told.values()
    assert told["digest"] == training.parts.provenance["digest"]
    assert told["data_kind"] == "Registry"
    assert "Pain response, before the procedure: 220 with 99 events" in told["sizes"]
    met = training.tables["sample_size"].query("counted == 'predictors'")
    all_met = met.groupby("model")["met"].apply(lambda m: (m == True).all()).sum()  # noqa: E712
    n = len(trained.models)
    assert (
        told["sample_size"] == f"all criteria met by {all_met} of {n} models, counting predictors"
    )
    assert "delta-adjusted" in told["delta"]


def test_groups_are_those_with_a_figure_and_sources_those_given(bare):
    evidence = Evidence(bare.bundle)
    rows = [("Sex", 0.7), ("Sex", None), ("In hospital", None), ("Age", 0.6)]
    evidence.frames["subgroups"] = pd.DataFrame(rows, columns=["label", "estimate"])
    assert facts(evidence)["groups"] == "Sex, Age"
    assert facts(bare)["groups"] == UNKNOWN
    known = bare.bundle.dictionary
    n = len([p for p in known.usable_at("postprocedure") if p.source])
    assert facts(bare)["sourced"] == f"{n} with a source"
    for given, said in (("", "without a source"), ("GLOW", "each with its source")):
        told = [p.model_copy(update={"source": given}) for p in known.predictors]
        assert _sourced(known.model_copy(update={"predictors": tuple(told)})) == said


def test_a_registry_of_other_patients_is_not_said_to_be_of_vertebroplasty(bare, monkeypatch):
    told = facts(bare)
    assert (told["population"], told["treated"]) == ("vertebroplasty", " after vertebroplasty")
    model = bare.models["response_preprocedure"]
    rule = model.endpoint.model_copy(update={"population": (), "kind": "coded"})
    evidence = Evidence(bare.bundle)
    evidence.__dict__["models"] = {"response_preprocedure": replace(model, endpoint=rule)}
    assert facts(evidence)["population"].startswith("all episodes of a registry like")
    noted = bare.provenance | {"population_note": "Women of a cohort; no vertebroplasty."}
    monkeypatch.setitem(bare.bundle.manifest, "provenance", noted)
    told = facts(evidence)
    assert told["population"] == "Women of a cohort; no vertebroplasty"
    assert told["treated"] == ""
    assert told["intercurrent"] == "as the registry coded the outcome"


def test_a_criterion_that_is_undefined_fails_no_model(bare):
    evidence = Evidence(bare.bundle)
    shared = {"model": "a", "counted": "predictors"}
    rows = [shared | {"criterion": name, "met": met} for name, met in
            (("shrinkage", True), ("optimism", True), ("prediction_error", None))]  # fmt: skip
    evidence.frames["sample_size"] = pd.DataFrame([*rows, rows[0] | {"model": "b", "met": False}])
    assert facts(evidence)["sample_size"] == (
        "all criteria met by 1 of 2 models, counting predictors; undefined above 30 predictors: "
        "prediction error"
    )


def test_models_are_what_they_are_and_counted_as_people_count(bare):
    told = facts(bare)
    model = next(iter(bare.models.values()))
    curved = ~np.isnan(model.linear.encoding.knots).all()
    assert ("on splines" in told["form"]) == curved
    assert told["models"] == f"{len(bare.models)} models"
    flat = replace(model, trees=None, blend=replace(model.blend, w_linear=1.0, w_trees=0.0))
    one = Evidence(bare.bundle)
    one.__dict__["models"] = {"response_preprocedure": flat}
    told = facts(one)
    assert told["models"] == "1 model"
    assert told["form"].endswith("no trees")
    assert told["trees"] == "there are no trees"
    assert told["sites"] == f"sites {UNKNOWN}"
