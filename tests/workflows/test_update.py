from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

import vfprog
from tests.cohorts import registry_tables, write_registry
from vfprog.errors import BundleError, TrainingError
from vfprog.features.design import derive_features
from vfprog.records import Param
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.workflows.evidence import as_columns
from vfprog.workflows.publish import run_records
from vfprog.workflows.recorded import TABLE
from vfprog.workflows.score import score
from vfprog.workflows.update import update
from vfprog.workflows.validate import validate

pytestmark = pytest.mark.slow

PRE, POST = "response_preprocedure", "response_postprocedure"


def unwell(n=400, seed=9, share=0.6):
    """A registry where many who would have responded do not."""
    tables = registry_tables(n, seed=seed)
    visits = tables["visits"].copy()
    lost = np.random.default_rng(seed).random(len(visits)) < share
    visits.loc[lost, "vas"] = 10.0
    return {**tables, "visits": visits}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    return write_registry(tmp_path_factory.mktemp("elsewhere") / "theirs", unwell())


@pytest.fixture(scope="module")
def updated(training, elsewhere, tmp_path_factory):
    out = tmp_path_factory.mktemp("updated") / "new"
    return update(training.bundle, elsewhere, out, n_jobs=1, seed=4)


def test_the_new_bundle_remembers_its_parent(updated, training):
    new, parent = load_bundle(updated.bundle), load_bundle(training.bundle)
    (entry,) = new.manifest["lineage"]
    assert entry["sha256"] == parent.identity.sha256
    assert (entry["name"], entry["version"]) == (parent.identity.name, parent.identity.version)
    assert f"{PRE}: new intercept" in entry["change"]
    assert new.identity.name == parent.identity.name
    assert new.manifest["provenance"]["digest"] != parent.manifest["provenance"]["digest"]
    assert parent.manifest["lineage"] == []


def test_a_second_update_adds_to_the_line(updated, training, tmp_path):
    source = write_registry(tmp_path / "again", registry_tables(seed=31))
    again = update(updated.bundle, source, tmp_path / "b", n_jobs=1, refit=False)
    lineage = load_bundle(again.bundle).manifest["lineage"]
    shas = [load_bundle(path).identity.sha256 for path in (training.bundle, updated.bundle)]
    assert [entry["sha256"] for entry in lineage] == shas


def test_risks_are_the_parent_s_recalibrated_through_every_door(updated, training, tmp_path):
    new, parent = load_bundle(updated.bundle), load_bundle(training.bundle)
    chosen = updated.decisions[updated.decisions["test"] == "closed testing"].set_index("model")
    source = write_registry(tmp_path / "many", registry_tables(700, seed=40))
    before = score(training.bundle, source, tmp_path / "a.csv").scores
    after = score(updated.bundle, source, tmp_path / "b.csv").scores
    for time in ("preprocedure", "postprocedure"):
        rows = before["response_prediction_time"] == time
        assert rows.sum() > 200
        move = chosen.loc[f"response_{time}"]
        expected = move["intercept"] + move["slope"] * logit(before.loc[rows, "response_risk"])
        assert logit(after.loc[rows, "response_risk"]).to_numpy() == pytest.approx(
            expected.to_numpy(), abs=1e-9
        )
    patient = {"age_years": 80, "vas_baseline": 8, "t_score": -3.1}
    one = vfprog.predict(new, patient).prognoses[0]
    total = one.base_log_odds + sum(line.log_odds for line in one.contributions)
    assert total == pytest.approx(logit(one.risk), abs=1e-6)
    move = chosen.loc[PRE]
    X = new.model(PRE).matrix(derive_features(updated.registry.arrays(), new.dictionary), 400)
    theirs = parent.members(PRE).log_odds(X[0])
    expected = move["intercept"] + move["slope"] * theirs
    assert new.members(PRE).log_odds(X[0]) == pytest.approx(expected, abs=1e-12)


def test_before_and_after_are_judged_on_the_new_registry(updated, training, elsewhere):
    figures = updated.performance.set_index(["model", "learner", "metric"])["estimate"]
    frozen = validate(training.bundle, elsewhere).performance.set_index(["model", "metric"])
    for name in (PRE, POST):
        for metric in ("calibration_slope", "calibration_in_the_large", "brier"):
            expected = frozen.loc[(name, metric), "estimate"]
            assert figures[name, "frozen", metric] == pytest.approx(expected)
        # Pairs of one fold on both sides: a recalibration ranks as the parent did.
        both = [figures[name, learner, "c_statistic"] for learner in ("frozen", "model")]
        assert both[0] == pytest.approx(both[1], abs=1e-12)
        assert abs(figures[name, "frozen", "calibration_in_the_large"]) > 0.5
        assert abs(figures[name, "model", "calibration_in_the_large"]) < 0.1
        assert figures[name, "model", "brier"] < figures[name, "frozen", "brier"]
    kept = pd.DataFrame(load_bundle(updated.bundle).manifest["performance"])
    assert set(kept["learner"]) == {"model", "frozen", "shipped"}
    assert figures[PRE, "shipped", "calibration_in_the_large"] == pytest.approx(0, abs=1e-6)
    assert sum("folds decide otherwise" in note for note in updated.notes) == len(
        {name for name, learner, _ in figures.index if learner == "shipped"}
    )


