from __future__ import annotations

import pytest

from vfprog.simulate import SimulatedRegistry, simulate


@pytest.fixture(scope="session")
def small() -> SimulatedRegistry:
    return simulate(1500, seed=11)


@pytest.fixture(scope="session")
def followed() -> SimulatedRegistry:
    """Everybody followed, every value recorded."""
    return simulate(1500, seed=11, overrides={"dropout": 0, "missingness": 0})


@pytest.fixture(scope="session")
def large() -> SimulatedRegistry:
    return simulate(40_000, seed=5, overrides={"missingness": 0})
