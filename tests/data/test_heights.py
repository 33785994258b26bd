import numpy as np
import pytest

from tests.data.registries import height, make_registry
from vfprog.data.heights import assess_heights

L1 = [("a", "L1", 20.0)]
L1_L2 = [("a", "L1", 20.0), ("a", "L2", 10.0)]


def outcome_of(vertebrae, films, *, endpoint=None, **columns):
    """(known, event, day) of one episode; films as level, day, loss."""
    registry = make_registry(
        "a", vertebrae=vertebrae, heights=[("a", *film) for film in films], **columns
    )
    seen = assess_heights(registry, endpoint or height())
    day = None if np.isnan(seen.day[0]) else float(seen.day[0])
    return bool(seen.known[0]), bool(seen.event[0]), day


@pytest.mark.parametrize(
    ("films", "expected"),
    [
        ([("L1", 1, 12), ("L1", 365, 22)], (True, True, 365)),  # 10 points since the first film
        ([("L1", 1, 12.1), ("L1", 365, 22)], (True, False, 365)),  # 9.9 points
        ([("L1", 365, 29)], (True, False, 365)),  # no first film: 9 since baseline
        ([("L1", 365, 30)], (True, True, 365)),
        ([("L1", 60, 12), ("L1", 365, 22)], (True, True, 365)),  # day 60 is still a first film
        ([("L1", 61, 12), ("L1", 365, 22)], (True, False, 365)),  # day 61 is not
        ([("L1", 3, 12), ("L1", 20, 30), ("L1", 365, 22)], (True, True, 365)),  # the first counts
        ([("L1", -2, 5), ("L1", 365, 29)], (True, False, 365)),  # before the procedure
        ([("L1", 299, 60), ("L1", 456, 60)], (False, False, None)),  # outside the window
        ([("L1", 300, 20), ("L1", 430, 60)], (True, False, 300)),  # equally near: the earlier
        ([("L2", 1, 0), ("L2", 365, 60)], (False, False, None)),  # no index vertebra
        ([], (False, False, None)),
    ],
)
def test_one_treated_vertebra(films, expected):
    assert outcome_of(L1, films) == expected


@pytest.mark.parametrize("treatment", ["conservative", "sham"])
def test_untreated_vertebrae_are_counted_from_baseline(treatment):
    films = [("L1", 1, 5), ("L1", 365, 28)]
    assert outcome_of(L1, films) == (True, True, 365)
    assert outcome_of(L1, films, treatment=treatment) == (True, False, 365)


def test_baseline_film_by_configuration():
    films = [("L1", 1, 5), ("L1", 365, 28)]
    endpoint = height(baseline_film="baseline")
    assert outcome_of(L1, films, endpoint=endpoint) == (True, False, 365)


@pytest.mark.parametrize(
    ("films", "expected"),
    [
        ([("L1", 365, 20), ("L2", 370, 10)], (True, False, 370)),  # both seen, none worse
        ([("L1", 365, 35), ("L2", 370, 10)], (True, True, 365)),
        ([("L1", 370, 35), ("L2", 340, 25)], (True, True, 340)),  # both worse: the first day
        ([("L1", 365, 20)], (False, False, None)),  # the other might be worse
        ([("L1", 365, 35)], (True, True, 365)),  # one is enough
    ],
)
def test_two_vertebrae(films, expected):
    assert outcome_of(L1_L2, films) == expected


def test_a_vertebra_without_any_starting_film_is_not_waited_for():
    vertebrae = [("a", "L1", 20.0), ("a", "L2", np.nan)]
    assert outcome_of(vertebrae, [("L1", 365, 20)]) == (True, False, 365)
    only = [("a", "L2", np.nan)]
    assert outcome_of(only, [("L2", 365, 20)]) == (False, False, None)


def test_the_first_film_is_never_the_outcome_film():
    endpoint = height(horizon_days=30, window_days=(20, 60))
    assert outcome_of(L1, [("L1", 30, 40)], endpoint=endpoint) == (True, True, 30)
    later = [("L1", 25, 15), ("L1", 30, 25)]
    assert outcome_of(L1, later, endpoint=endpoint) == (True, True, 30)


def test_rounding_does_not_decide():
    # 40.3 - 30.3 is 9.999999999999996 in floating point
    assert outcome_of(L1, [("L1", 1, 30.3), ("L1", 365, 40.3)]) == (True, True, 365)


def test_episodes_without_a_level_are_excluded_and_missing_first_films_noted():
    registry = make_registry(
        "abc", vertebrae=[("a", "L1", 20), ("b", None, 20)], heights=[("a", "L1", 365, 20)]
    )
    seen = assess_heights(registry, height())
    ((_, reason, excluded),) = seen.exclusions
    assert reason == "no index vertebra of known level"
    assert excluded.tolist() == [False, True, True]
    assert seen.notes[0].startswith("1 vertebrae of treated episodes have no film within 60 days")
