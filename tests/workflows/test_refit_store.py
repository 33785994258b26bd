"""An interrupted training goes on from its finished refits, and ends as if never interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cohorts import make_cohort, quick_settings, write_registry
from vfprog.data.outcomes import Outcome
from vfprog.errors import TrainingError
from vfprog.scoring.bundle import load_bundle
from vfprog.validation.resampling import Refit, RefitResult, plan_folds, plan_resamples, run_refit
from vfprog.workflows import refitting
from vfprog.workflows.refit_store import open_store
from vfprog.workflows.train import train

KEY = ("response", "preprocedure")
QUICK = quick_settings()
# Trains as the tests do, in a process that can be killed.
CHILD = """
import sys
from tests.cohorts import quick_settings
from vfprog.workflows.train import train
train(sys.argv[1], sys.argv[2], endpoints=["response"], settings=quick_settings(), resamples=8,
      n_jobs=1)
"""


@pytest.fixture(scope="module")
def cohort():
    return make_cohort(200, per_patient=2)


def results(cohort):
    """One refit of each kind, with and without trees, and one that failed."""
    big, key = make_cohort(1500, seed=3, endpoint="new_fracture"), ("new_fracture", "postprocedure")
    return [
        run_refit(Refit(*KEY, "development", 1), cohort, QUICK),
        run_refit(Refit(*key, "development", 1), big, QUICK),
        run_refit(plan_folds(*KEY, QUICK, seed=7)[1], cohort, QUICK),
        run_refit(plan_resamples(*KEY, 1, seed=7)[0], cohort, QUICK),
        RefitResult(Refit(*KEY, "resample", 99), failure="no event"),
        RefitResult(Refit(*KEY, "resample", 98), flat=True),
    ]


def same(one, two):
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[k], two[k]) for k in one)
    return one == two


@pytest.mark.slow
def test_what_is_loaded_is_what_was_saved(cohort, tmp_path):
    cohorts = {"response": cohort, "new_fracture": cohort}
    store = open_store(tmp_path / "b", cohorts, QUICK, 1)
    for result in results(cohort):
        assert store.load(result.refit) is None
        store.save(result)
        found = store.load(result.refit)
        assert found.refit == result.refit
        assert found.failure == result.failure
        assert (found.fitted is None) is (result.fitted is None)
        assert found.flat is result.flat
        for name in ("rows", "times", "risk"):
            assert same(getattr(found, name), getattr(result, name))
        if result.fitted is not None:
            ours, theirs = found.fitted, result.fitted
            assert same(ours.model.to_arrays(), theirs.model.to_arrays())
            assert ours.model.features == theirs.model.features
            assert ours.model.specification() == theirs.model.specification()
            assert (ours.booster, ours.choices, ours.notes) == (
                theirs.booster, theirs.choices, theirs.notes,
            )  # fmt: skip
    assert store.reused == 6
    assert not [path for path in store.folder.rglob("*") if path.suffix == ".part"]


def changed_outcome(cohort):
    event = cohort.outcome.event.copy()
    event[0] = not event[0]
    return replace(cohort, outcome=replace(cohort.outcome, event=event))


def changed_value(cohort):
    values = dict(cohort.arrays.episodes)
    values["age_years"] = values["age_years"] + np.eye(1, cohort.n, 5)[0]
    return replace(cohort, arrays=replace(cohort.arrays, episodes=values))


def changed_patient(cohort):
    patient = cohort.patient_id.copy()
    patient[0] = "another"
    return replace(cohort, patient_id=patient)


@pytest.mark.parametrize(
    ("change", "settings", "seed"),
    [
        (changed_outcome, QUICK, 1),
        (changed_value, QUICK, 1),
        (changed_patient, QUICK, 1),
        (lambda cohort: cohort, quick_settings(copies=2), 1),
        (lambda cohort: cohort, QUICK, 2),
    ],
)
def test_other_data_settings_or_seed_find_nothing(cohort, tmp_path, change, settings, seed):
    refit = Refit(*KEY, "resample", 99)
    open_store(tmp_path / "b", {"response": cohort}, QUICK, 1).save(RefitResult(refit, failure="x"))
    assert open_store(tmp_path / "b", {"response": cohort}, QUICK, 1).load(refit) is not None
    other = open_store(tmp_path / "b", {"response": change(cohort)}, settings, seed)
    assert other.load(refit) is None


def test_it_is_removed_when_done_or_refused_and_kept_when_interrupted(cohort, tmp_path):
    refit = Refit(*KEY, "resample", 99)

    def interrupted_by(error):
        with open_store(tmp_path / "b", {"response": cohort}, QUICK, 1) as store:
            store.save(RefitResult(refit, failure="x"))
            if error is not None:
                raise error
        return store

    with pytest.raises(KeyboardInterrupt):
        interrupted_by(KeyboardInterrupt())
    kept = open_store(tmp_path / "b", {"response": cohort}, QUICK, 1)
    assert kept.load(refit).failure == "x"
    assert (
        open_store(tmp_path / "b", {"response": cohort}, QUICK, 1, fresh=True).load(refit) is None
    )
    with pytest.raises(TrainingError):
        interrupted_by(TrainingError("too few"))
    assert not kept.folder.exists()
    assert not interrupted_by(None).folder.exists()


@pytest.mark.parametrize("left", [0, 40])
def test_a_damaged_file_is_counted_and_done_again(cohort, tmp_path, left):
    refit = Refit(*KEY, "resample", 99)
    store = open_store(tmp_path / "b", {"response": cohort}, QUICK, 1)
    store.save(RefitResult(refit, failure="x"))
    file = next(store.folder.rglob("*.npz"))
    file.write_bytes(file.read_bytes()[:left])
    assert store.load(refit) is None
    assert (store.damaged, store.reused) == (1, 0)
    store.save(RefitResult(refit, failure="y"))
    assert store.load(refit).failure == "y"
    assert (store.damaged, store.reused) == (1, 1)


def wait_for(folder: Path, n: int, child: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while len(list(folder.rglob("[!.]*.npz"))) < n:
        assert child.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < deadline, "the training made no progress"
        time.sleep(0.005)


def numbers(bundle: Path) -> dict:
    """Everything in a bundle but when it was made."""
    manifest = load_bundle(bundle).manifest
    for name in ("version", "sha256"):
        del manifest[name]
    del manifest["provenance"]["created"]
    return manifest


@pytest.mark.slow
def test_a_killed_training_goes_on_where_it_was(tmp_path, root, monkeypatch):
    registry = write_registry(tmp_path / "registry")
    command = [sys.executable, "-c", CHILD, str(registry), str(tmp_path / "bundle")]
    with subprocess.Popen(command, cwd=root, env=dict(os.environ)) as child:
        wait_for(tmp_path / ".bundle.refits", 9, child)
        child.send_signal(signal.SIGKILL)
        child.wait()
    finished = sorted(path.stem for path in tmp_path.rglob("*.npz") if path.name[0] != ".")
    assert len(finished) >= 9
    assert not (tmp_path / "bundle").exists()
    ran = []
    genuine = refitting.run_refits

    def watched(refits, *given, **options):
        ran.extend(f"{r.prediction_time}-{r.kind}-{r.seed}-{r.fold}-{r.repeat}" for r in refits)
        return genuine(refits, *given, **options)

    monkeypatch.setattr(refitting, "run_refits", watched)
    options = {"endpoints": ["response"], "settings": QUICK, "resamples": 8, "n_jobs": 1}
    resumed = train(registry, tmp_path / "bundle", **options)
    assert resumed.reused == len(finished)
    assert not set(ran) & set(finished)
    assert ran
    assert not (tmp_path / ".bundle.refits").exists()
    again = len(ran) + len(finished)
    ran.clear()
    whole = train(registry, tmp_path / "whole", **options)
    assert (whole.reused, len(ran)) == (0, again)
    ours, theirs = numbers(resumed.bundle), numbers(whole.bundle)
    assert ours["files"] == theirs["files"]  # digests: models, members and tables, bit for bit
    assert json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


def test_outcomes_are_all_in_the_digest():
    # whatever an outcome holds decides its weights: `_digest` reads all of it
    fields = ("time", "observed", "event", "status", "assessed_kind", "settled")
    assert tuple(Outcome.__dataclass_fields__) == fields
