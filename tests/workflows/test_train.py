import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.bundles import hand_bundle
from tests.cohorts import quick_settings, registry_tables, write_registry
from vfprog.data.readers import read_registry
from vfprog.errors import BundleError, InputError, TrainingError
from vfprog.models.procedure import cohort_weights
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict
from vfprog.validation.collecting import collect_folds
from vfprog.validation.resampling import plan_folds, run_refits
from vfprog.workflows.train import train

QUICK = quick_settings()


def quickly(source, out, **options):
    return train(source, out, **{"settings": QUICK, "resamples": 0, "n_jobs": 1, **options})


def rare(n_events):
    """A registry with a good response and so many fractures."""
    tables = registry_tables()
    tables["events"] = tables["events"].head(n_events)
    return tables


def test_a_training_makes_a_bundle_that_answers(training):
    bundle = load_bundle(training.bundle)
    assert bundle.model_names == ("response_preprocedure", "response_postprocedure")
    assert bundle.members("response_preprocedure") is not None
    patient = {"age_years": 80, "vas_baseline": 9, "vertebrae": [{"level": "L1"}]}
    prognosis = predict(bundle, patient).prognoses[0]
    assert prognosis.prediction_time == "preprocedure"
    lower, upper = prognosis.instability_interval
    assert 0 < lower <= upper < 1
    worse = predict(bundle, {**patient, "vas_baseline": 4}).prognoses[0]
    assert worse.risk < prognosis.risk


def test_the_manifest_tells_where_the_models_come_from(training, registry):
    manifest = load_bundle(training.bundle).manifest
    given = manifest["provenance"]
    read, _ = read_registry(registry)
    assert (given["source"], given["digest"]) == (registry.name, read.digest)
    assert (given["n_episodes"], given["n_sites"]) == (240, 3)
    assert (given["seed"], given["resamples"]) == (1, 2)
    assert given["settings"] == json.loads(QUICK.model_dump_json())
    assert given["choices"]["response_preprocedure"]["n"] == 120  # patients
    assert set(given["versions"]) >= {"vfprog", "numpy", "xgboost", "python"}
    steps = {row["step"]: row["n"] for row in given["flow"]["response"]}
    assert (steps["all episodes"], steps["outcome observed"]) == (240, 220)
    assert manifest["simulated"] is False
    assert [row["metric"] for row in manifest["performance"]] == (
        training.performance["metric"].tolist()
    )


def test_performance_is_that_of_the_cross_validated_risks(training):
    cohort = training.cohorts["response"]
    plan = plan_folds("response", "postprocedure", QUICK, seed=training.seed + 1000)
    results = list(run_refits(plan, training.cohorts, QUICK))
    risk = collect_folds(results, cohort.n, repeats=1)["model"]
    assert training.risks["response_postprocedure"]["model"] == pytest.approx(risk)
    weight = cohort_weights(cohort, QUICK)
    known = weight > 0
    within = []  # each fold ranked by itself, and counted by its pairs
    for rows in (result.rows[known[result.rows]] for result in results):
        y, w = cohort.outcome.event[rows], weight[rows]
        pairs = w[y].sum() * w[~y].sum()
        within.append((roc_auc_score(y, risk[0, rows], sample_weight=w), pairs))
    c, pairs = np.transpose(within)
    expected = np.average(c, weights=pairs)
    table = training.performance
    row = table[(table["model"] == "response_postprocedure") & (table["learner"] == "model")
                & (table["metric"] == "c_statistic")].iloc[0]  # fmt: skip
    assert row["estimate"] == pytest.approx(expected)
    assert (row["n"], row["n_events"]) == (220, 99)
    assert set(table["learner"]) == {"model", "logistic"}
    assert row["lower"] < row["estimate"] < row["upper"]


def test_notes_say_what_a_reader_must_see(training, registry, tmp_path):
    assert any("Riley's criteria ask for" in note for note in training.notes)
    bare = registry_tables(seed=4)
    bare["vertebrae"] = bare["vertebrae"].drop(columns="cement_volume_ml")
    bare["episodes"]["site_id"] = "s"
    source = write_registry(tmp_path / "bare", bare)
    done = quickly(source, tmp_path / "b", endpoints=["response"])
    assert list(done.fitted) == ["response_preprocedure"]
    assert "nothing known from the procedure is recorded: preprocedure models only" in done.notes
    assert any("one site only" in note for note in done.notes)
    assert load_bundle(done.bundle).members("response_preprocedure") is None


