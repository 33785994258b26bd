from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bundles import hand_bundle
from tests.cohorts import quick_settings, write_registry
from tests.fitted import fitted_parts
from vfprog.reports.evidence import Evidence
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.workflows.train import train


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """Evidence of a bundle made by hand: simulated, and without a table."""
    return Evidence(load_bundle(hand_bundle(tmp_path_factory.mktemp("reports") / "bare")))


@pytest.fixture(scope="session")
def training(tmp_path_factory):
    """A training on 240 episodes of three sites, with three refits; one model is refused."""
    folder = tmp_path_factory.mktemp("reports")
    return train(
        write_registry(folder / "ours"), folder / "bundle", settings=quick_settings(),
        resamples=3, n_jobs=1,
    )  # fmt: skip


@pytest.fixture(scope="session")
def trained(training):
    """Evidence of that training."""
    return Evidence(load_bundle(training.bundle))


@pytest.fixture(scope="session")
def simulated(training, tmp_path_factory):
    """The same, said to be of simulated data."""
    folder = tmp_path_factory.mktemp("reports") / "simulated"
    parts = replace(training.parts, simulated=True)
    return Evidence(load_bundle(write_bundle(parts, folder)))


@pytest.fixture(scope="session")
def with_trees(training, tmp_path_factory):
    """Evidence of models with splines and trees, and with what is known of their predictors."""
    parts = replace(fitted_parts(), reference=training.parts.reference)
    folder = tmp_path_factory.mktemp("reports") / "trees"
    return Evidence(load_bundle(write_bundle(parts, folder)))
