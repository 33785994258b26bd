import numpy as np
import pytest

from tests.data.registries import make_registry, pain
from vfprog.data.pain import assess_pain, responds
from vfprog.schema.endpoints import PainRule


@pytest.mark.parametrize(
    ("rule", "baseline", "vas", "expected"),
    [
        ({"fall_at_least": 3}, 4.1, 1.1, True),  # 4.1 - 1.1 is 2.9999999999999996
        ({"fall_at_least": 3}, 7.0, 4.1, False),
        ({"fall_at_least": 3}, 4.0, 9.0, False),
        ({"relative_fall_at_least": 0.3}, 7.0, 4.9, True),
        ({"relative_fall_at_least": 0.3}, 7.0, 5.0, False),
        ({"relative_fall_at_least": 0.3}, 0.0, 0.0, False),
        ({"below": 4}, 8.0, 4.0, False),
        ({"below": 4}, 8.0, 3.9, True),
        ({"fall_at_least": 2.5, "relative_fall_at_least": 0.3}, 6.0, 4.2, True),  # only relative
        ({"fall_at_least": 2.5, "relative_fall_at_least": 0.3}, 9.0, 6.5, True),  # only absolute
        ({"fall_at_least": 2.5, "relative_fall_at_least": 0.3}, 9.0, 6.6, False),
        ({"fall_at_least": 3}, 8.0, np.nan, False),
    ],
)
def test_responds(rule, baseline, vas, expected):
    assert responds(np.array([baseline]), np.array([vas]), PainRule(**rule)).tolist() == [expected]


def test_assessment_of_five_patients():
    registry = make_registry(
        "abcde",
        visits=[("a", 28, 4), ("a", 7, 9), ("b", 35, 6), ("c", 90, 0), ("d", 30, 1), ("e", 30, 0)],
        vas_baseline=[8, 8, 8, np.nan, 2.5],
    )
    seen = assess_pain(registry, pain())
    assert seen.known.tolist() == [True, True, False, False, True]
    assert seen.event.tolist() == [True, False, False, False, False]
    assert seen.day[[0, 1, 3, 4]].tolist() == [28, 35, 30, 30]
    assert np.isnan(seen.day[2])
    (_, missing, no_baseline), (_, low, too_low) = seen.exclusions
    assert (missing, low) == ("vas_baseline is missing", "vas_baseline below 3")
    assert no_baseline.tolist() == [False, False, False, True, False]
    assert too_low.tolist() == [False, False, False, False, True]


def test_a_registry_without_visits_knows_nothing():
    seen = assess_pain(make_registry("ab"), pain())
    assert not seen.known.any()
