import json

import pandas as pd
import pytest

from vfprog.errors import ConfigError
from vfprog.workflows.files import check_target, result_folder, write_table

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
