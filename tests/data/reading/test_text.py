"""CSV files as tables of words: what is read, what is refused, and where."""

from __future__ import annotations

import csv
import gzip
import io

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from vfprog.data.reading.text import read_text
from vfprog.errors import ConfigError, InputError


def read(tmp_path, raw: bytes | str, name: str = "v.csv", **options):
    path = tmp_path / name
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return read_text("visits", path, **options)


def refused(tmp_path, raw: bytes | str, name: str = "v.csv") -> list[tuple[str, int | None]]:
    with pytest.raises(InputError) as caught:
        read(tmp_path, raw, name)
    return [(f.rule, f.line) for f in caught.value.failures]


def test_words_stay_words_and_only_an_empty_field_is_missing(tmp_path):
    part = read(tmp_path, 'a,b\n007,NA\nNone,""\n"x, y","say ""no"""\n1.50,\n')
    assert part.frame["a"].tolist() == ["007", "None", "x, y", "1.50"]
    assert part.frame["b"].iloc[[0, 2]].tolist() == ["NA", 'say "no"']
    assert part.frame["b"].isna().tolist() == [False, True, False, True]
    assert part.frame.index.tolist() == [2, 3, 4, 5]
    assert part.failures == ()


def test_lines_are_counted_as_a_spreadsheet_does(tmp_path):
    # a field of two lines is one row; blank lines are rows, too
    part = read(tmp_path, '\na,b\n1,"two\nlines"\n\n\n2,x\n3,y\n\n\n')
    assert part.frame["a"].tolist() == ["1", "2", "3"]
    assert part.frame.index.tolist() == [3, 6, 7]
    assert part.frame["b"].iloc[0] == "two\nlines"
    (note,) = part.failures
    assert (note.rule, note.severity, note.value, note.line) == ("empty_row", "note", 3, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path, end):
    part = read(tmp_path, end.join(["a,b", "1,2", "3,4", ""]))
    assert part.frame.to_numpy().tolist() == [["1", "2"], ["3", "4"]]
    assert part.failures == ()


def test_mixed_line_ends(tmp_path):
    part = read(tmp_path, "a,b\r\n1,2\n3,4\r5,6\r\n")
    assert part.frame["b"].tolist() == ["2", "4", "6"]


@pytest.mark.parametrize("name", ["v.csv.gz", "v.tsv.gz", "v.txt.gz"])
def test_gzip(tmp_path, name):
    part = read(tmp_path, gzip.compress(b"a\tb\n1\t2\n"), name)
    assert part.frame.to_numpy().tolist() == [["1", "2"]]
    assert [f.rule for f in part.failures] == ["read_as"]


def test_damaged_gzip(tmp_path):
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 500)
    assert refused(tmp_path, packed[:-9], "v.csv.gz") == [("unreadable", None)]
    damaged = packed[:-6] + b"\0\0" + packed[-4:]  # checksum
    assert refused(tmp_path, damaged, "v.csv.gz") == [("unreadable", None)]
    assert refused(tmp_path, b"a,b\n1,2\n", "v.csv.gz") == [("unreadable", None)]


def test_every_row_of_another_length_is_named(tmp_path):
    raw = 'a,b,c\n1,2,3\n\n1,2\n1,"2\n3",4\n1,2,3,4\n'
    assert refused(tmp_path, raw) == [("unreadable", 4), ("unreadable", 6)]


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n', 3),
        ('a,b\n1,2"2\n3,4\n', 2),
        ('a,b\n1,2\n"3"x,4\n', 3),
        ('a,b\n1,2\n3, "4"\n', 3),
        ('"a,b\n1,2\n', 1),
        ('a,b\n"1\n2",3\n4,"5\n', 3),
    ],
)
def test_quotation_marks_out_of_order(tmp_path, raw, line):
    assert refused(tmp_path, raw) == [("unreadable", line)]


@pytest.mark.parametrize("raw", ["", "\n\n", " \r\n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file(tmp_path, raw):
    assert refused(tmp_path, raw) == [("unreadable", None)]


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    part = read(tmp_path, "a,b\n")
    assert part.frame.columns.tolist() == ["a", "b"]
    assert len(part.frame) == 0


def test_names_of_columns(tmp_path):
    assert read(tmp_path, ",b,\n1,2,3\n").frame.columns.tolist() == [
        "Unnamed: 0",
        "b",
        "Unnamed: 2",
    ]
    assert refused(tmp_path, "a,b,a\n1,2,3\n") == [("duplicate_column", None)]


@pytest.mark.slow
def test_a_huge_field_and_many_columns(tmp_path):
    long = "x" * 9_000_000
    assert read(tmp_path, f"a,b\n1,{long}\n2,y\n").frame["b"].tolist() == [long, "y"]
    names = [f"c{i}" for i in range(10_000)]
    row = list(map(str, range(10_000)))
    part = read(tmp_path, "\n".join([",".join(names), ",".join(row), ""]))
    assert part.frame.iloc[0].tolist() == row


def test_a_file_that_may_be_cut_off_says_so(tmp_path):
    part = read(tmp_path, "a,b\n1,2\n3,4")
    assert part.frame["b"].tolist() == ["2", "4"]
    (note,) = part.failures
    assert (note.rule, note.severity, note.line) == ("read_as", "note", 3)


@pytest.mark.parametrize("delimiter", ["§", '"', "\n"])
def test_what_can_be_no_delimiter(tmp_path, delimiter):
    with pytest.raises(ConfigError, match="cannot be a delimiter"):
        read(tmp_path, "a,b\n1,2\n", delimiter=delimiter)


_CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8) | (
    st.sampled_from(['"', ",", ";", "\n", ' "a" ', "1,5", "NA", "nan"])
)


@pytest.mark.slow
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.lists(_CELLS, min_size=3, max_size=3), min_size=1, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_csv_writer_wrote_comes_back(tmp_path, rows, delimiter, encoding):
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerows([["alpha", "beta", "gamma"], *rows])
    raw = target.getvalue().encode(encoding)
    frame = read(tmp_path, raw, delimiter=delimiter).frame
    expected = pd.DataFrame(rows, columns=["alpha", "beta", "gamma"]).replace("", None)
    assert frame.astype(object).where(frame.notna(), None).to_numpy().tolist() == (
        expected.astype(object).where(expected.notna(), None).to_numpy().tolist()
    )
