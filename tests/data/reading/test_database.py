"""SQLite, DuckDB and a real PostgreSQL server: the same content gives the same registry."""

from __future__ import annotations

import datetime as dt
import decimal
import sqlite3
import traceback
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from vfprog.data.mapping import Mapping
from vfprog.data.readers import read_registry
from vfprog.data.reading.database import digest_of, typed
from vfprog.data.sources import read_source
from vfprog.errors import InputError

EPISODES = """
    CREATE TABLE {} (episode_id {} PRIMARY KEY, patient_id TEXT, site_id TEXT, treatment TEXT,
                     index_date DATE, age_years NUMERIC(5, 2), n_prevalent_fractures INTEGER)
"""
ROWS = [
    ("e1", "p1", "s1", "sham", "2020-01-02", 71.5, 2),
    ("e2", "p2", "s1", "sham", "2020-02-03", 80, None),
    ("e3", "p3", "s1", "vertebroplasty", None, None, 0),
]
VISITS = "CREATE TABLE visits (episode_id TEXT, day INTEGER, vas FLOAT)"


def fill(execute, mark: str, rows=ROWS, name: str = "episodes") -> None:
    execute(EPISODES.format(name, "VARCHAR"))
    for row in rows:
        execute(f"INSERT INTO {name} VALUES ({', '.join([mark] * 7)})", row)  # noqa: S608
    execute(VISITS)
    execute("INSERT INTO visits VALUES ('e1', 30, 2.5), ('e1', 90, 1)")


def sqlite_file(path: Path, **options) -> str:
    with closing(sqlite3.connect(path)) as connection, connection:
        fill(connection.execute, "?", **options)
    return f"sqlite:///{path}"


def duckdb_file(path: Path) -> str:
    with duckdb.connect(str(path)) as connection:
        fill(connection.execute, "?")
    return f"duckdb:///{path}"


def refused(source: str, **options) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read_registry(source, **options)
    return [(f.rule, f.message) for f in caught.value.failures]


@pytest.mark.parametrize("make", [sqlite_file, duckdb_file])
def test_tables_and_types(tmp_path, make):
    url = make(tmp_path / "a.db")
    check_registry(url, "a.db")


def check_registry(url: str, name: str) -> str:
    registry, failures = read_registry(url)
    assert failures == ()
    episodes = registry.episodes
    assert episodes["episode_id"].tolist() == ["e1", "e2", "e3"]
    np.testing.assert_array_equal(episodes["age_years"], [71.5, 80, np.nan])
    np.testing.assert_array_equal(episodes["n_prevalent_fractures"], [2, np.nan, 0])
    assert episodes["index_date"][1] == pd.Timestamp("2020-02-03")
    assert registry.visits["vas"].tolist() == [2.5, 1]
    assert registry.source == name
    return registry.digest


def test_the_same_content_gives_the_same_digest_and_order(tmp_path):
    first = check_registry(sqlite_file(tmp_path / "a.db"), "a.db")
    other = check_registry(sqlite_file(tmp_path / "b.db", rows=ROWS[::-1]), "b.db")
    third = check_registry(duckdb_file(tmp_path / "c.db"), "c.db")
    assert first == other == third
    changed = [*ROWS[:2], (*ROWS[2][:6], 1)]
    assert read_registry(sqlite_file(tmp_path / "d.db", rows=changed))[0].digest != first


def test_a_view_a_flat_table_and_a_schema(tmp_path):
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA study")
        connection.execute("CREATE TABLE study.pat (id TEXT, age TEXT)")
        connection.execute("INSERT INTO study.pat VALUES ('b', '70,5'), ('a', '71,25')")
        connection.execute("CREATE VIEW flat AS SELECT id AS episode_id, age AS age_years "
                           "FROM study.pat")  # fmt: skip
    registry, failures = read_registry(f"duckdb:///{path}#flat", scoring=True)
    assert registry.episodes["episode_id"].tolist() == ["a", "b"]
    assert registry.episodes["age_years"].tolist() == [71.25, 70.5]
    assert [(f.rule, f.column, f.value) for f in failures] == [("read_as", "age_years", ",")]
    assert registry.source == "a.duckdb#flat"
    columns = {"episode_id": "id", "age_years": "age"}
    mapping = Mapping.model_validate({"tables": {"episodes": {"file": "study.pat",
                                                              "columns": columns}}})  # fmt: skip
    assert len(read_registry(f"duckdb:///{path}", mapping=mapping, scoring=True)[0].episodes) == 2
    source = read_source(f"duckdb:///{path}#study.pat")
    assert source.is_flat
    assert source.tables["episodes"].columns.tolist() == ["id", "age"]


@pytest.mark.parametrize(("make", "scheme"), [(sqlite_file, "sqlite"), (duckdb_file, "duckdb")])
def test_a_name_is_quoted_never_pasted(tmp_path, make, scheme):
    path = tmp_path / "a.db"
    make(path)
    hostile = 'x"; DROP TABLE episodes; --'
    connect = sqlite3.connect if scheme == "sqlite" else duckdb.connect
    quoted = hostile.replace('"', '""')
    with closing(connect(str(path))) as connection:
        connection.execute(f'CREATE TABLE "{quoted}" (episode_id TEXT)')
        connection.execute(f"INSERT INTO \"{quoted}\" VALUES ('a')")  # noqa: S608
        connection.commit()
    mapping = Mapping.model_validate(
        {"tables": {"episodes": {"file": hostile, "columns": {"episode_id": "episode_id"}}}}
    )
    found = read_registry(f"{scheme}:///{path}", mapping=mapping, scoring=True)[0]
    assert found.episodes["episode_id"].tolist() == ["a"]
    check_registry(f"{scheme}:///{path}", "a.db")