def test_of_the_default_endpoints_those_refused_are_noted(tmp_path):
    source = write_registry(tmp_path / "rare", rare(9))
    done = quickly(source, tmp_path / "b")
    assert set(done.refused) == {"new_fracture_preprocedure", "new_fracture_postprocedure"}
    assert list(load_bundle(done.bundle).endpoints) == ["response"]
    note = "new_fracture_preprocedure: not trained: new_fracture: 9 events and 111 non-events"
    assert any(line.startswith(note) for line in done.notes)
    assert done.parts.provenance["refused"] == done.refused


def test_an_endpoint_asked_for_and_refused_stops_the_training(tmp_path):
    source = write_registry(tmp_path / "rare", rare(9))
    with pytest.raises(TrainingError, match="new_fracture: 9 events and 111 non-events"):
        quickly(source, tmp_path / "b", endpoints=["response", "new_fracture"])
    assert not (tmp_path / "b").exists()


def test_refusals_stand_in_the_order_of_the_models(tmp_path):
    source = write_registry(tmp_path / "rare", rare(5))
    done = quickly(source, tmp_path / "b", n_jobs=2)
    assert list(done.refused) == ["new_fracture_preprocedure", "new_fracture_postprocedure"]


def test_a_refusal_says_what_to_leave_out_to_have_the_rest(tmp_path):
    source = write_registry(tmp_path / "rare", rare(9))
    with pytest.raises(TrainingError) as refusal:
        train(source, tmp_path / "b", endpoints=["new_fracture", "response"], resamples=0,
              settings=quick_settings(), n_jobs=1)  # fmt: skip
    lines = str(refusal.value).splitlines()
    assert lines[-1] == "leave new_fracture out to train response"
    with pytest.raises(TrainingError) as alone:
        train(source, tmp_path / "b", endpoints=["new_fracture"], settings=quick_settings(),
              n_jobs=1)  # fmt: skip
    assert "leave" not in str(alone.value)


def test_a_default_endpoint_nobody_is_eligible_for_is_noted(tmp_path):
    tables = registry_tables()
    tables["episodes"]["vas_baseline"] = 2.5
    source = write_registry(tmp_path / "mild", tables)
    with pytest.raises(TrainingError, match="response: no episode is eligible"):
        quickly(source, tmp_path / "b", endpoints=["response"])
    done = quickly(source, tmp_path / "b")
    assert "no episode is eligible" in done.refused["response"]
    assert any(note.startswith("response: not trained: ") for note in done.notes)
    assert "new_fracture_preprocedure" in done.fitted


def test_a_model_that_cannot_be_cross_validated_is_refused_like_the_rest(tmp_path):
    source = write_registry(tmp_path / "rare", rare(30))
    strict = quick_settings(min_class=25)  # a fold of three leaves twenty of thirty events
    done = quickly(source, tmp_path / "b", settings=strict)
    why = done.refused["new_fracture_preprocedure"]
    words = (
        r"cross-validation failed in new_fracture_preprocedure, fold \d: new_fracture: \d\d events"
    )
    assert re.match(words, why)
    assert list(done.fitted) == list(done.risks) == list(done.parts.models)
    assert not any(model.startswith("new_fracture") for model in done.fitted)
    with pytest.raises(TrainingError, match=words):
        quickly(source, tmp_path / "c", endpoints=["new_fracture"], settings=strict)
    assert not (tmp_path / "c").exists()


def test_when_every_model_is_refused_so_is_the_training(tmp_path):
    tables = rare(5)
    del tables["visits"]
    source = write_registry(tmp_path / "rare", tables)
    with pytest.raises(TrainingError, match="new_fracture: 5 events"):
        quickly(source, tmp_path / "b")


