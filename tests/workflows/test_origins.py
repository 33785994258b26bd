from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from tests.bundles import hand_bundle, hand_parts
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.workflows.origins import HOW, origins

PRE, POST, FRACTURE = (
    "response_preprocedure", "response_postprocedure", "new_fracture_preprocedure",
)  # fmt: skip


def made_of(source, version, **more):
    told = {"source": source, "digest": f"d-{source}", "n_episodes": 10, "n_sites": 2}
    return replace(hand_parts(), version=version, provenance={**told, **more}, simulated=True)


def test_each_model_says_where_it_was_developed_and_judged_and_the_next_update_keeps_it(tmp_path):
    first = load_bundle(write_bundle(made_of("ours", "1"), tmp_path / "1"))
    theirs = made_of("theirs", "2")
    real = SimpleNamespace(simulated=False)
    found = origins(theirs, first, real, {PRE: "new_intercept", FRACTURE: "refit"})
    data = {"source": "ours", "digest": "d-ours", "n_episodes": 10, "n_sites": 2, "version": "1",
            "simulated": True}  # fmt: skip
    other = {**data, "source": "theirs", "digest": "d-theirs", "version": "2", "simulated": False}
    assert found[PRE] == {"developed_on": data, "judged_on": other, "change": "new_intercept",
                          "judged_by": HOW["new_intercept"]}  # fmt: skip
    assert found[FRACTURE]["developed_on"] == found[FRACTURE]["judged_on"] == other
    assert found[POST] == {"developed_on": data, "judged_on": data, "judged_by": HOW["refit"],
                           "change": "not_judged"}  # fmt: skip
    second = load_bundle(write_bundle(made_of("theirs", "2", models=found), tmp_path / "2"))
    again = origins(made_of("a third", "3"), second, real, {PRE: "no_change"})
    assert again[PRE]["developed_on"] == data
    assert again[PRE]["judged_on"]["source"] == "a third"
    assert again[FRACTURE]["developed_on"] == again[FRACTURE]["judged_on"] == other


def test_a_bundle_made_by_hand_says_what_it_can(tmp_path):
    bundle = load_bundle(hand_bundle(tmp_path / "b"))
    found = origins(hand_parts(), bundle, SimpleNamespace(simulated=True), {})
    assert set(found[PRE]["developed_on"]) == {"version", "simulated"}