def test_the_tests_and_the_evidence_are_kept(updated, training):
    bundle = load_bundle(updated.bundle)
    kept = pd.DataFrame(bundle.table("updating"))
    assert len(kept) == len(updated.decisions)
    assert {"flow_response", "characteristics_response", "calibration_curve", "case_mix",
            "sample_size"} <= set(bundle.table_names)  # fmt: skip
    assert as_columns(updated.tables["case_mix"]) == bundle.table("case_mix")
    before = pd.DataFrame(bundle.table("development_case_mix")).set_index(["model", "statistic"])
    developed = training.tables["case_mix"].set_index(["model", "statistic"])["value"]
    assert before.loc[(PRE, "n"), "value"] == developed[PRE, "n"]
    assert any(note.startswith("updated from") for note in updated.notes)
    assert f"{PRE}: {updated.changes[PRE]}" in updated.notes


def test_the_run_says_where_the_bundle_comes_from(updated, training):
    run = run_records(updated)
    params = {r.name: r.value for r in run.records if isinstance(r, Param)}
    assert params["updated_from"] == load_bundle(training.bundle).identity.sha256
    assert run.name.startswith("update ")
    page = run.tags["mlflow.note.content"]
    assert "On the registry of the update" in page
    assert "the whole procedure inside" not in page
    assert [child.name for child in run.children] == [PRE, POST]
    learners = [child.name.removeprefix(f"{PRE}.") for child in run.children[0].children]
    assert learners == ["frozen", "shipped"]  # some fold takes the intercept alone


@pytest.mark.parametrize(("parent", "here"), [(True, False), (False, True)])
def test_simulated_ancestors_and_data_mark_the_bundle(updated, elsewhere, tmp_path, parent, here):
    old = write_bundle(replace(updated.parts, simulated=parent), tmp_path / "old")
    registry = replace(updated.registry, simulated=here)
    done = update(old, registry, tmp_path / "new", n_jobs=1, refit=False)
    assert load_bundle(done.bundle).simulated
    plain = replace(updated.registry, simulated=False)
    old = write_bundle(replace(updated.parts, simulated=False), tmp_path / "plain")
    assert not load_bundle(update(old, plain, tmp_path / "p", n_jobs=1).bundle).simulated


def test_a_model_that_cannot_be_judged_stays_as_it_is(training, tmp_path):
    tables = unwell()
    tables["vertebrae"] = tables["vertebrae"].drop(columns="cement_volume_ml")
    source = write_registry(tmp_path / "bare", tables)
    done = update(training.bundle, source, tmp_path / "b", n_jobs=1)
    new, parent = load_bundle(done.bundle), load_bundle(training.bundle)
    assert set(done.refused) == {POST}
    assert new.model_names == parent.model_names
    assert vars(new.model(POST).blend) == vars(parent.model(POST).blend)
    assert new.model(PRE).blend.a != parent.model(PRE).blend.a
    rows = [row for row in new.manifest["performance"] if row["model"] == POST]
    assert rows == [r for r in parent.manifest["performance"] if r["model"] == POST]
    assert any(f"{POST}: not judged, so left as it is" in note for note in done.notes)


def test_a_refitted_model_has_members_of_its_own(training, tmp_path):
    tables = registry_tables(1600, seed=3)
    vas = tables["episodes"]["vas_baseline"].to_numpy()
    old = tables["episodes"]["age_years"].fillna(75) > 75
    chance = np.where(old, 0.15, 0.75)  # the other way round than in development
    fall = np.where(np.random.default_rng(1).random(len(vas)) < chance, 3.5, 0.5)
    place = tables["visits"]["episode_id"].str[1:].astype(int)
    tables["visits"] = tables["visits"].assign(vas=(vas - fall).clip(min=0).round(1)[place])
    source = write_registry(tmp_path / "many", tables)
    done = update(training.bundle, source, tmp_path / "b", resamples=3, n_jobs=1)
    assert done.changes[PRE] == "refitted"
    new, parent = load_bundle(done.bundle), load_bundle(training.bundle)
    assert len(new.members(PRE)) == 3
    model = new.model(PRE)
    X = model.matrix(derive_features(done.registry.arrays(), new.dictionary), 1600)
    assert not np.allclose(model.log_odds(X), parent.model(PRE).log_odds(X))
    figures = done.performance.set_index(["model", "learner", "metric"])["estimate"]
    assert figures[PRE, "model", "c_statistic"] > figures[PRE, "frozen", "c_statistic"] + 0.1


