from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vfprog.tracking.store import resolve_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def store_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracking") / "mlruns"


@pytest.fixture(scope="module")
def uri(store_root: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield resolve_store(store_root)


@pytest.fixture(scope="module")
def default_store(uri: str) -> Iterator[str]:
    """Make the store that of the whole process, as a user does before loading a model."""
    import mlflow

    mlflow.set_tracking_uri(uri)
    yield uri
    mlflow.set_tracking_uri(None)
