"""Excel workbooks: words as a person would write them, failed formulas reported."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest

from vfprog.data.mapping import Mapping
from vfprog.data.readers import read_registry
from vfprog.data.sources import read_source
from vfprog.errors import InputError


def make(path, /, **sheets: list[list[object]]):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


EPISODES = [
    ["episode_id", "patient_id", "site_id", "treatment", "index_date", "age_years", "smoker"],
    [1, "p1", "s", "sham", dt.date(2020, 1, 2), 71.5, True],
    [2, "p2", "s", "sham", dt.datetime(2020, 2, 3), 70.0, False],
]
VISITS = [["episode_id", "day", "vas"], [1, 30, 2.5], [2, 30, 4]]


def test_cells_become_words(tmp_path):
    rows = [
        ["a", "b", "c", "d"],
        [7.0, 7.25, True, dt.date(2024, 3, 31)],
        ["007", "", False, dt.datetime(2024, 3, 31, 14, 5)],
        [1e20, " x ", None, dt.time(9)],
    ]
    source = read_source(make(tmp_path / "t.xlsx", data=rows))
    frame = source.tables["episodes"]
    assert source.is_flat
    assert frame["a"].tolist() == ["7", "007", "100000000000000000000"]
    assert frame["b"].iloc[[0, 2]].tolist() == ["7.25", " x "]
    assert frame["b"].isna().tolist() == [False, True, False]
    assert frame["c"].iloc[:2].tolist() == ["true", "false"]
    assert frame["d"].tolist() == ["2024-03-31", "2024-03-31 14:05:00", "09:00:00"]
    assert source.failures == ()


def test_sheets_named_like_tables(tmp_path):
    path = make(tmp_path / "t.xlsx", episodes=EPISODES, Visits=VISITS, codebook=[["x"], ["y"]])
    registry, failures = read_registry(path)
    assert failures == ()
    assert registry.episodes["age_years"].tolist() == [71.5, 70]
    assert registry.episodes["smoker"].tolist() == [1, 0]
    assert registry.episodes["index_date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2020-01-02", "2020-02-03",
    ]  # fmt: skip
    assert registry.visits["vas"].tolist() == [2.5, 4]
    assert registry.source == "t.xlsx"


def test_a_mapping_names_sheets_and_the_files_they_were_exported_to(tmp_path):
    columns = dict.fromkeys(["episode_id", "patient_id", "site_id", "treatment"])
    columns = {name: name for name in columns}
    tables = {"episodes": {"file": "Patienten", "columns": columns,
                           "ignore": ["index_date", "age_years", "smoker"]}}  # fmt: skip
    mapping = Mapping.model_validate({"tables": tables})
    book = make(tmp_path / "t.xlsx", Patienten=EPISODES, visits=VISITS)
    assert len(read_registry(book, mapping=mapping)[0].visits) == 2
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "Patienten.csv").write_text("episode_id,patient_id,site_id,treatment\n1,p,s,sham\n")
    assert read_registry(folder, mapping=mapping)[0].episodes["episode_id"].tolist() == ["1"]
    tables["episodes"]["file"] = "Patienten.csv"
    mapping = Mapping.model_validate({"tables": tables})
    assert len(read_registry(book, mapping=mapping)[0].visits) == 2


def test_failed_and_uncomputed_formulas(tmp_path):
    path = make(tmp_path / "t.xlsx", data=[["a", "b"], [1, "#N/A"], ["#DIV/0!", 2], ["=A2+1", 3]])
    source = read_source(path)
    found = [(f.rule, f.column, f.line, f.value, f.severity) for f in source.failures]
    assert found == [
        ("formula_error", "a", 3, "#DIV/0!", "error"),
        ("formula_error", "b", 2, "#N/A", "error"),
        ("formula_error", "a", 4, "=", "error"),
    ]
    frame = source.tables["episodes"]
    assert frame["a"].isna().tolist() == [False, True, True]
    assert frame["b"].isna().tolist() == [True, False, False]


def test_blank_rows(tmp_path):
    rows = [["a", "b", None], [1, 2], [None, None], [3, 4], [None], ["", None]]
    path = make(tmp_path / "t.xlsx", data=rows)
    book = openpyxl.load_workbook(path)
    book["data"]["F900"].number_format = "0.00"  # a format without a value
    book.save(path)
    source = read_source(path)
    assert source.tables["episodes"].index.tolist() == [2, 4]
    assert source.tables["episodes"].columns.tolist() == ["a", "b"]
    assert [(f.rule, f.line) for f in source.failures] == [("empty_row", 3)]


def test_a_wrong_size_of_the_sheet_cuts_nothing_off(tmp_path):
    import zipfile

    path = make(tmp_path / "t.xlsx", data=[["a", "b"], [1, 2], [3, 4]])
    other = tmp_path / "o.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="A1:B3"', b'ref="A1"'))
    assert read_source(other).tables["episodes"]["b"].tolist() == ["2", "4"]


@pytest.mark.parametrize(
    ("sheets", "rule"),
    [
        ({"data": [["a", "a"], [1, 2]]}, "duplicate_column"),
        ({"data": [[None, None], ["a", "b"], [1, 2]]}, "unreadable"),
        ({"one": [["a"], [1]], "two": [["a"], [1]]}, "no_file"),
        ({"visits": VISITS}, "no_file"),
        ({"data": []}, "no_file"),
    ],
)
def test_what_is_no_registry(tmp_path, sheets, rule):
    with pytest.raises(InputError) as caught:
        read_source(make(tmp_path / "t.xlsx", **sheets))
    assert [f.rule for f in caught.value.failures] == [rule]


def test_damage(tmp_path):
    path = make(tmp_path / "t.xlsx", data=[["a"], *[[i] for i in range(300)]])
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[whole.index(b"sheet1.xml") + 60] ^= 255
    for content in (b"", b"PK", whole[:200], whole[:-30], bytes(damaged), b"a,b\n1,2\n"):
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_source(path)
        assert [f.rule for f in caught.value.failures] == ["unreadable"]
