"""Parquet keeps its types; what pandas wrote beside the columns is no column."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vfprog.data.reading.columnar import read_parquet
from vfprog.errors import InputError


def test_types(tmp_path):
    path = tmp_path / "e.parquet"
    long = 9_007_199_254_740_993  # a float would make it ...992
    pq.write_table(
        pa.table(
            {
                "id": pa.array([long, None]),
                "age": pa.array([decimal.Decimal("71.50"), None]),
                "word": pa.array([b"female", None]),
                "date": pa.array([dt.date(2024, 3, 31), None]),
                "kind": pa.array(["a", "b"]).dictionary_encode(),
            }
        ),
        path,
    )
    frame = read_parquet("episodes", path).frame
    assert frame["id"].tolist() == [long, pd.NA]
    assert frame["age"].iloc[0] == 71.5
    assert frame["word"].iloc[0] == "female"
    assert str(frame["date"].iloc[0]) == "2024-03-31"
    assert isinstance(frame["kind"].dtype, pd.CategoricalDtype)
    assert frame.index.tolist() == [2, 3]


def test_an_index_with_a_name_is_a_column_and_row_numbers_are_none(tmp_path):
    path = tmp_path / "e.parquet"
    frame = pd.DataFrame({"episode_id": ["a", "b", "c"], "age": [70, 71, 72]})
    frame.set_index("episode_id").to_parquet(path)
    assert sorted(read_parquet("episodes", path).frame.columns) == ["age", "episode_id"]
    frame[frame["age"] != 71].to_parquet(path)
    assert read_parquet("episodes", path).frame.columns.tolist() == ["episode_id", "age"]


def test_damage(tmp_path):
    path = tmp_path / "e.parquet"
    pd.DataFrame({"a": np.arange(1000)}).to_parquet(path)
    whole = path.read_bytes()
    for n in (0, 3, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:n])
        with pytest.raises(InputError) as caught:
            read_parquet("episodes", path)
        assert [f.rule for f in caught.value.failures] == ["unreadable"]


def test_columns_that_share_a_name(tmp_path):
    path = tmp_path / "e.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(InputError) as caught:
        read_parquet("episodes", path)
    assert caught.value.failures[0].rule == "duplicate_column"
