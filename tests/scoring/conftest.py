from __future__ import annotations

import pytest

from tests.bundles import hand_bundle
from tests.scoring.models import random_parts
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """Three endpoints at both times, random splines, trees and members."""
    return load_bundle(write_bundle(random_parts(), tmp_path_factory.mktemp("random") / "bundle"))


@pytest.fixture(scope="session")
def hand(tmp_path_factory):
    """Two endpoints with numbers one can follow by hand."""
    return load_bundle(hand_bundle(tmp_path_factory.mktemp("hand") / "bundle"))
