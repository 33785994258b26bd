from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from tests.tracking.samples import expit, hand_bundle, training
from vfprog.batch.score import score_frame
from vfprog.errors import InputError
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict
from vfprog.tracking.registry import promote, register_bundle
from vfprog.tracking.send import send
from vfprog.tracking.store import open_client

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

PRIVATE = "private-4711"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_bundle(tmp_path_factory.mktemp("registry") / "bundle")


@pytest.fixture(scope="module")
def run_id(uri: str) -> str:
    return send(training(), uri=uri).run_id


def register(bundle: Path, run_id: str, uri: str) -> str:
    predictors = [p.name for p in load_dictionary().of_table("episodes")]
    return register_bundle(
        bundle,
        predictors,
        run_id=run_id,
        uri=uri,
        pip_requirements=["numpy"],
        tags={"trained_on": "simulated"},
    )


@pytest.fixture(scope="module")
def version(bundle: Path, run_id: str, uri: str) -> str:
    return register(bundle, run_id, uri)


@pytest.fixture(scope="module")
def model(default_store: str, version: str) -> Iterator[Any]:
    from mlflow.pyfunc import load_model

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        yield load_model("models:/vfprog@challenger")


def test_the_version_belongs_to_the_run_and_carries_tags(
    uri: str, run_id: str, version: str
) -> None:
    found = open_client(uri).get_model_version("vfprog", version)
    assert (found.run_id, found.status, found.tags) == (
        run_id,
        "READY",
        {"trained_on": "simulated"},
    )
    outputs = [m.model_id for m in open_client(uri).get_run(run_id).outputs.model_outputs]
    model_id = found.source.removesuffix("/artifacts").rsplit("/", 1)[1]
    assert model_id in outputs
    link = json.loads(open_client(uri).get_logged_model(model_id).tags["mlflow.modelVersions"])
    assert [(entry["name"], str(entry["version"])) for entry in link] == [("vfprog", version)]


def test_the_bundle_travels_unchanged_and_unpickled(uri: str, version: str, bundle: Path) -> None:
    folder = stored_at(uri, version)
    stored = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {"MLmodel", "pyfunc_model.py", "requirements.txt"} < stored
    assert not [name for name in stored if name.endswith(".pkl")]
    for path in bundle.rglob("*"):
        if path.is_file():
            copy = folder / "artifacts" / "bundle" / path.relative_to(bundle)
            assert copy.read_bytes() == path.read_bytes()


def stored_at(uri: str, version: str) -> Path:
    address = open_client(uri).get_model_version_download_uri("vfprog", version)
    return Path(address.removeprefix("file://"))


def test_aliases_move(bundle: Path, run_id: str, uri: str) -> None:
    first, second = register(bundle, run_id, uri), register(bundle, run_id, uri)
    promote(first, uri)
    client = open_client(uri)
    assert int(second) == int(first) + 1
    assert str(client.get_model_version_by_alias("vfprog", "champion").version) == first
    assert str(client.get_model_version_by_alias("vfprog", "challenger").version) == second
    promote(second, uri)
    assert str(client.get_model_version_by_alias("vfprog", "champion").version) == second


def test_registering_says_nothing(
    bundle: Path, run_id: str, uri: str, capfd: pytest.CaptureFixture[str]
) -> None:
    register(bundle, run_id, uri)
    assert capfd.readouterr() == ("", "")


def test_a_bundle_that_is_not_there_is_refused(tmp_path: Path, run_id: str, uri: str) -> None:
    with pytest.raises(FileNotFoundError, match="no bundle at"):
        register(tmp_path / "gone", run_id, uri)


def test_a_model_no_server_could_load_is_refused(bundle: Path, run_id: str, uri: str) -> None:
    with pytest.raises(ValueError, match="pip_requirements is empty"):
        register_bundle(bundle, ["age_years"], run_id=run_id, uri=uri, pip_requirements=[])


