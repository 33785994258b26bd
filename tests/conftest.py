"""What every test shares: one thread a worker, no display, no telemetry, real data if present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Workers of pytest-xdist inherit this before they import numpy, and so do not fight for cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

ROOT = Path(__file__).resolve().parent.parent
REALDATA = Path(os.environ.get("VFPROG_REALDATA", ROOT.parent / "shared" / "realdata"))
DESELECTED = pytest.StashKey[int]()

settings.register_profile("ci", deadline=None, max_examples=50, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of the public patient-level sets; its tests are marked ``realdata``."""
    return REALDATA


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what needs the real data where they are absent, and count it."""
    if REALDATA.is_dir():
        return
    gone = [item for item in items if item.get_closest_marker("realdata")]
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=gone)
    config.stash[DESELECTED] = len(gone)
    if hasattr(config, "workeroutput"):
        config.workeroutput["realdata_deselected"] = len(gone)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Take over the count of a worker: every worker collects, and deselects, the same tests."""
    count = getattr(node, "workeroutput", {}).get("realdata_deselected", 0)
    stash = node.config.stash
    stash[DESELECTED] = max(count, stash.get(DESELECTED, 0))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say that tests were left out; nothing is skipped in silence."""
    count = config.stash.get(DESELECTED, 0)
    if count:
        terminalreporter.write_line(
            f"{count} realdata tests deselected: no ../shared/realdata and no VFPROG_REALDATA",
            yellow=True,
        )
