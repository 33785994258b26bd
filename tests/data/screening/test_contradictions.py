"""The same follow-up measured twice, with different results."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import screened, tables_of
from vfprog.data.checks import MAX_FAILURES
from vfprog.data.screening.contradictions import check_contradictions
from vfprog.schema.dictionary import LEVELS

EPISODES = pd.DataFrame({
    "episode_id": ["a", "b"], "patient_id": ["p", "q"], "site_id": "s",
    "treatment": "vertebroplasty",
})  # fmt: skip


def _visits(rows):
    columns = ["episode_id", "day", "vas", "rmdq", "opioids"]
    return _check(visits=pd.DataFrame(rows, columns=columns))


def _heights(rows):
    columns = ["episode_id", "level", "day", "height_loss_pct"]
    return _check(heights=pd.DataFrame(rows, columns=columns))


def _check(**tables):
    return check_contradictions(screened({"episodes": EPISODES, **tables}, events={}))


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [("vas", 4.0, 7.0), ("rmdq", 10, 3), ("opioids", True, False)],
)
def test_two_visits_of_a_day_that_differ(column, first, second):
    there = {"vas": 2.0, "rmdq": 5, "opioids": False}
    rows = [["b", 30, 1.0, 1, True]]
    rows += [["a", 30, *(there | {column: value}).values()] for value in (first, second)]
    (failure,) = _visits(rows)
    assert (failure.table, failure.row, failure.line) == ("visits", "a", 4)
    assert (failure.column, failure.value) == (column, None)
    assert (failure.rule, failure.severity) == ("contradiction", "warning")
    assert failure.message == "differs from row 3, which has the same episode and day"


def test_each_column_and_each_row_that_differs_from_the_first_is_named():
    rows = [["a", 30, 4, 9, None], ["a", 30, 5, 8, None], ["a", 30, 4, 7, None]]
    assert [(f.line, f.column) for f in _visits(rows)] == [(3, "vas"), (3, "rmdq"), (4, "rmdq")]


def test_the_first_value_is_the_first_that_is_there():
    rows = [["a", 30, None, None, None], ["a", 30, 5, None, None], ["a", 30, 6, None, None]]
    (failure,) = _visits(rows)
    assert failure.line == 4
    assert "row 3" in failure.message


@pytest.mark.parametrize(
    "rows",
    [
        [["a", 30, 4, None, None], ["a", 30, None, 8, True]],  # complete each other
        [["a", 30, 4, 8, True], ["a", 30, 4, 8, True]],  # a copy, found elsewhere
        [["a", 30, 4, None, None], ["a", 31, 5, None, None]],
        [["a", 30, 4, None, None], ["b", 30, 5, None, None]],
        [["a", None, 4, None, None], ["a", None, 5, None, None]],
        [["x", 30, 4, None, None], ["x", 30, 5, None, None]],  # no such episode
        [[None, 30, 4, None, None], [None, 30, 5, None, None]],
        [],
    ],
)
def test_visits_that_do_not_contradict(rows):
    assert _visits(rows) == []


def test_films_of_a_vertebra_and_day_that_differ():
    rows = [["a", "L1", 2, 20], ["a", "L2", 2, 30], ["a", "L1", 9, 25], ["a", "L1", 2, 40]]
    (failure,) = _heights(rows)
    assert (failure.table, failure.column, failure.row) == ("heights", "height_loss_pct", "a")
    assert failure.line == 5
    assert failure.message == "differs from row 2, which has the same episode, level and day"
    assert _heights(rows[:3]) == []
    assert _heights([["a", None, 2, 20], ["a", None, 2, 30]]) == []


def test_a_registry_without_follow_up_passes():
    assert _check() == []


@pytest.mark.parametrize("n", [60, 300])
@pytest.mark.parametrize("seed", range(4))
def test_clean_registries_pass(n, seed):
    assert check_contradictions(screened(tables_of(n, seed=seed), events={})) == []


def test_a_million_rows_take_no_time_and_failures_are_capped():
    n = 500_000
    ids = np.char.add("e", np.arange(n).astype("U7"))
    episodes = pd.DataFrame({"episode_id": ids, "patient_id": ids, "site_id": "s",
                             "treatment": "sham"})  # fmt: skip
    heights = pd.DataFrame({"episode_id": np.repeat(ids, 2), "level": LEVELS[5], "day": 30,
                            "height_loss_pct": np.tile([20.0, 21.0], n)})  # fmt: skip
    seen = screened({"episodes": episodes, "heights": heights}, events={})
    start = time.process_time()
    failures = check_contradictions(seen)
    assert time.process_time() - start < 8  # 1 s on an idle machine
    assert len(failures) == MAX_FAILURES + 1
    assert failures[-1].value == n
    assert failures[-1].message.startswith("500000 rows contradict another")