def test_a_model_that_cannot_be_kept_is_marked_failed(
    bundle: Path, run_id: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*arguments: object, **options: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("mlflow.pyfunc.save_model", no_space)
    client = open_client(uri)
    before = len(client.search_model_versions("name = 'vfprog'"))
    with pytest.raises(OSError, match="disk full"):
        register(bundle, run_id, uri)
    experiment = client.get_run(run_id).info.experiment_id
    statuses = [str(m.status) for m in client.search_logged_models([experiment])]
    assert statuses.count("FAILED") == 1
    assert len(client.search_model_versions("name = 'vfprog'")) == before


def test_the_risk_is_the_one_worked_by_hand_and_of_every_other_door(
    model: Any, bundle: Path
) -> None:
    patient = {"age_years": 85, "inpatient": True, "vertebrae": [{"level": "L1"}]}
    scored = model.predict([patient])
    (risk,) = scored["response_risk"]
    assert set(scored["trained_on"]) == {"simulated"}
    assert risk == pytest.approx(expit((85 - 80) / 10 + 1), abs=1e-12)
    loaded = load_bundle(bundle)
    assert risk == score_frame(loaded, pd.DataFrame([patient]))["response_risk"].iloc[0]
    assert risk == pytest.approx(predict(loaded, patient).prognoses[0].risk, abs=1e-9)


def test_missing_and_nullable_columns_are_scored(model: Any) -> None:
    frame = pd.DataFrame(
        {
            "episode_id": ["p", "q", "r"],
            "age_years": pd.array([90, None, 70], dtype="Int64"),
            "inpatient": pd.array([None, True, False], dtype="boolean"),
            "t_score": [None, None, None],
            "bmi_kg_m2": [np.nan, 25.0, np.nan],
            "sex": pd.Categorical(["female", None, "male"]),
            "vertebrae": [[{"level": "L1"}], '[{"level": "T12"}, {"level": "L2"}]', None],
        },
        index=[5, 6, 7],
    )
    scored = model.predict(frame)
    assert scored["response_risk"].tolist() == pytest.approx([expit(1), expit(1), expit(-1)])
    assert scored["episode_id"].tolist() == ["p", "q", "r"]
    assert scored.index.tolist() == [5, 6, 7]


def test_any_predictor_may_be_absent(model: Any) -> None:
    (risk,) = model.predict(pd.DataFrame({"sex": ["female"]}))["response_risk"]
    assert risk == pytest.approx(0.5)


def test_a_wrong_value_is_refused_without_the_rest_of_the_row(model: Any) -> None:
    frame = pd.DataFrame({"age_years": [900.0], "bmi_kg_m2": [27.13], "episode_id": [PRIVATE]})
    with pytest.raises(InputError, match="age_years") as caught:
        model.predict(frame)
    assert PRIVATE not in str(caught.value)
    assert "27.13" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"age_years": [80, 81], "episode_id": [PRIVATE]},
        {"episode_id": PRIVATE, "vertebrae": [{"level": PRIVATE}, {"level": "L2"}]},
        PRIVATE,
        [[PRIVATE]],
        pd.DataFrame({"elsewhere": [PRIVATE]}),
        pd.DataFrame({"vertebrae": [f"[{PRIVATE}"]}),
    ],
    ids=["ragged", "taken apart", "word", "list", "unknown column", "broken json"],
)
def test_no_refusal_repeats_what_was_sent(
    model: Any, given: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # MLflow raises its own, we ours
        model.predict(given)
    error: BaseException | None = caught.value
    while error is not None:
        assert PRIVATE not in str(error)
        error = error.__cause__
    assert PRIVATE not in "".join(capfd.readouterr())


def test_a_patient_with_two_vertebrae_is_not_two_patients(model: Any) -> None:
    patient = {"age_years": 80, "vertebrae": [{"level": "L1"}, {"level": "L2"}]}
    with pytest.raises(ValueError, match=r"send a list of patients, \[patient\]"):
        model.predict(patient)
    assert len(model.predict([patient])) == 1


def test_a_column_mlflow_drops_is_named_in_its_log(
    model: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    model.predict(pd.DataFrame({"age_years": [80], "age": [PRIVATE]}))
    said = capfd.readouterr().err
    assert "['age']" in said
    assert PRIVATE not in said


def test_the_bare_model_refuses_a_misspelt_column(model: Any) -> None:
    frame = pd.DataFrame({"age_years": [80], "inpatent": [True]})
    with pytest.raises(InputError, match="did you mean inpatient"):
        model.unwrap_python_model().predict(frame)