@pytest.mark.parametrize(("make", "scheme"), [(sqlite_file, "sqlite"), (duckdb_file, "duckdb")])
def test_nothing_is_written(tmp_path, make, scheme):
    path = tmp_path / "a.db"
    url = make(path)
    before, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o444)
    read_registry(url)
    path.chmod(mode)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]
    assert refused(f"{scheme}:///{tmp_path}/none.db")[0][0] == "no_file"
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]


def test_absent_tables_are_named_with_those_there_are(tmp_path):
    url = sqlite_file(tmp_path / "a.db", name="patients")
    assert refused(url) == [
        ("no_file", "a.db has no table 'episodes'; there are: patients, visits; "
         "#TABLE at the end of the URL reads one flat table"),
    ]  # fmt: skip
    assert refused(f"{url}#nothing")[0][0] == "no_file"


@pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])
def test_what_is_no_database(tmp_path, scheme):
    path = tmp_path / "a.db"
    path.write_bytes(b"episode_id,treatment\n" * 300)
    assert refused(f"{scheme}:///{path}")[0][0] == "unreadable"
    assert refused(str(path))[0] == (
        "file_type", f"{path} is none of a folder of tables, a .csv, .tsv or .txt (or .gz of one), "
        f"a .parquet, or an .xlsx; a database is given as sqlite:///{path}",
    )  # fmt: skip


def test_a_database_cut_off(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        fill(connection.execute, "?")
        rows = [("e1", i, 1.0) for i in range(5000)]
        connection.executemany("INSERT INTO visits VALUES (?, ?, ?)", rows)
    whole = path.read_bytes()
    for n in (50, 5000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:n])
        assert refused(f"sqlite:///{path}")[0][0] == "unreadable"


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([9_007_199_254_740_993, None], "Int64", [9_007_199_254_740_993, None]),
        ([1, 2.5, None], "float64", [1.0, 2.5, None]),
        ([decimal.Decimal("2.0"), decimal.Decimal("3")], "Int64", [2, 3]),
        ([decimal.Decimal("2.5"), None], "float64", [2.5, None]),
        ([True, None], "boolean", [True, None]),
        (["a", None], "str", ["a", None]),
        ([None, None], "str", [None, None]),
        ([1, "x"], "object", [1, "x"]),
        ([True, 1], "object", [True, 1]),
        ([dt.date(2024, 3, 31)], "object", [dt.date(2024, 3, 31)]),
        ([1 << 70], "object", [1 << 70]),
    ],
)
def test_types_change_no_value(values, dtype, expected):
    series = typed(values)
    assert str(series.dtype) == dtype
    assert [None if pd.isna(v) else v for v in series] == expected


def test_digest_knows_rows_columns_and_missing_values():
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["1", None]})
    digests = {
        digest_of(table)
        for table in (
            frame,
            pd.DataFrame({"a": ["x", "y"], "b": [None, "1"]}),
            pd.DataFrame({"a": ["x", "y"], "c": ["1", None]}),
            pd.DataFrame({"b": ["x", "y"], "a": ["1", None]}),
            frame.iloc[[0, 1, 1]],
        )
    }
    assert len(digests) == 5
    assert digest_of(frame) == digest_of(frame.iloc[::-1])
    assert digest_of(frame) == digest_of(frame.assign(b=[1.0, None])[["b", "a"]])


@pytest.mark.slow
def test_postgresql(postgresql, tmp_path):
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS episodes, visits")
        fill(connection.execute, "%s")
        connection.execute("CREATE SCHEMA IF NOT EXISTS study")
        connection.execute(
            'CREATE OR REPLACE VIEW study."odd ""name" AS '
            "SELECT episode_id, index_date::timestamptz AS at FROM episodes"
        )
    name = postgresql.replace("reader:p%40ss%3Aw%2Frd@", "")
    digest = check_registry(postgresql, name)
    assert digest == read_registry(sqlite_file(tmp_path / "a.db"))[0].digest
    with psycopg.connect(postgresql, autocommit=True) as connection:
        # a row that is written anew moves to the end of the table
        connection.execute("UPDATE episodes SET site_id = site_id WHERE episode_id = 'e1'")
    assert check_registry(postgresql, name) == digest
    source = read_source(f'{postgresql}#study.odd "name')
    assert source.is_flat
    assert source.tables["episodes"]["episode_id"].tolist() == ["e1", "e2", "e3"]


@pytest.mark.slow
def test_the_password_of_postgresql_appears_nowhere(postgresql):
    wrong = postgresql.replace("p%40ss%3Aw%2Frd", "wr%40ng-secret")
    broken = postgresql.replace("127.0.0.1", "127.0.0.1,").replace("/postgres", "/%zz")
    for url in (wrong, broken, f"{postgresql}-absent", f"{postgresql}#nothing"):
        with pytest.raises(InputError) as caught:
            read_registry(url)
        told = "".join(traceback.format_exception(caught.value))
        for secret in ("p@ss:w/rd", "p%40ss", "wr@ng", "wr%40ng"):
            assert secret not in told
            assert secret not in repr(caught.value.failures)
