"""Which file a table is read from."""

from __future__ import annotations

import gzip

import pytest

from vfprog.data.reading.folder import find_files, read_file
from vfprog.errors import InputError


def names(folder, files=None) -> dict[str, str]:
    return {table: path.name for table, path in find_files(folder, files or {}).items()}


def refused(call, *args) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        call(*args)
    return [(f.table, f.rule) for f in caught.value.failures]


def test_files_are_named_after_tables(tmp_path):
    for name in ("episodes.csv", "visits.csv.gz", "events.parquet", "heights.tsv", "other.csv"):
        (tmp_path / name).touch()
    assert names(tmp_path) == {
        "episodes": "episodes.csv", "visits": "visits.csv.gz", "events": "events.parquet",
        "heights": "heights.tsv",
    }  # fmt: skip


def test_a_mapping_may_leave_out_the_suffix(tmp_path):
    for name in ("pat.csv.gz", "pat2", "vis.csv"):
        (tmp_path / name).touch()
    assert names(tmp_path, {"episodes": "pat", "visits": "vis.csv"}) == {
        "episodes": "pat.csv.gz", "visits": "vis.csv",
    }  # fmt: skip
    assert names(tmp_path, {"episodes": "pat2"})["episodes"] == "pat2"
    assert refused(find_files, tmp_path, {"episodes": "none"}) == [("episodes", "no_file")]
    assert refused(find_files, tmp_path, {}) == [("episodes", "no_file")]


def test_a_table_in_two_files_is_refused(tmp_path):
    for name in ("episodes.csv", "episodes.csv.gz"):
        (tmp_path / name).touch()
    assert refused(find_files, tmp_path, {}) == [("episodes", "two_files")]


def test_a_file_is_read_by_its_suffix(tmp_path):
    path = tmp_path / "E.CSV.GZ"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    part = read_file("episodes", path, delimiter=None, encoding=None)
    assert part.frame["a"].tolist() == ["1"]
    (tmp_path / "e.doc").touch()
    options = {"delimiter": None, "encoding": None}
    for name, rule in (("e.doc", "file_type"), ("none.csv", "no_file")):
        with pytest.raises(InputError) as caught:
            read_file("episodes", tmp_path / name, **options)
        assert caught.value.failures[0].rule == rule
