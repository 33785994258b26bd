"""What the refits of a training say: tables by hand and by brute force."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.cohorts import make_cohort, quick_settings
from vfprog.data.splits import bootstrap_patients
from vfprog.models.procedure import cohort_weights
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.bundle import load_bundle
from vfprog.simulate import simulate, write
from vfprog.validation.resampling import (
    Refit,
    RefitResult,
    learner_risks,
    plan_resamples,
    run_refit,
)
from vfprog.workflows.refitting import Work
from vfprog.workflows.stability import (
    ELSEWHERE,
    FEWEST_REFITS,
    REMARKS,
    SOURCE,
    instability_coverage,
    refit_tables,
)
from vfprog.workflows.train import train

KEY = ("response", "preprocedure")
MODEL = "response_preprocedure"
SETTINGS = quick_settings()


@pytest.fixture(scope="module")
def work():
    """Six refits of one model, of which the last failed, and two folds of which one did."""
    cohort = make_cohort(220, per_patient=2, unseen=0.1)
    fitted = run_refit(Refit(*KEY, "development", 1), cohort, SETTINGS).fitted
    features = fitted.model.features
    members = [run_refit(r, cohort, SETTINGS, features) for r in plan_resamples(*KEY, 5, seed=7)]
    members[4] = replace(members[4], flat=True)
    members.append(RefitResult(Refit(*KEY, "resample", 99), failure="no event"))
    folds = [RefitResult(Refit(*KEY, "fold", 1, k), failure="no event" * k) for k in (0, 1)]
    return Work(
        {"response": cohort}, {}, SETTINGS, 1, lambda *_: None, fitted={MODEL: fitted},
        members={MODEL: members}, folds={MODEL: folds},
    )  # fmt: skip


def tables_of(work):
    return {table.name: table.frame for table in refit_tables(work)}


@pytest.mark.slow
def test_refits_are_counted_with_the_reasons_of_failures(work):
    counts = tables_of(work)["refits"].set_index("kind")
    assert counts.loc["resample", ["asked", "fitted", "failed"]].tolist() == [6, 5, 1]
    assert counts.loc["resample", "reasons"] == "1 x no event"
    assert counts["flat"].to_dict() == {"fold": 0, "resample": 1, "site": 0, "period": 0}
    assert counts.loc["fold", ["asked", "fitted", "failed"]].tolist() == [2, 1, 1]
    assert counts.loc["site", ["asked", "reasons"]].tolist() == [0, ""]


@pytest.mark.slow
def test_optimism_is_that_of_patients_drawn_and_weights(work):
    found = tables_of(work)["optimism"]
    cohort, members = work.cohorts["response"], work.members[MODEL][:5]
    weight = cohort_weights(cohort, SETTINGS)
    y, known = cohort.outcome.event, weight > 0
    assert 0 < known.sum() < cohort.n
    for learner in ("model", "logistic"):
        gaps = []
        for member in members:
            times = bootstrap_patients(cohort.patient_id, seed=member.refit.seed)
            risk = learner_risks(member.fitted.model, cohort)[learner]
            inside, everybody = (
                roc_auc_score(y[known], risk[known], sample_weight=w[known])
                for w in (weight * times + 1e-300, weight)
            )
            gaps.append(inside - everybody)
        shown = learner_risks(work.fitted[MODEL].model, cohort)[learner]
        apparent = roc_auc_score(y[known], shown[known], sample_weight=weight[known])
        rows = found.query("learner == @learner and metric == 'c_statistic'")
        harrell = rows.set_index("estimator").loc["harrell"]
        assert harrell["estimate"] == pytest.approx(apparent - np.mean(gaps), abs=1e-6)
        assert (harrell["n"], harrell["n_resamples"]) == (known.sum(), 5)
        assert harrell["remark"] == REMARKS[learner]
    assert found["model"].unique().tolist() == [MODEL]


@pytest.mark.slow
def test_instability_is_of_the_risks_shown(work):
    tables = tables_of(work)
    cohort = work.cohorts["response"]
    shown = learner_risks(work.fitted[MODEL].model, cohort)["model"]
    refits = [learner_risks(m.fitted.model, cohort)["model"] for m in work.members[MODEL][:5]]
    row = tables["instability"].set_index("figure").loc["mean_absolute_prediction_error"]
    assert row["estimate"] == pytest.approx(np.abs(np.array(refits) - shown).mean(), abs=1e-6)
    assert row["n"] == cohort.n  # the outcome need not be known
    assert tables["instability_by_risk"]["n"].sum() == cohort.n
    assert sorted(tables["calibration_instability"]["refit"].unique()) == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_without_bootstrap_refits_there_are_only_counts(work):
    assert list(tables_of(replace(work, members={}))) == ["refits"]
    failed = {MODEL: [work.members[MODEL][-1]]}
    assert list(tables_of(replace(work, members=failed))) == ["refits"]


# --- coverage of the instability interval, where the truth is known


def known_work(cohort, risks):
    fitted = SimpleNamespace()
    results = [
        RefitResult(Refit(*KEY, "resample", k), fitted, times=np.ones(cohort.n), risk={"model": r})
        for k, r in enumerate(risks)
    ]
    return Work({"response": cohort}, {}, SETTINGS, 1, lambda *_: None, members={MODEL: results})


def write_truth(folder, cohort, risk):
    table = {"episode_id": cohort.episode_id, "risk_response": risk}
    pd.DataFrame(table).to_parquet(folder / "truth.parquet")
    return folder


def test_coverage_by_hand(tmp_path):
    cohort = make_cohort(4)
    risks = np.array([[0.2, 0.2, 0.2, 0.2], [0.4, 0.4, 0.4, 0.4]])
    # the interval is .21 to .39; the third truth is unknown
    source = write_truth(tmp_path, cohort, [0.3, 0.5, np.nan, 0.22])
    simulated, real = SimpleNamespace(simulated=True), SimpleNamespace(simulated=False)
    work = known_work(cohort, risks)
    found = instability_coverage(work, source, simulated)
    assert found == {MODEL: {"share": pytest.approx(2 / 3), "n": 3, "source": SOURCE}}
    assert instability_coverage(work, str(source), simulated) == found
    assert instability_coverage(work, source, real) == {}  # of two refits nothing is known
    many = known_work(cohort, np.tile(risks, (20, 1)))
    told = f"{ELSEWHERE['source']}; this model has 40"
    elsewhere = {MODEL: {**ELSEWHERE, "source": told}}
    assert instability_coverage(many, source, real) == elsewhere
    assert instability_coverage(many, tmp_path / "elsewhere", simulated) == elsewhere
    assert instability_coverage(many, simulated, simulated) == elsewhere
    none = replace(work, members={MODEL: [RefitResult(Refit(*KEY, "resample", 1), failure="x")]})
    assert instability_coverage(none, source, simulated) == {}


def test_an_endpoint_of_another_definition_has_no_known_truth(tmp_path):
    cohort = make_cohort(4)
    source = write_truth(tmp_path, cohort, [0.3] * 4)
    other = replace(
        cohort, endpoint=load_endpoint("response").model_copy(update={"horizon_days": 90})
    )
    work = known_work(other, np.full((FEWEST_REFITS, 4), 0.3))
    found = instability_coverage(work, source, SimpleNamespace(simulated=True))
    assert found[MODEL]["source"].endswith("; this model has 30")
    fewer = known_work(other, np.full((FEWEST_REFITS - 1, 4), 0.3))
    assert instability_coverage(fewer, source, SimpleNamespace(simulated=True)) == {}


def test_what_is_told_of_other_registries_stands_in_the_documentation(root):
    text = " ".join((root / "docs" / "coverage.md").read_text(encoding="utf-8").split())
    share = f"{100 * ELSEWHERE['share']:.0f} % with 40"
    assert share in text
    assert "docs/coverage.md" in ELSEWHERE["source"]


@pytest.mark.slow
def test_a_bundle_of_simulated_data_says_how_often_its_intervals_hold_the_truth(tmp_path):
    write(simulate(400, seed=2), tmp_path / "registry")
    done = train(
        tmp_path / "registry", tmp_path / "bundle", endpoints=["response"], settings=SETTINGS,
        resamples=3, n_jobs=1,
    )  # fmt: skip
    kept = load_bundle(done.bundle).manifest["provenance"]["instability_coverage"][MODEL]
    assert kept["n"] == done.cohorts["response"].n
    assert 0 < kept["share"] < 1
    optimism = pd.DataFrame(load_bundle(done.bundle).table("optimism"))
    assert set(optimism["learner"]) == {"model", "logistic"}
