"""Databases are opened for reading only, by drivers that may be absent."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

import duckdb
import pytest

from vfprog.data.readers import read_registry
from vfprog.data.reading.address import parse_address
from vfprog.data.reading.drivers import connect
from vfprog.errors import InputError, MissingExtraError


@pytest.mark.parametrize(("driver", "url"), [("duckdb", "duckdb:///{}"),
                                             ("psycopg", "postgresql://h/{}")])  # fmt: skip
def test_an_absent_driver_gives_the_line_that_installs_it(tmp_path, monkeypatch, driver, url):
    (tmp_path / "a").touch()
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'vfprog\[sql\]'"):
        read_registry(url.format(tmp_path / "a"))


@pytest.mark.parametrize(("scheme", "module", "error"), [
    ("sqlite", sqlite3, sqlite3.OperationalError),
    ("duckdb", duckdb, duckdb.InvalidInputException),
])  # fmt: skip
def test_embedded_databases_cannot_be_written_to(tmp_path, scheme, module, error):
    path = tmp_path / "a b%20?.db"  # each of these letters means something in a URL
    with closing(module.connect(str(path))) as connection:
        connection.execute("CREATE TABLE t (a TEXT)")
    url = f"{scheme}:///{str(path).replace('%', '%25')}"
    with closing(connect(parse_address(url))) as driver:
        assert [name for _, name, _ in driver.tables()] == ["t"]
        assert driver.rows("episodes", "main", "t") == (["a"], [])
        with pytest.raises(error, match="read"):
            driver.connection.execute("CREATE TABLE u (a TEXT)")


def test_a_query_that_fails_is_refused_without_its_driver_in_the_chain(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW v AS SELECT * FROM gone")
    with closing(connect(parse_address(f"sqlite:///{path}"))) as driver:
        with pytest.raises(InputError, match="no such table") as caught:
            driver.rows("episodes", "main", "v")
        assert caught.value.__suppress_context__


@pytest.mark.slow
def test_postgresql_cannot_be_written_to(postgresql):
    import psycopg

    driver = connect(parse_address(postgresql))
    with closing(driver), pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        driver.connection.execute("CREATE TABLE t (a TEXT)")
