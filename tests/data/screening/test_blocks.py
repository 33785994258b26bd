"""Runs of rows with another share of events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import screened, tables_of
from vfprog.data.screening.blocks import _bound, check_blocks


def _registry(event, **columns):
    ids = [f"e{i}" for i in range(len(event))]
    episodes = pd.DataFrame({"episode_id": ids, "site_id": "s", "treatment": "sham"} | columns)
    end = pd.Series(np.asarray(event, dtype=float), index=pd.Index(ids)).dropna()
    return screened({"episodes": episodes}, events={"end": end})


def _random(n, share, seed=0):
    return (np.random.default_rng(seed).random(n) < share).astype(float)


def test_a_tail_of_cases_is_found_with_its_rows():
    event = np.concatenate([_random(950, 0.2), np.ones(50)])
    event[949] = 0
    (failure,) = check_blocks(_registry(event))
    assert (failure.row, failure.line, failure.value) == ("rows 952 to 1001", 952, 1.0)
    assert (failure.table, failure.column) == ("episodes", "end")
    assert (failure.rule, failure.severity) == ("event_block", "warning")
    assert "100% of 50 episodes have the event end" in failure.message


def test_a_file_sorted_by_outcome():
    (failure,) = check_blocks(_registry(np.repeat([0.0, 1.0], [300, 100])))
    assert (failure.row, failure.value) == ("rows 302 to 401", 1.0)


def test_a_block_without_events_in_the_middle():
    event = _random(1000, 0.3)
    event[400:600] = 0
    event[[399, 600]] = 1
    (failure,) = check_blocks(_registry(event))
    assert (failure.row, failure.value) == ("rows 402 to 601", 0.0)


def test_two_blocks():
    event = _random(2000, 0.2)
    event[200:280] = event[1500:1600] = 1
    event[[199, 280, 1499, 1600]] = 0
    failures = check_blocks(_registry(event))
    assert [f.row for f in failures] == ["rows 202 to 281", "rows 1502 to 1601"]


def test_sites_and_treatments_explain_their_own_share():
    event = np.concatenate([_random(300, 0.1), _random(300, 0.6, 1)])
    assert check_blocks(_registry(event)) != []
    assert check_blocks(_registry(event, site_id=np.repeat(["a", "b"], 300))) == []
    arms = np.repeat(["sham", "vertebroplasty"], 300)
    assert check_blocks(_registry(event, treatment=arms)) == []


def test_early_events_at_the_end_of_a_file_ordered_by_date_are_no_block():
    event = np.concatenate([_random(900, 0.25), np.where(_random(300, 0.25) == 1, 1, np.nan)])
    assert check_blocks(_registry(event)) == []


def test_unknown_outcomes_do_not_hide_a_block():
    event = np.concatenate([_random(900, 0.2), np.ones(100)])
    event[np.random.default_rng(5).random(1000) < 0.3] = np.nan
    (failure,) = check_blocks(_registry(event))
    assert failure.value == 1.0
    assert 895 <= failure.line <= 905


def test_few_events_say_nothing():
    assert check_blocks(_registry(np.repeat([0.0, 1.0], [400, 9]))) == []


def test_the_bound_holds_and_is_the_poisson_binomial_one():
    # 5 of 10 where 2 are expected: 5 log(5 / 2) + 5 log(5 / 8) = 2.23; binomial tail .0328 < .107
    value = _bound(np.array([5.0]), np.array([2.0]), np.array([10.0]))[0]
    assert value == pytest.approx(5 * np.log(2.5) + 5 * np.log(0.625))
    assert np.exp(-value) > 0.0328
    assert _bound(np.array([1.0]), np.array([2.0]), np.array([10.0]))[0] == 0


@pytest.mark.parametrize("by", [None, "index_date", "site_id", "treatment", "age_years"])
def test_clean_registries_pass_in_any_order(by):
    tables = tables_of(800, seed=2)
    if by is not None:
        tables["episodes"] = tables["episodes"].sort_values(by)
    assert check_blocks(screened(tables)) == []
