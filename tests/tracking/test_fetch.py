from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.bundles import PATIENT
from tests.serving.test_holder import write
from tests.tracking.samples import training
from vfprog.errors import BundleError, ConfigError
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict
from vfprog.serving.holder import Holder
from vfprog.tracking.fetch import RegisteredBundle
from vfprog.tracking.registry import promote, register_bundle
from vfprog.tracking.send import send
from vfprog.tracking.store import resolve_store


@pytest.mark.parametrize(
    "address", ["vfprog", "models:/vfprog", "models:/vfprog@", "models:/vfprog/latest", "runs:/a"]
)
def test_an_address_of_another_form_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected models:/NAME@ALIAS or models:/NAME/VERSION"):
        RegisteredBundle.of(address, root=tmp_path)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ConfigError, match="set MLFLOW_TRACKING_URI"):
        RegisteredBundle.of("models:/vfprog@champion", root=tmp_path / "mlruns")
    assert not (tmp_path / "mlruns").exists()


def test_the_parts_of_an_address(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://store.example")
    by_alias = RegisteredBundle.of("models:/spine@champion")
    by_version = RegisteredBundle.of("models:/spine/12")
    assert (by_alias.name, by_alias.alias, by_alias.version) == ("spine", "champion", None)
    assert (by_version.name, by_version.alias, by_version.version) == ("spine", None, "12")
    assert by_alias.uri == "http://store.example"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fetch") / "mlruns"


def registered(root: Path, folder: Path, version: str, *, a: float) -> str:
    """Register a bundle and return the version of the registered model."""
    uri = resolve_store(root)
    bundle, run_id = write(folder / version, version, a=a), send(training(), uri=uri).run_id
    return register_bundle(
        bundle, ["age_years"], run_id=run_id, uri=uri, pip_requirements=["numpy"]
    )


@pytest.mark.slow
def test_an_alias_is_followed_from_version_to_version(
    root: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    first = registered(root, tmp_path, "one", a=0.0)
    uri = resolve_store(root)
    promote(first, uri)
    source = RegisteredBundle.of("models:/vfprog@champion", root=root)
    assert source.stamp() == first
    holder = Holder(source)
    assert holder.served.bundle.identity == load_bundle(tmp_path / "one").identity
    second = registered(root, tmp_path, "two", a=1.0)
    assert not holder.refresh()  # registered, but not in use
    promote(second, uri)
    assert holder.refresh()
    shutil.rmtree(tmp_path / "two")
    expected = predict(RegisteredBundle.of(f"models:/vfprog/{second}", root=root).fetch(), PATIENT)
    assert predict(holder.served.bundle, PATIENT) == expected
    assert expected.model.version == "two"
    # A store that does not answer leaves the one in use.
    (root / "mlflow.db").rename(root / "away.db")
    assert not holder.refresh()
    assert holder.served.bundle.identity.version == "two"


@pytest.mark.slow
@pytest.mark.parametrize("address", ["models:/vfprog@nobody", "models:/other@champion",
                                     "models:/vfprog/99"])  # fmt: skip
def test_what_is_not_registered_is_named(tmp_path: Path, monkeypatch, address: str) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    registered(tmp_path / "mlruns", tmp_path, "one", a=0.0)
    source = RegisteredBundle.of(address, root=tmp_path / "mlruns")
    with pytest.raises(BundleError, match=address):
        source.stamp()
    with pytest.raises(BundleError, match=address):
        source.fetch()
