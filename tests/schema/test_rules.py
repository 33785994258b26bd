"""Rules of values: what passes, what fails, and that missing never does."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfprog.schema.dictionary import Predictor, load_dictionary
from vfprog.schema.rules import encode_column, is_missing

DICTIONARY = load_dictionary()
NUMERIC = [p for p in DICTIONARY.predictors if p.is_numeric]
LEVELLED = [p for p in DICTIONARY.predictors if p.levels]
BINARY = [p for p in DICTIONARY.predictors if p.kind == "binary"]
MISSING = [None, math.nan, np.nan, "", "  ", pd.NaT, pd.NA, np.float64("nan")]
AGE = Predictor(name="age", label="Age", kind="continuous", unit="years", hard_range=(18, 110),
                usual_range=(50, 97), concept="frailty")  # fmt: skip

ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.lists(st.integers()) | st.dictionaries(st.text(), st.integers())
)  # fmt: skip


def number_in(predictor: Predictor, low: float, high: float) -> st.SearchStrategy[float]:
    if predictor.kind == "count":
        return st.integers(math.ceil(low), math.floor(high)).map(float)
    return st.floats(low, high)


def rules(predictor: Predictor, *values: object) -> list[tuple[object, str, str]]:
    encoded = encode_column(predictor, list(values), table="t")
    return [(f.row, f.rule, f.severity) for f in encoded.failures]


@given(data=st.data(), predictor=st.sampled_from(NUMERIC))
def test_within_the_usual_range_never_fails(data, predictor):
    value = data.draw(number_in(predictor, *(predictor.usual_range or predictor.hard_range)))
    for given_as in (value, repr(value), np.float64(value)):
        encoded = encode_column(predictor, [given_as], table="t")
        assert encoded.failures == ()
        assert encoded.codes.tolist() == [value]


@given(data=st.data(), predictor=st.sampled_from(NUMERIC))
def test_within_the_hard_range_is_never_an_error(data, predictor):
    value = data.draw(number_in(predictor, *predictor.hard_range))
    encoded = encode_column(predictor, [value], table="t")
    assert encoded.codes.tolist() == [value]
    low, high = predictor.usual_range or predictor.hard_range
    expected = [] if low <= value <= high else [("usual_range", "warning")]
    assert [(f.rule, f.severity) for f in encoded.failures] == expected


@given(data=st.data(), predictor=st.sampled_from(NUMERIC))
def test_outside_the_hard_range_is_always_an_error(data, predictor):
    low, high = predictor.hard_range
    value = data.draw(
        st.floats(max_value=low, exclude_max=True) | st.floats(min_value=high, exclude_min=True)
    )
    encoded = encode_column(predictor, [value], table="t")
    (failure,) = encoded.failures
    assert failure.severity == "error"
    assert np.isnan(encoded.codes[0])


@pytest.mark.parametrize("predictor", DICTIONARY.predictors, ids=lambda p: p.name)
def test_missing_never_fails(predictor):
    encoded = encode_column(predictor, MISSING, table="t")
    assert encoded.failures == ()
    assert np.isnan(encoded.codes).all()


@given(
    predictor=st.sampled_from(DICTIONARY.predictors),
    values=st.lists(ANYTHING),
)
def test_any_value_is_a_number_or_missing_or_a_failure(predictor, values):
    encoded = encode_column(predictor, values, table="t")
    failed = {f.row for f in encoded.failures if f.severity == "error"}
    for position, value in enumerate(values):
        lost = bool(np.isnan(encoded.codes[position]))
        assert lost == (position in failed or is_missing(value))


@given(
    predictor=st.sampled_from(DICTIONARY.predictors),
    values=st.lists(
        st.sampled_from(["70", "x", None, "female", "yes", "1e9", "L1", 3, -5.0, True])
    ),
)
def test_one_by_one_is_the_same_as_together(predictor, values):
    together = encode_column(predictor, values, table="t")
    for position, value in enumerate(values):
        alone = encode_column(predictor, [value], table="t", rows=[position])
        np.testing.assert_array_equal(together.codes[position], alone.codes[0])
        assert [f for f in together.failures if f.row == position] == list(alone.failures)


def test_bounds_belong_to_the_range():
    assert rules(AGE, 18, 50, 97, 110) == [
        (0, "usual_range", "warning"),
        (3, "usual_range", "warning"),
    ]
    assert rules(AGE, np.nextafter(18, 0), np.nextafter(110, 200)) == [
        (0, "hard_range", "error"), (1, "hard_range", "error"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", ["x", "7,5", "nan", "NaN", "1_0", "0x1F", True, [70], {"a": 1}, "70 y"]
)
def test_what_is_no_number(value):
    encoded = encode_column(AGE, [value], table="t")
    assert [(f.rule, f.severity) for f in encoded.failures] == [("number", "error")]
    assert np.isnan(encoded.codes[0])
    assert "expected a number in years" in encoded.failures[0].message


@pytest.mark.parametrize("value", [math.inf, -math.inf, "inf", 10**400])
def test_infinity_is_no_value(value):
    assert rules(AGE, value) == [(0, "number", "error")]


def test_arrays_of_numbers_obey_the_same_rules():
    encoded = encode_column(
        AGE, np.array([70, 17, np.nan, 99]), table="t", rows=["a", "b", "c", "d"]
    )
    np.testing.assert_array_equal(encoded.codes, [70, np.nan, np.nan, 99])
    assert [(f.row, f.value, f.rule) for f in encoded.failures] == [
        ("b", 17.0, "hard_range"), ("d", 99.0, "usual_range"),
    ]  # fmt: skip
    assert encoded.failures[0].message == "must lie between 18 and 110 in years, got 17"


def test_truth_values_are_no_numbers_even_in_an_array():
    assert [f.rule for f in encode_column(AGE, np.array([True]), table="t").failures] == ["number"]


def test_the_array_given_is_left_alone():
    values = np.array([17.0, 70.0])
    encode_column(AGE, values, table="t")
    assert values.tolist() == [17.0, 70.0]


@pytest.mark.parametrize(
    ("value", "code"),
    [(True, 1), (False, 0), (1, 1), (0.0, 0), ("Yes", 1), (" no ", 0), ("TRUE", 1), ("0", 0),
     ("1.0", 1), (np.True_, 1), (np.int64(0), 0)],
)  # fmt: skip
def test_what_is_true_or_false(value, code):
    encoded = encode_column(BINARY[0], [value], table="t")
    assert encoded.failures == ()
    assert encoded.codes.tolist() == [code]


@pytest.mark.parametrize("value", [2, -1, 0.5, "y", "ja", "none", "2.0", "01", [True]])
def test_what_is_neither_true_nor_false(value):
    assert rules(BINARY[0], value) == [(0, "binary", "error")]
    if isinstance(value, int | float):
        as_array = encode_column(BINARY[0], np.array([value]), table="t")
        assert [f.rule for f in as_array.failures] == ["binary"]


@given(data=st.data(), predictor=st.sampled_from(LEVELLED))
def test_levels_are_read_whatever_their_case(data, predictor):
    place = data.draw(st.integers(0, len(predictor.levels) - 1))
    change = data.draw(st.sampled_from([str.lower, str.upper, "  {} ".format]))
    encoded = encode_column(predictor, [change(predictor.levels[place])], table="t")
    assert encoded.failures == ()
    assert encoded.codes.tolist() == [place]


@given(predictor=st.sampled_from(LEVELLED), word=st.text(min_size=1))
def test_other_words_are_no_levels(predictor, word):
    known = word.strip().lower() in {level.lower() for level in predictor.levels}
    assert bool(rules(predictor, word)) == (bool(word.strip()) and not known)


@pytest.mark.parametrize("value", [2, 2.0, "2", "2.0", np.int64(2)])
def test_a_class_may_be_written_as_a_number(value):
    assert encode_column(DICTIONARY["asa_class"], [value], table="t").codes.tolist() == [1]


@pytest.mark.parametrize("value", [True, 2.5, 6, "II", "2.5"])
def test_what_is_no_class(value):
    assert rules(DICTIONARY["asa_class"], value) == [(0, "level", "error")]


def test_counts_are_whole():
    assert rules(DICTIONARY["n_prevalent_fractures"], 2, 2.5, "3") == [(1, "count", "error")]


def test_the_word_none_is_a_value():
    assert encode_column(DICTIONARY["cement_leakage"], ["None"], table="t").codes.tolist() == [0]
    assert not is_missing("None")
    assert not is_missing(0)
    assert not is_missing([])


def test_one_failure_for_one_value_and_the_error_wins():
    # -5 is outside the usual range as well; only the worse is told
    assert rules(DICTIONARY["vas_baseline"], -5) == [(0, "hard_range", "error")]
