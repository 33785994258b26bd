from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.bundles import PATIENT, hand_bundle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the bundle made by hand."""
    return hand_bundle(tmp_path_factory.mktemp("bundles") / "hand")


@pytest.fixture(scope="session")
def real_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, said to be of a real registry, and without members."""
    folder = tmp_path_factory.mktemp("bundles") / "real"
    return hand_bundle(folder, simulated=False, members=False)


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    """File of one patient."""
    path = tmp_path / "patient.json"
    path.write_text(json.dumps(PATIENT))
    return path


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small simulated registry."""
    from vfprog.simulate import simulate, write

    return write(simulate(250, seed=5), tmp_path_factory.mktemp("registries") / "small")
