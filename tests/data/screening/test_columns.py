from __future__ import annotations

import numpy as np
import pandas as pd

from tests.data.screening.exports import screened
from vfprog.data.screening.columns import numbers_of, sites_of, span, words_of


def test_words_are_counted_without_case_blanks_or_a_trailing_zero():
    found = words_of(pd.Series([" Yes", "yes", None, "1.0", "", "1", "10", np.nan]))
    assert found.words == ["yes", "1", "10"]
    assert found.place.tolist() == [0, 0, -1, 1, -1, 1, 2, -1]
    assert found.counts.tolist() == [2, 2, 1]
    assert found.rows({"1", "10"}).tolist() == [False] * 3 + [True, False, True, True, False]


def test_values_that_cannot_be_hashed_are_words_too():
    assert words_of(pd.Series([["a"], ["a"], "b"])).counts.tolist() == [2, 1]


def _view():
    return screened({
        "episodes": pd.DataFrame({"episode_id": list("abc"), "site_id": ["S2", "S1", None],
                                  "age_years": ["70", "999", "old"]}),
        "visits": pd.DataFrame({"episode_id": ["b", "x", "a"], "day": [1, 2, 3]}),
    }, events={})  # fmt: skip


def test_numbers_in_error_are_kept():
    assert np.array_equal(
        numbers_of(_view(), "episodes", "age_years"), [70, 999, np.nan], equal_nan=True
    )


def test_a_row_has_the_site_of_its_episode():
    place, names = sites_of(_view(), "visits")
    assert [names[code] if code >= 0 else None for code in place] == ["S1", None, "S2"]


def test_a_span_by_hand():
    assert span(np.arange(101.0)) == "median 50, 5th to 95th percentile 5 to 95"
