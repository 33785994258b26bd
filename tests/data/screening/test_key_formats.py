from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import found, screened, tables_of
from vfprog.data.screening.key_formats import check_key_formats

WRITTEN = {
    "leading zeros": lambda x: "E" + x.str[1:].astype(int).astype(str),
    "upper and lower case": lambda x: x.str.lower(),
    "blanks or quotes": lambda x: x.str[:4] + " " + x.str[4:],
    "a trailing .0": lambda x: x + ".0",
    "signs such as - and _": lambda x: x.str[0] + "-" + x.str[1:],
    "a prefix": lambda x: x.str[1:],
    "a prefix and how the number is written": lambda x: x.str[1:].astype(float),
}


@pytest.mark.parametrize("share", [1.0, 0.03])
@pytest.mark.parametrize("words", WRITTEN)
def test_the_simplest_change_that_mends_the_keys_is_named(words, share):
    tables = tables_of(150)
    keys = tables["visits"]["episode_id"]
    rows = np.random.default_rng(1).random(len(keys)) < share
    other = WRITTEN[words](keys).astype(object)
    tables["visits"] = tables["visits"].assign(episode_id=keys.astype(object).where(~rows, other))
    [failure] = check_key_formats(screened(tables, events={}))
    assert (failure.table, failure.column, failure.row) == ("visits", "episode_id", None)
    assert (failure.rule, failure.severity) == ("key_format", "warning")
    assert failure.value == rows.sum()
    assert f"{rows.sum()} of them would but for {words}: " in failure.message


def test_keys_of_other_patients_are_no_matter_of_writing():
    tables = tables_of(150)
    keys = tables["visits"]["episode_id"]
    tables["visits"] = tables["visits"].assign(
        episode_id="Q" + (keys.str[1:].astype(int) + 9000).astype(str)
    )
    assert check_key_formats(screened(tables, events={})) == []


def test_a_change_that_makes_two_episodes_one_mends_nothing():
    tables = tables_of(20)
    tables["episodes"]["episode_id"] = [
        f"{'AB'[i % 2]}{i // 2}" for i in range(len(tables["episodes"]))
    ]
    for name in ("vertebrae", "heights", "events"):
        tables[name] = tables[name].iloc[:0]
    tables["visits"] = tables["visits"].iloc[:6].assign(episode_id=list("012012"))
    assert check_key_formats(screened(tables, events={})) == []


def test_episodes_whose_keys_differ_only_in_writing_are_listed():
    tables = tables_of(60)
    keys = tables["episodes"]["episode_id"].copy()
    keys.iloc[3] = keys.iloc[8].lower()
    keys.iloc[4] = keys.iloc[9].replace("E0", "E")
    tables["episodes"]["episode_id"] = keys
    failures = [f for f in check_key_formats(screened(tables, events={})) if f.table == "episodes"]
    # The first record is line 2.
    assert [f.line for f in failures] == [5, 6, 10, 11]
    assert [f.row for f in failures] == [keys.iloc[i] for i in (3, 4, 8, 9)]


def test_more_than_a_thousand_are_counted():
    tables = tables_of(700)
    half = tables["episodes"].iloc[:600]
    twin = half.assign(episode_id=half["episode_id"].str.lower())
    tables["episodes"] = pd.concat([half, twin])
    failures = [f for f in check_key_formats(screened(tables, events={})) if f.table == "episodes"]
    assert len(failures) == 1000
    assert (failures[-1].row, failures[-1].value) == (None, 1200)


@pytest.mark.parametrize("n", [60, 300, 1500])
def test_clean_registries_raise_nothing(n):
    assert found(check_key_formats(screened(tables_of(n), events={})), "key_format") == []
