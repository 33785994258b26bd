"""Predictors that are identifiers, row numbers or nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import flag, number, screened, tables_of
from vfprog.data.screening.identifiers import check_identifiers
from vfprog.schema.dictionary import Predictor

RNG = np.random.default_rng(0)


def _check(values, *, extra=None, n=300, table="episodes", origins=None, source=None):
    tables = tables_of(n)
    frame = tables[table]
    tables[table] = frame.assign(x=values(frame) if callable(values) else values)
    extra = extra or number("x", table=table)
    registry = screened(tables, extra=[extra], events={}, origins=origins)
    if source is not None:
        registry.source.clear()
        registry.source.update(source)
    return [(f.column, f.rule, f.severity) for f in check_identifiers(registry)]


@pytest.mark.parametrize("values", [
    lambda f: np.arange(len(f)),
    lambda f: np.arange(len(f))[::-1] + 1000,
    lambda f: RNG.permutation(len(f)) + 1,
    lambda f: np.cumsum(RNG.integers(1, 9, len(f))),
    lambda f: np.arange(len(f)) * 0.5,
    lambda f: np.arange(len(f)).astype(str),
])  # fmt: skip
def test_row_numbers(values):
    assert _check(values) == [("x", "row_number", "warning")]


@pytest.mark.parametrize("values", [
    lambda f: RNG.choice(10**7, len(f), replace=False),
    lambda f: f["index_date"].dt.strftime("%Y%m%d").astype(int),
    lambda f: (f["index_date"] - pd.Timestamp("1900-01-01")).dt.days,
    lambda f: f["patient_id"].str[1:].astype(int),
    lambda f: f["patient_id"],
    lambda f: f["site_id"],
    lambda f: f["site_id"].str[1:].astype(int) * 11,
    lambda f: [f"H{i}" for i in RNG.choice(10**6, len(f), replace=False)],
    lambda f: [f"Dr {i % 70}" for i in range(len(f))],
])  # fmt: skip
def test_identifiers(values):
    ((column, rule, severity),) = _check(values)
    assert (column, severity) == ("x", "warning")
    assert rule in {"identifier_like", "row_number"}


@pytest.mark.parametrize("values", [
    lambda f: RNG.normal(27, 4, len(f)),
    lambda f: np.sort(RNG.normal(27, 4, len(f))),
    lambda f: RNG.integers(30, 200, len(f)),
    lambda f: f["index_date"].dt.year,
    lambda f: np.where(f["site_id"] < "S05", 1, 2),
])  # fmt: skip
def test_measurements_pass(values):
    assert _check(values) == []


def test_few_words_that_all_differ():
    names = [f"H{i}" for i in RNG.choice(10**6, 100, replace=False)]
    found = _check(lambda f: names[: len(f)], n=30)
    assert [told for told in found if told[0] == "x"] == [("x", "identifier_like", "warning")]


def test_a_row_number_of_vertebrae():
    assert _check(lambda f: np.arange(len(f)), table="vertebrae") == [
        ("x", "row_number", "warning")
    ]


def test_columns_that_say_nothing():
    assert _check(np.nan) == [("x", "all_missing", "warning")]
    assert _check("") == [("x", "all_missing", "warning")]
    assert _check(7) == [("x", "constant", "warning")]
    assert _check(True, extra=flag("x")) == [("x", "constant", "warning")]
    assert _check(lambda f: np.where(np.arange(len(f)) < 19, 7, np.nan)) == []


def test_a_constant_of_the_mapping_is_meant():
    origins = {("episodes", "x"): "x"}
    assert _check(7, origins=origins, source={}) == []
    assert _check(7, origins=origins, source={"episodes": pd.DataFrame({"x": [7]})}) != []


def test_more_levels_than_a_predictor_can_have():
    many = Predictor(name="x", label="x", kind="nominal", concept="bone",
                     levels=tuple(f"v{i}" for i in range(60)))  # fmt: skip
    assert _check(lambda f: [f"v{i % 60}" for i in range(len(f))], extra=many) == [
        ("x", "identifier_like", "warning")
    ]


def test_what_was_seen_is_said():
    tables = tables_of(100)
    tables["episodes"]["x"] = 7
    (failure,) = check_identifiers(screened(tables, extra=[number("x")], events={}))
    assert (failure.row, failure.value) == (None, "7")
    assert failure.message == f"all {len(tables['episodes'])} values are 7"


@pytest.mark.parametrize("n", [30, 300])
@pytest.mark.parametrize("seed", range(4))
def test_clean_registries_pass(n, seed):
    tables = tables_of(n, seed=seed)
    failures = check_identifiers(screened(tables, events={}))
    assert [f for f in failures if f.rule != "constant"] == []
    assert n == 30 or failures == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("large", [1e308, -1e308, "1e400"])
def test_numbers_too_large_to_add_up_are_left_out(large):
    def values(frame):
        spread = np.random.default_rng(2).normal(size=len(frame))
        return pd.Series(spread, index=frame.index, dtype=object).where(
            np.arange(len(frame)) % 3 > 0, large
        )

    assert _check(values) == []
    assert _check(lambda frame: [large] * len(frame)) == []
