"""The same thousand patients through every door: one number."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pandas as pd
import pytest

import vfprog
from vfprog.models.settings import load_settings
from vfprog.serving.app import create_app
from vfprog.serving.fhir.example import as_bundle
from vfprog.serving.fhir.mapping import load_mapping
from vfprog.simulate import simulate, write
from vfprog.workflows.publish import publish
from vfprog.workflows.train import Training, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("doors")]

N = 1000
ENDPOINTS = ("response", "new_fracture")


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    folder = tmp_path_factory.mktemp("doors")
    write(simulate(4200, seed=5), folder / "registry")
    made = train(
        folder / "registry", folder / "bundle", endpoints=ENDPOINTS, resamples=2, seed=3,
        settings=load_settings(outer_folds=2, inner_folds=3), n_jobs=1,
    )  # fmt: skip
    assert made.parts.boosters, "no model has trees: the bulk path would go untested"
    return made


@pytest.fixture(scope="module")
def patients(training: Training, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five tables with fresh patients, some of them scored before the procedure."""
    folder = tmp_path_factory.mktemp("patients") / "registry"
    fresh = simulate(N + 60, seed=11)
    write(fresh, folder)
    kept = set(fresh.episodes["episode_id"].iloc[:N])
    for name in ("episodes", "vertebrae", "visits", "heights", "events"):
        table = pd.read_parquet(folder / f"{name}.parquet")
        table = table[table["episode_id"].isin(kept)].reset_index(drop=True)
        if name == "vertebrae":  # every third patient is still before the procedure
            before = table["episode_id"].isin(sorted(kept)[::3])
            table.loc[before, ["treated", "cement_volume_ml", "cement_leakage"]] = None
        table.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def _records(folder: Path) -> list[dict[str, Any]]:
    """Return the patients as a clinician's system would send them: no key for what is missing."""
    episodes = json.loads(
        pd.read_parquet(folder / "episodes.parquet").to_json(orient="records", date_format="iso")
    )
    nested: dict[str, list[dict[str, Any]]] = {}
    vertebrae = pd.read_parquet(folder / "vertebrae.parquet").to_json(
        orient="records", date_format="iso"
    )
    for row in json.loads(vertebrae):
        known = {k: v for k, v in row.items() if v is not None and k != "episode_id"}
        nested.setdefault(row["episode_id"], []).append(known)
    return [
        {k: v for k, v in row.items() if v is not None}
        | {"vertebrae": nested.get(row["episode_id"], [])}
        for row in episodes
    ]


@pytest.fixture(scope="module")
def expected(training: Training, patients: Path) -> pd.DataFrame:
    """Risks from Python, one call per patient."""
    bundle = vfprog.load_bundle(training.bundle)
    return _frame([vfprog.predict(bundle, record) for record in _records(patients)])


def _frame(predictions: list[Any]) -> pd.DataFrame:
    rows = []
    for prediction in predictions:
        found = prediction if isinstance(prediction, dict) else prediction.as_dict()
        rows.append({p["endpoint"]: p["risk"] for p in found["prognoses"]})
    return pd.DataFrame(rows, columns=list(ENDPOINTS), dtype=float)


@pytest.fixture(scope="module")
def some(patients: Path) -> list[dict[str, Any]]:
    """Every fifth patient, for doors that also say how far a risk may be trusted."""
    return _records(patients)[::5]


def _beside(found: list[Any]) -> list[dict[str, Any]]:
    """Return all that a prediction says beside its risks, as plain types."""
    predictions = [f if isinstance(f, dict) else f.as_dict() for f in found]
    assert all(p["evidence"] and p["applicability"] for p in predictions)
    assert any(prognosis["gaps"] for p in predictions for prognosis in p["prognoses"])
    return predictions


def _wide(scores: pd.DataFrame) -> pd.DataFrame:
    return scores[[f"{e}_risk" for e in ENDPOINTS]].set_axis(list(ENDPOINTS), axis=1)


def _same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert len(found) == N
    np.testing.assert_allclose(found.to_numpy(float), expected.to_numpy(), rtol=0, atol=1e-9)


def test_both_prediction_times_are_among_them(training: Training, patients: Path) -> None:
    bundle = vfprog.load_bundle(training.bundle)
    answered = [vfprog.predict(bundle, r)["new_fracture"] for r in _records(patients)[:200]]
    assert {p.prediction_time for p in answered} == {"preprocedure", "postprocedure"}


def test_a_list_is_the_patients_one_by_one(
    training: Training, patients: Path, expected: pd.DataFrame
) -> None:
    _same(_frame(vfprog.predict(str(training.bundle), _records(patients))), expected)


def test_a_list_says_beside_the_risks_what_each_patient_alone_is_told(
    training: Training, some: list[dict[str, Any]]
) -> None:
    bundle = vfprog.load_bundle(training.bundle)
    alone = _beside([vfprog.predict(bundle, record) for record in some])
    assert _nearly(_beside(vfprog.predict(bundle, some)), alone)


