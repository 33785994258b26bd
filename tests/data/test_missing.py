from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vfprog.data.missing import missing_by, missing_patterns

NAN = np.nan


def test_patterns_by_hand():
    frame = pd.DataFrame({
        "a": [1, NAN, NAN, 4, NAN], "full": 1, "b": [1, NAN, NAN, 4, 5], "c": [1, 2, 3, NAN, 5],
    })  # fmt: skip
    table = missing_patterns(frame)
    assert table["column"].unique().tolist() == ["a", "b", "c"]
    wide = table.pivot_table(index="pattern", columns="column", values="missing")
    assert wide.astype(bool).to_numpy().tolist() == [
        [True, True, False], [False, False, False], [False, False, True], [True, False, False],
    ]  # fmt: skip
    sizes = table.groupby("pattern")[["n", "share"]].first()
    assert sizes["n"].tolist() == [2, 1, 1, 1]
    assert sizes["share"].tolist() == [0.4, 0.2, 0.2, 0.2]


def test_only_the_most_frequent_patterns_are_kept():
    frame = pd.DataFrame({"a": [NAN, NAN, 1, 1, 1], "b": [1, 1, 1, NAN, 1]})
    assert missing_patterns(frame, top=1)["n"].tolist() == [2, 2]


def test_nothing_missing_or_nothing_there_gives_no_rows():
    assert missing_patterns(pd.DataFrame({"a": [1, 2]})).empty
    assert missing_patterns(pd.DataFrame({"a": []})).empty
    assert missing_by(pd.DataFrame({"a": [1, 2]}), pd.Series(["x", "y"])).empty


@given(arrays.arrays(bool, st.tuples(st.integers(1, 30), st.integers(1, 70))))
def test_patterns_agree_with_counting_rows_one_by_one(flags):
    frame = pd.DataFrame(np.where(flags, NAN, 1.0)).rename(columns="c{}".format)
    table = missing_patterns(frame, top=100)
    kept = flags[:, flags.any(axis=0)]
    expected = Counter(map(tuple, kept.tolist())) if kept.shape[1] else Counter()
    found = {
        tuple(part["missing"].tolist()): int(part["n"].iloc[0])
        for _, part in table.groupby("pattern")
    }
    assert found == dict(expected)


def test_missing_by_agrees_with_a_mean_of_each_group():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.random((200, 3)), columns=["n", "group", "x"])
    frame = frame.mask(rng.random(frame.shape) < [0.1, 0.5, 0.9])
    groups = pd.Series(rng.choice(["s1", "s2", None], 200, p=[0.3, 0.5, 0.2]))
    table = missing_by(frame, groups)
    assert table["group"].unique().tolist() == ["s2", "s1"]
    expected = frame.isna().groupby(groups).mean()
    for line in table.itertuples():
        assert line.missing_share == pytest.approx(expected.loc[line.group, line.column])
        assert line.n == (groups == line.group).sum()
    assert len(table) == 6
