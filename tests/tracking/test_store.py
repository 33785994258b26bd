from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path

import pytest

from vfprog.tracking.store import (
    artifact_location,
    ensure_experiment,
    how_to_open,
    open_client,
    quiet,
    resolve_store,
)


def test_artifacts_stand_beside_a_sqlite_database(tmp_path: Path) -> None:
    expected = (tmp_path / "artifacts").as_uri()
    assert artifact_location(f"sqlite:///{tmp_path}/mlflow.db") == expected
    assert artifact_location(f"sqlite:///{tmp_path}/mlflow.db?timeout=5") == expected


def test_a_relative_database_has_absolute_artifacts() -> None:
    assert artifact_location("sqlite:///mlruns/mlflow.db") == (
        (Path.cwd() / "mlruns" / "artifacts").as_uri()
    )


@pytest.mark.parametrize("uri", ["https://mlflow.example.org", "postgresql://host/db"])
def test_a_server_decides_on_its_artifacts(uri: str) -> None:
    assert artifact_location(uri) is None


def test_how_to_open_names_the_command_or_the_address() -> None:
    local = how_to_open("sqlite:///mlruns/mlflow.db")
    assert local == "mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db"
    assert how_to_open("https://mlflow.example.org") == "https://mlflow.example.org"


@pytest.mark.slow
def test_the_default_store_is_made_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    uri = resolve_store()
    assert uri == "sqlite:///mlruns/mlflow.db"
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.rglob("*")] == ["mlruns", "mlflow.db"]
    experiment = open_client(uri).get_experiment_by_name("vfprog")
    assert experiment.artifact_location == (tmp_path / "mlruns" / "artifacts").as_uri()


@pytest.mark.slow
def test_the_address_of_the_environment_wins(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert resolve_store(tmp_path / "unused") == uri
    assert not (tmp_path / "unused").exists()


@pytest.mark.slow
def test_a_deleted_experiment_is_named_with_its_cure(uri: str) -> None:
    identifier = ensure_experiment(uri, "binned")
    assert ensure_experiment(uri, "binned") == identifier
    open_client(uri).delete_experiment(identifier)
    with pytest.raises(ValueError, match=f"restore --experiment-id {identifier}"):
        ensure_experiment(uri, "binned")


@pytest.mark.slow
def test_quiet_hides_talk_but_no_warning_and_puts_all_back(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "true")
    monkeypatch.delenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", raising=False)
    import mlflow  # noqa: F401

    logger = logging.getLogger("mlflow.store.db.utils")
    level, before = logger.getEffectiveLevel(), dict(os.environ)
    with quiet():
        logger.info("talk")
        logger.warning("heed this")
    assert "talk" not in (said := capfd.readouterr().err)
    assert "heed this" in said
    assert logger.getEffectiveLevel() == level
    assert dict(os.environ) == before


@pytest.mark.slow
def test_quiet_lets_other_warnings_through() -> None:
    with pytest.warns(UserWarning, match="something else"), quiet():
        warnings.warn("something else", stacklevel=1)
