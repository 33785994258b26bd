import numpy as np
import pytest

from tests.data.registries import fracture, make_registry
from vfprog.data.events import first_fracture


def days(location, index_levels, fractures):
    registry = make_registry(
        "a",
        vertebrae=[("a", level, 20.0) for level in index_levels],
        events=[("a", day, "new_fracture", level) for day, level in fractures],
    )
    return first_fracture(registry, fracture(location=location))[0][0]


@pytest.mark.parametrize(
    ("index", "level", "adjacent", "distant"),
    [
        (["L1"], "T12", True, False),  # across the junction
        (["L1"], "L2", True, False),
        (["L1"], "T11", False, True),
        (["L1"], "L1", False, False),  # the index vertebra again: neither
        (["L1"], None, False, False),  # unknown level: neither
        (["T7", "L4"], "L5", True, False),
        (["T7", "L4"], "L2", False, True),
        (["T12", "L2"], "L1", True, False),  # sandwiched
        (["T12", "L1"], "L1", False, False),  # an index vertebra, though next to another
        (["T4"], "L5", False, True),
        ([None], "L1", False, False),  # nothing to measure from
    ],
)
def test_location(index, level, adjacent, distant):
    assert days("any", index, [(100, level)]) == 100
    assert np.isfinite(days("adjacent", index, [(100, level)])) == adjacent
    assert np.isfinite(days("distant", index, [(100, level)])) == distant


def test_the_first_that_counts_is_taken():
    fractures = [(300, "T12"), (50, "T8"), (200, "L2")]
    assert days("any", ["L1"], fractures) == 50
    assert days("adjacent", ["L1"], fractures) == 200
    assert days("distant", ["L1"], fractures) == 50


def test_a_fracture_of_day_0_is_not_new():
    assert days("any", ["L1"], [(0, "T12")]) == np.inf
    assert days("any", ["L1"], [(0, "T12"), (1, "T12")]) == 1


def test_unknown_levels_and_episodes_without_index_level_are_reported():
    registry = make_registry(
        "ab", vertebrae=[("a", "L1", 20)], events=[("a", 9, "new_fracture", None)]
    )
    day, exclusions, notes = first_fracture(registry, fracture(location="adjacent"))
    assert day.tolist() == [np.inf, np.inf]
    assert exclusions[0][2].tolist() == [False, True]
    assert notes == ("1 new fractures have no level and do not count as adjacent",)
    assert first_fracture(registry, fracture())[1:] == ((), ())
