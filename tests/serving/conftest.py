from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.bundles import hand_bundle
from tests.serving.client import Client
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.serving.app import create_app
from vfprog.serving.logs import LOGGER, JsonFormatter

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the bundle made by hand."""
    return hand_bundle(tmp_path_factory.mktemp("serving") / "hand")


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Bundle:
    """The bundle made by hand."""
    return load_bundle(bundle_folder)


@pytest.fixture(scope="session")
def client(bundle: Bundle) -> Client:
    """A client of a service with default settings."""
    return Client(create_app(bundle))


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def logged():
    """The lines the service logs, as they would be written."""
    handler, logger = _Lines(), logging.getLogger(LOGGER)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)
