from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cohorts import quick_settings, write_registry
from vfprog.workflows.train import Training, train

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of 240 episodes, as files."""
    return write_registry(tmp_path_factory.mktemp("registries") / "ours")


@pytest.fixture(scope="session")
def training(registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Training:
    """A training of both prediction times of response, with two members each."""
    out = tmp_path_factory.mktemp("trained") / "bundle"
    return train(
        registry, out, endpoints=["response"], settings=quick_settings(), resamples=2, n_jobs=1
    )
