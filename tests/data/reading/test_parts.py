"""What all readers share: names of columns, rows that hold nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from vfprog.data.reading.parts import MOST, check_names, refuse, without_empty_rows
from vfprog.errors import InputError


def test_a_refusal_names_table_and_line():
    with pytest.raises(InputError) as caught:
        refuse("visits", 7, "unreadable", "it is damaged", 3)
    (failure,) = caught.value.failures
    assert (failure.table, failure.column, failure.row, failure.line) == ("visits", "file", 3, 3)
    assert (failure.value, failure.rule, failure.severity) == (7, "unreadable", "error")


def test_columns_without_a_name_are_called_by_their_place():
    assert check_names("visits", "v.csv", ["", "a", " "]) == ["Unnamed: 0", "a", "Unnamed: 2"]


def test_columns_that_share_a_name_are_refused():
    with pytest.raises(InputError, match="'a', 'b'") as caught:
        check_names("visits", "v.csv", ["b", "a", "b", "a", "c"])
    assert caught.value.failures[0].column == "a"


def test_empty_rows_are_left_out_one_warning_each():
    frame = pd.DataFrame({"a": ["1", None, None], "b": ["1", "2", None]}, index=[2, 3, 4])
    kept, failures = without_empty_rows("visits", frame)
    assert kept.index.tolist() == [2, 3]
    assert [(f.rule, f.line, f.severity) for f in failures] == [("empty_row", 4, "warning")]
    whole, failures = without_empty_rows("visits", kept)
    assert whole is kept
    assert failures == []


def test_many_empty_rows_are_counted():
    n = MOST + 5
    frame = pd.DataFrame({"a": [None] * n}, index=range(2, n + 2))
    kept, failures = without_empty_rows("visits", frame)
    assert len(kept) == 0
    assert len(failures) == MOST + 1
    assert (failures[-1].value, failures[-1].line) == (n, None)