def test_failed_and_flat_refits_are_counted_and_noted(tmp_path):
    tables = registry_tables()
    tables["vertebrae"] = tables["vertebrae"].drop(columns="cement_volume_ml")
    source = write_registry(tmp_path / "few", tables)
    # 38 patients never respond; a fold of twenty leaves 34 of them, a resample sometimes fewer.
    strict = quick_settings(min_class=34, outer_folds=20)
    done = quickly(
        source, tmp_path / "b", resamples=12, endpoints=["response"], settings=strict, seed=37
    )
    failed = noted(done, "could not be fitted")
    flat = noted(done, "learned nothing and give everybody the prevalence")
    counts = done.tables["refits"].set_index("kind").loc["resample"]
    assert counts[["asked", "fitted", "failed", "flat"]].tolist() == [12, 12 - failed, failed, flat]
    assert "fewer than 34 of either" in counts["reasons"]
    members = load_bundle(done.bundle).members("response_preprocedure").to_arrays()["blend"]
    assert len(members) == 12 - failed
    assert (members[:, 3] == 0).sum() == flat > 0


def noted(done, words):
    """The number of refits of which this was noted, once."""
    (note,) = [note for note in done.notes if f"bootstrap refits {words}" in note]
    return int(note.removeprefix("response_preprocedure: ").split(" of 12 ")[0])


def test_data_with_errors_are_refused_with_all_of_them(tmp_path):
    tables = registry_tables(40)
    tables["episodes"].loc[[3, 8], "age_years"] = 200
    tables["episodes"].loc[5, "t_score"] = 7
    with pytest.raises(InputError) as caught:
        quickly(write_registry(tmp_path / "wrong", tables), tmp_path / "b")
    assert [(f.row, f.column) for f in caught.value.failures] == [
        ("e3", "age_years"),
        ("e8", "age_years"),
        ("e5", "t_score"),
    ]
    assert not (tmp_path / "b").exists()


def test_a_bundle_is_replaced_only_when_asked_and_nothing_else_ever(training, tmp_path):
    out = hand_bundle(tmp_path / "bundle")
    before = load_bundle(out).identity
    source = training.registry
    with pytest.raises(BundleError, match="exists; choose another place or give --force"):
        quickly(source, out)
    assert load_bundle(out).identity == before
    quickly(source, out, force=True, endpoints=["response"], name="new")
    assert load_bundle(out).identity.name == "new"
    theirs = tmp_path / "thesis"
    theirs.mkdir()
    (theirs / "chapter1.tex").touch()
    with pytest.raises(BundleError, match="is no bundle; it is not replaced even with --force"):
        quickly(source, theirs, force=True)
    assert [p.name for p in theirs.iterdir()] == ["chapter1.tex"]


def test_the_place_is_checked_before_the_data_are_read(tmp_path):
    out = hand_bundle(tmp_path / "bundle")
    with pytest.raises(BundleError, match="exists"):
        quickly(tmp_path / "nothing here", out)


def test_the_same_seed_gives_the_same_bundle(training, tmp_path):
    again, other = (
        quickly(training.registry, tmp_path / f"b{seed}", endpoints=["response"], seed=seed,
                resamples=2)
        for seed in (1, 2)
    )  # fmt: skip
    one, two, three = (load_bundle(t.bundle) for t in (training, again, other))
    assert one.files == two.files
    assert one.files.keys() == three.files.keys()
    assert one.files != three.files
    pd.testing.assert_frame_equal(training.performance, again.performance)


def test_simulated_data_are_marked(training, tmp_path):
    simulated = replace(training.registry, simulated=True)
    done = quickly(simulated, tmp_path / "b", endpoints=["response"])
    assert load_bundle(done.bundle).identity.trained_on == "simulated"


def test_progress_counts_every_refit(training, tmp_path):
    seen = []
    quickly(training.registry, tmp_path / "b", endpoints=["response"], resamples=1,
            progress=lambda *step: seen.append(step))  # fmt: skip
    assert [step for step in seen if step[0] == "models"] == [("models", 1, 2), ("models", 2, 2)]
    stage = [step for step in seen if step[0] == "validation and members"]
    # Two models: three folds, one sample, three sites, one period.
    assert [done for _, done, _ in stage] == list(range(1, 17))
    assert {total for *_, total in stage} == {16}


@pytest.mark.slow
def test_two_workers_train_the_same_models(training, tmp_path):
    done = quickly(training.registry, tmp_path / "b", endpoints=["response"], n_jobs=2, resamples=2)
    for name, model in training.parts.models.items():
        assert done.parts.models[name].linear.coef == pytest.approx(model.linear.coef, abs=1e-9)
        assert list(done.parts.models) == list(training.parts.models)