def test_other_episodes_are_updated_on_only_where_that_is_asked_for(updated, training, tmp_path):
    others = replace(updated.registry, all_episodes=True)
    with pytest.raises(TrainingError, match="made for vertebroplasty episodes") as refusal:
        update(training.bundle, others, tmp_path / "b", n_jobs=1, refit=False)
    assert str(refusal.value).count("--other-population updates it all the same") == 2
    assert not (tmp_path / "b").exists()
    done = update(
        training.bundle, others, tmp_path / "b", n_jobs=1, refit=False, other_population=True
    )
    assert "response: made for vertebroplasty episodes, judged on all episodes" in done.notes
    assert not done.refused


def test_a_registry_that_lacks_what_the_models_rely_on_moves_their_level_alone(training, tmp_path):
    tables = unwell()
    lost = ["age_years", "t_score", "fracture_age_days", "opioids", "bmi_kg_m2"]
    tables["episodes"] = tables["episodes"].assign(**dict.fromkeys(lost, np.nan))
    source = write_registry(tmp_path / "poor", tables)
    done = update(training.bundle, source, tmp_path / "b", n_jobs=1)
    assert any("predictors are not recorded at all: " in note for note in done.notes)
    for name in (PRE, POST):
        assert any(n.startswith(f"{name}: this registry records, with values") for n in done.notes)
        assert done.changes[name].startswith("new intercept (")
        assert "slope 1.000" in done.changes[name]
    size = done.decisions.query('test == "Riley\'s criteria"')
    assert size["decision"].tolist() == ["refused", "refused"]


def test_what_the_models_rely_on_travels_with_every_version(updated, training, tmp_path):
    kept = pd.DataFrame(load_bundle(updated.bundle).table(TABLE))
    at_birth = pd.DataFrame(load_bundle(training.bundle).table("importance"))
    for name in (PRE, POST):
        rows = kept[kept["model"] == name].set_index("predictor")["share"]
        first = at_birth[at_birth["model"] == name].set_index("predictor")["share"]
        assert rows.to_dict() == pytest.approx(first.to_dict())
    assert set(kept["model"]) == {PRE, POST}


def test_the_development_stays_what_other_registries_are_set_beside(updated, training, tmp_path):
    source = write_registry(tmp_path / "again", registry_tables(seed=31))
    again = update(updated.bundle, source, tmp_path / "b", n_jobs=1, refit=False)
    parent = load_bundle(training.bundle).table("characteristics_response")
    new = load_bundle(again.bundle)
    assert new.table("development_characteristics_response") == parent
    assert new.table("characteristics_response") != parent
    rows = validate(new, source).population.query("predictor == 'age_years'")
    expected = validate(training.bundle, source).population.query("predictor == 'age_years'")
    assert rows["development"].tolist() == expected["development"].tolist()


def test_the_data_of_every_ancestor_are_known_again(updated, training):
    notes = validate(updated.bundle, training.registry).notes
    assert any("the figures are too good" in note for note in notes)


def test_places_are_checked_before_any_work(training, tmp_path):
    with pytest.raises(BundleError, match="is the bundle to be updated"):
        update(training.bundle, "not even read", training.bundle, force=True)
    (tmp_path / "taken").mkdir()
    with pytest.raises(BundleError, match="taken exists"):
        update(training.bundle, "not even read", tmp_path / "taken")


def test_a_registry_without_the_outcome_writes_nothing(training, tmp_path):
    tables = {k: v for k, v in registry_tables(40).items() if k != "visits"}
    source = write_registry(tmp_path / "unseen", tables)
    with pytest.raises(TrainingError, match="no model can be updated"):
        update(training.bundle, source, tmp_path / "new", n_jobs=1)
    assert not (tmp_path / "new").exists()


def test_the_manifest_is_plain_json(updated):
    text = (updated.bundle / "manifest.json").read_text(encoding="utf-8")
    assert json.loads(text)["provenance"]["asked"] == {
        "mapping": None, "resamples": 40, "alpha": 0.05, "refit": True, "other_population": False,
    }  # fmt: skip
    choices = json.loads(text)["provenance"]["choices"][PRE]
    chosen = updated.decisions.query("test == 'closed testing' and model == @PRE").iloc[0]
    assert choices["change"] == chosen["decision"] != "no_change"
    assert (choices["intercept"], choices["slope"]) == (chosen["intercept"], chosen["slope"])
