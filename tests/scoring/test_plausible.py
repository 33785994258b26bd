from __future__ import annotations

import pytest

from vfprog.errors import BundleError
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.plausible import plausible_values

DICTIONARY = load_dictionary()


def numbers(*pairs):
    return {"n": 90, "missing": 0.1, "quantiles": [list(pair) for pair in pairs], "shares": []}


def levels(*shares):
    return {"n": 90, "missing": 0.1, "quantiles": [], "shares": list(shares)}


def values(name, kept):
    return plausible_values({name: kept}, DICTIONARY).get(name)


def test_the_5th_quantile_the_median_and_the_95th_rounded_as_they_are_shown() -> None:
    kept = numbers(
        (0.01, 41.0), (0.05, 58.1234), (0.35, 72.0), (0.5, 75.55), (0.95, 91.87), (0.99, 99.0)
    )
    found = values("age_years", kept)
    assert found.codes.tolist() == [58.1, 75.5, 91.9]
    assert found.values == (58.1, 75.5, 91.9)


def test_a_count_is_whole_and_no_value_stands_twice() -> None:
    kept = numbers((0.05, 0.0), (0.5, 0.4), (0.95, 3.6))
    assert values("n_prevalent_fractures", kept).values == (0, 4)


def test_levels_seen_often_enough_as_people_write_them() -> None:
    found = values("asa_class", levels(0.1, 0.6, 0.28, 0.019, 0.001))
    assert found.codes.tolist() == [0, 1, 2]
    assert found.values == ("1", "2", "3")
    assert values("smoker", levels(0.9, 0.1)).values == (False, True)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("smoker", levels(0.99, 0.01)),
        ("age_years", numbers((0.05, 75.01), (0.95, 75.04))),
        ("cement_volume_ml", numbers((0.05, 2.0), (0.95, 8.0))),
        ("cement_leakage", levels(0.7, 0.1, 0.1, 0.1, 0.0)),
        ("shoe_size", numbers((0.05, 36.0), (0.95, 44.0))),
    ],
)
def test_without_a_choice_or_before_its_time_nothing_is_tried(name, kept) -> None:
    assert values(name, kept) is None


@pytest.mark.parametrize("kept", [{}, {"quantiles": 3}, {"quantiles": [[0.05, "low"]]}])
def test_a_malformed_reference_is_a_bundle_error(kept) -> None:
    with pytest.raises(BundleError, match="'reference' of the manifest is malformed at age_years"):
        values("age_years", kept)
