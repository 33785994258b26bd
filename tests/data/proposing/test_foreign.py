from __future__ import annotations

import sqlite3

import pandas as pd
import pytest

from vfprog.data.proposing.foreign import read_foreign
from vfprog.errors import ConfigError, InputError

FRAME = pd.DataFrame({"id": ["a", "b"], "Alter": ["70", "80"]})


def test_a_flat_file(tmp_path) -> None:
    FRAME.to_csv(tmp_path / "x.csv", index=False, sep=";")
    found = read_foreign(tmp_path / "x.csv")
    assert (found.is_flat, found.name, list(found.tables)) == (True, "x.csv", ["x.csv"])
    assert found.tables["x.csv"]["Alter"].tolist() == ["70", "80"]
    assert "';'" in found.notes[0]


def test_a_folder_of_any_names(tmp_path) -> None:
    FRAME.to_csv(tmp_path / "Fälle.csv", index=False)
    FRAME.to_parquet(tmp_path / "b.parquet")
    (tmp_path / "broken.parquet").write_text("no parquet")
    (tmp_path / "readme.md").write_text("words")
    found = read_foreign(tmp_path)
    assert sorted(found.tables) == ["Fälle.csv", "b.parquet"]
    assert not found.is_flat
    assert "broken.parquet could not be read" in found.notes[-1]


def test_a_workbook(tmp_path) -> None:
    path = tmp_path / "x.xlsx"
    with pd.ExcelWriter(path) as writer:
        FRAME.to_excel(writer, sheet_name="Fälle", index=False)
        FRAME.to_excel(writer, sheet_name="Wirbel", index=False)
    found = read_foreign(path)
    assert list(found.tables) == ["Fälle", "Wirbel"]
    assert found.tables["Wirbel"]["id"].tolist() == ["a", "b"]


def test_a_database(tmp_path) -> None:
    pytest.importorskip("sqlalchemy")
    with sqlite3.connect(tmp_path / "x.db") as connection:
        FRAME.to_sql("faelle", connection, index=False)
        FRAME.to_sql("wirbel", connection, index=False)
    connection.close()
    found = read_foreign(f"sqlite:///{tmp_path / 'x.db'}")
    assert sorted(found.tables) == ["faelle", "wirbel"]


def test_nothing_there(tmp_path) -> None:
    with pytest.raises(ConfigError, match="holds no table"):
        read_foreign(tmp_path)
    with pytest.raises(InputError):
        read_foreign(tmp_path / "none.csv")
