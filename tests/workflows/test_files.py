import json

import pandas as pd
import pytest

from vfprog.errors import ConfigError
from vfprog.workflows.files import (
    check_not_around,
    check_not_input,
    check_target,
    result_folder,
    without_formulas,
    write_table,
)

TABLE = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def filled(out, text, *, force=False):
    with result_folder(out, force=force) as folder:
        (folder / "figure.txt").write_text(text, encoding="utf-8")
        assert folder != out


def test_a_folder_appears_only_when_all_is_written(tmp_path):
    out = tmp_path / "deep" / "results"
    with result_folder(out, force=False) as folder:
        (folder / "a").touch()
        assert not out.exists()
    assert (out / "a").is_file()
    assert [p.name for p in out.parent.iterdir()] == ["results"]


def test_a_failure_leaves_nothing(tmp_path):
    def work():
        with result_folder(tmp_path / "out", force=False) as folder:
            (folder / "half").touch()
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        work()
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_results_that_were_there(tmp_path):
    out = tmp_path / "out"
    filled(out, "old")

    def work():
        with result_folder(out, force=True):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert (out / "figure.txt").read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_results_are_replaced_only_when_asked(tmp_path):
    out = tmp_path / "out"
    filled(out, "old")
    (out / "more").touch()
    with pytest.raises(ConfigError, match=r"out exists; .*--force"):
        filled(out, "new")
    filled(out, "new", force=True)
    assert (out / "figure.txt").read_text(encoding="utf-8") == "new"
    assert not (out / "more").exists()


def test_what_is_not_ours_is_never_replaced(tmp_path):
    theirs = tmp_path / "thesis"
    theirs.mkdir()
    (theirs / "chapter1.tex").touch()
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for place in (theirs, file):
        with pytest.raises(ConfigError, match="not written by vfprog"):
            filled(place, "new", force=True)
    assert (theirs / "chapter1.tex").is_file()
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_a_table_is_written_by_its_ending_and_comes_back(tmp_path, ending):
    path = write_table(TABLE, tmp_path / "new" / f"t.{ending}")
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[ending]
    pd.testing.assert_frame_equal(read(path), TABLE, check_dtype=False)
    assert [p.name for p in path.parent.iterdir()] == [f"t.{ending}"]


def test_json_keeps_the_numbers_of_the_other_formats(tmp_path):
    table = pd.DataFrame({"risk": [0.6763829494444512, 1 / 3]})
    text = write_table(table, tmp_path / "t.json").read_text(encoding="utf-8")
    assert [row["risk"] for row in json.loads(text)] == pytest.approx(table["risk"], abs=1e-15)


def test_a_table_is_replaced_only_when_asked(tmp_path):
    path = write_table(TABLE, tmp_path / "t.csv")
    with pytest.raises(ConfigError, match=r"t\.csv exists; .*--force"):
        write_table(TABLE.head(1), path)
    assert len(pd.read_csv(path)) == 2
    write_table(TABLE.head(1), path, force=True)
    assert len(pd.read_csv(path)) == 1


@pytest.mark.parametrize("name", ["t.xlsx", "t", "t.csv.gz"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match=r"written as \.csv, \.parquet, \.json"):
        check_target(tmp_path / name, force=True)


@pytest.fixture
def folder(tmp_path):
    tables = tmp_path / "tables"
    tables.mkdir()
    (tmp_path / "linked.csv").touch()
    (tables / "events.csv").symlink_to(tmp_path / "linked.csv")
    (tables / "Eventi.csv").touch()
    (tmp_path / "to_tables").symlink_to(tables)
    return tables


@pytest.mark.parametrize(
    "out", ["tables/Eventi.csv", "tables/new.csv", "linked.csv", "to_tables/x.csv", "tables"]
)
def test_nothing_is_written_into_a_folder_of_tables(folder, tmp_path, out):
    for source in (folder, str(tmp_path / "to_tables")):
        with pytest.raises(ConfigError, match=r"is the source.* never written over it"):
            check_not_input(tmp_path / out, source)
    check_not_input(tmp_path / "other.csv", folder)


@pytest.mark.parametrize("url", ["{}", "sqlite:///{}", "duckdb:///{}#flat"])
def test_nothing_is_written_over_a_file_or_database(tmp_path, monkeypatch, url):
    file = tmp_path / "c.csv"
    file.touch()
    (tmp_path / "link.csv").symlink_to(file)
    monkeypatch.chdir(tmp_path)
    for out in (file, "c.csv", "link.csv"):
        with pytest.raises(ConfigError, match="is the source"):
            check_not_input(out, "postgresql://u:p@host/db", url.format(file))
    check_not_input("d.csv", url.format(file), None, TABLE)


def test_nothing_is_written_over_a_mapping(tmp_path):
    file = tmp_path / "m.yaml"
    file.touch()
    with pytest.raises(ConfigError, match="is the source"):
        check_not_input(file, tmp_path / "c.csv", mapping=str(file))
    check_not_input(file, tmp_path / "c.csv", mapping="no such mapping")
    check_not_input(file, tmp_path / "c.csv", mapping="glow")


def test_no_folder_is_replaced_that_holds_the_source(folder, tmp_path):
    for place in (folder, folder.parent):
        with pytest.raises(ConfigError, match="is the source"):
            check_not_around(place, folder)
    check_not_around(folder / "aside", folder)


def test_no_cell_is_a_formula():
    words = ["=1+1", "+49 30", "-", "@x", "\tx", "-1,5", "+2", "-3.5e2", "a=b", None, 7]
    safe = without_formulas(pd.DataFrame({"value": words, "column": words}))
    told = ["'=1+1", "'+49 30", "'-", "'@x", "'\tx", *words[5:]]
    assert safe["value"].tolist() == told
    assert safe["column"].tolist() == words
