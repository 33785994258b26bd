"""Days that the calendar or another episode of the patient rules out."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.data.screening.exports import found, screened, tables_of
from vfprog.data.screening.dates import check_dates

TODAY = pd.Timestamp("2024-01-31")


def _registry():
    episodes = pd.DataFrame({
        "episode_id": ["a", "b", "c", "d"],
        "patient_id": ["p", "p", "q", "r"],
        "site_id": "s",
        "index_date": pd.to_datetime(["2023-01-01", "2023-07-01", "2024-01-01", "2024-03-01"]),
        "treatment": "vertebroplasty",
        "follow_up_end_day": [100, 200, 30, 10],
    })  # fmt: skip
    visits = pd.DataFrame({"episode_id": ["c", "c", "d", "zz"], "day": [30, 31, 5, 9999], "vas": 3})
    events = pd.DataFrame({"episode_id": ["a"], "day": [50], "event": ["death"], "level": [None]})
    return {"episodes": episodes, "visits": visits, "events": events}


def _check(tables):
    return check_dates(screened(tables, events={}), today=TODAY)


def test_a_visit_still_to_come_is_named():
    # c began on 1 January: day 30 is today, day 31 tomorrow; d has a future index date of its own.
    (failure,) = [f for f in _check(_registry()) if f.table == "visits"]
    assert (failure.row, failure.line, failure.column, failure.value) == ("c", 3, "day", 31.0)
    assert (failure.rule, failure.severity) == ("date_order", "warning")
    assert "1 days from now" in failure.message


def test_an_episode_after_death_is_an_error():
    # a began on 1 January 2023 and died on day 50, 20 February; b begins 131 days later.
    (failure,) = [f for f in _check(_registry()) if f.severity == "error"]
    assert (failure.table, failure.row, failure.line) == ("episodes", "b", 3)
    assert "131 days after" in failure.message


def test_an_episode_on_the_day_of_death_is_possible():
    tables = _registry()
    tables["events"]["day"] = 181
    assert [f for f in _check(tables) if f.severity == "error"] == []


def test_a_death_of_another_patient_or_without_a_day_says_nothing():
    for change in ({"episode_id": "c"}, {"day": None}, {"event": "crossover"}):
        tables = _registry()
        tables["events"] = tables["events"].assign(**change)
        assert [f for f in _check(tables) if f.severity == "error"] == []


def test_an_end_of_follow_up_still_to_come():
    tables = _registry()
    tables["episodes"].loc[2, "follow_up_end_day"] = 33
    (failure,) = [f for f in _check(tables) if f.column == "follow_up_end_day"]
    assert (failure.row, failure.line, failure.value) == ("c", 4, 33.0)


def test_registries_without_dates_or_events_pass():
    tables = _registry()
    episodes = tables["episodes"].drop(columns=["index_date", "patient_id"])
    assert check_dates(screened({"episodes": episodes}, events={})) == []
    assert check_dates(screened({"episodes": episodes.iloc[:0]}, events={})) == []


@pytest.mark.parametrize("seed", range(3))
def test_clean_registries_pass(seed):
    assert found(check_dates(screened(tables_of(300, seed=seed), events={})), "date_order") == []