def test_the_command_says_the_same_beside_the_risks(
    training: Training, some: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "some.json").write_text(json.dumps(some))
    command = [sys.executable, "-m", "vfprog", "predict", str(training.bundle),
               str(tmp_path / "some.json"), "--format", "json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = _beside(vfprog.predict(str(training.bundle), some))
    assert _nearly(_beside(json.loads(done.stdout)), expected)


def test_a_what_if_is_the_risk_of_the_changed_patient(
    training: Training, some: list[dict[str, Any]]
) -> None:
    bundle = vfprog.load_bundle(training.bundle)
    for record in some[:40]:
        answer = vfprog.what_if(bundle, record, {"age_years": 60, "t_score": None})
        changed = vfprog.predict(bundle, record | {"age_years": 60, "t_score": None})
        risks = {prognosis.endpoint: prognosis.risk for prognosis in changed.prognoses}
        for line in answer.endpoints:
            assert line.risk_after == pytest.approx(risks.get(line.endpoint), rel=0, abs=1e-9)


def _nearly(one: Any, other: Any) -> bool:
    """Whether two answers are the same, numbers to 1e-9."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_nearly(v, other[k]) for k, v in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_nearly, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9
    return bool(one == other)


def test_the_command_predicts_the_same(
    training: Training, patients: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "patients.json").write_text(json.dumps(_records(patients)))
    command = [sys.executable, "-m", "vfprog", "predict", str(training.bundle),
               str(tmp_path / "patients.json"), "--format", "json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    _same(_frame(json.loads(done.stdout)), expected)


def test_score_reads_five_tables(
    training: Training, patients: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "vfprog", "score", str(training.bundle), str(patients),
               str(tmp_path / "scores.parquet")]  # fmt: skip
    subprocess.run(command, capture_output=True, text=True, check=True)
    _same(_wide(pd.read_parquet(tmp_path / "scores.parquet")), expected)


def test_score_reads_one_row_per_episode(
    training: Training, patients: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    flat = pd.DataFrame(_records(patients))
    flat["vertebrae"] = flat["vertebrae"].map(json.dumps)
    flat.to_csv(tmp_path / "flat.csv", index=False)
    scored = vfprog.score(training.bundle, tmp_path / "flat.csv", tmp_path / "out.parquet")
    _same(_wide(scored.scores), expected)


@pytest.fixture(scope="module")
def ask(training: Training) -> Callable[[str, list[Any]], list[Any]]:
    """Post contents to the service, one after the other, and return the answers."""
    app = create_app(vfprog.load_bundle(training.bundle))

    async def post(path: str, contents: list[Any]) -> list[Any]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            answers = [await client.post(path, json=content) for content in contents]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.json() for answer in answers]

    return lambda path, contents: asyncio.run(post(path, contents))


def test_rest_answers_the_same(ask, patients: Path, expected: pd.DataFrame) -> None:
    _same(_frame(ask("/v1/predict?panel=false", _records(patients))), expected)


def test_a_batch_over_rest_answers_the_same(ask, patients: Path, expected: pd.DataFrame) -> None:
    (answers,) = ask("/v1/predict/batch?panel=false", [_records(patients)])
    _same(_frame(answers), expected)


def test_fhir_answers_the_same(
    ask, training: Training, patients: Path, expected: pd.DataFrame
) -> None:
    dictionary = vfprog.load_bundle(training.bundle).dictionary
    sent = [as_bundle(record, dictionary, load_mapping()) for record in _records(patients)]
    _same(_frame_of_fhir(ask("/fhir/RiskAssessment/$evaluate", sent)), expected)


def test_the_command_writes_the_same_as_fhir(
    training: Training, patients: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "patients.json").write_text(json.dumps(_records(patients)))
    command = [sys.executable, "-m", "vfprog", "predict", str(training.bundle),
               str(tmp_path / "patients.json"), "--format", "fhir"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    written = [entry["resource"] for entry in json.loads(done.stdout)["entry"]]
    _same(_frame_of_fhir(written), expected)


def _frame_of_fhir(assessments: list[Any]) -> pd.DataFrame:
    rows = [
        {
            p["outcome"]["coding"][0]["code"]: p["probabilityDecimal"] / 100  # R4: percent
            for p in one["prediction"]
        }
        for one in assessments
    ]
    return pd.DataFrame(rows, columns=list(ENDPOINTS), dtype=float)


def test_mlflow_scores_the_same(
    training: Training, patients: Path, expected: pd.DataFrame, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    published = publish(training, root=tmp_path / "mlruns")
    import mlflow

    mlflow.set_tracking_uri(published.uri)
    try:
        model = mlflow.pyfunc.load_model("models:/vfprog@challenger")
        scores = model.predict(pd.DataFrame(_records(patients)))
    finally:
        mlflow.set_tracking_uri(None)
    _same(_wide(scores), expected)
