"""The three databases: how each is opened read-only, lists its tables and gives their rows."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from vfprog.data.reading.parts import refuse
from vfprog.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from vfprog.data.reading.address import Address

_DUCKDB_TABLES = """
    SELECT table_schema, table_name, table_schema = current_schema()
    FROM information_schema.tables WHERE table_catalog = current_database()
    ORDER BY 1, 2
"""
_POSTGRESQL_TABLES = """
    SELECT n.nspname, c.relname, n.nspname = ANY (current_schemas(false))
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
      AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY array_position(current_schemas(false), n.nspname), 1, 2
"""


class Driver(ABC):
    """One open database.

    Parameters
    ----------
    address : Address
        Where it is.
    """

    error: type[Exception]
    tables_query: str

    def __init__(self, address: Address) -> None:
        self.address = address
        try:
            self.connection = self.open()
        except self.error as error:
            self._refuse("episodes", error)

    @abstractmethod
    def open(self) -> Any:
        """Open the database so that nothing can be written to it."""

    def tables(self) -> list[tuple[str, str, bool]]:
        """Return schema and name of each table and view, and whether its name alone will do."""
        _, rows = self._query("episodes", self.tables_query)
        return [(str(schema), str(name), bool(is_near)) for schema, name, is_near in rows]

    def rows(self, table: str, schema: str, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return the columns and all rows of a table."""
        # Names cannot be bound as parameters; quoted, they cannot be anything but names.
        return self._query(table, f"SELECT * FROM {_quoted(schema)}.{_quoted(name)}")  # noqa: S608

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def _query(self, table: str, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        try:
            cursor = self.connection.cursor()
            cursor.execute(query)
            return [str(column[0]) for column in cursor.description], cursor.fetchall()
        except (self.error, UnicodeError) as error:
            self._refuse(table, error)
        raise AssertionError("unreachable")  # pragma: no cover

    def _refuse(self, table: str, error: Exception) -> None:
        name = self.address.name
        text = f"{name} cannot be read: {self.address.without_secrets(error)}"
        try:
            refuse(table, name, "unreadable", text)
        except InputError as refusal:
            # The driver's own message may hold the password; it must not be chained.
            raise refusal from None


class Sqlite(Driver):
    """An SQLite file."""

    error = sqlite3.Error
    tables_query = (
        "SELECT 'main', name, 1 FROM sqlite_master "
        "WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 2"
    )

    def open(self) -> Any:
        """Open the file; damage is found now, not in the middle of a table."""
        path = quote(str(self.address.path))
        self._check_size()
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            connection.execute("PRAGMA query_only = true")
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        if state != "ok":
            connection.close()
            raise sqlite3.DatabaseError(state)
        return connection

    def _check_size(self) -> None:
        """Refuse a file that ends within a page; SQLite would read zeros there."""
        file = Path(str(self.address.path))
        with file.open("rb") as stream:
            head = stream.read(18)
        page = int.from_bytes(head[16:18], "big")
        if head.startswith(b"SQLite format 3") and file.stat().st_size % max(page, 512):
            raise sqlite3.DatabaseError("the file is cut off")


class Duckdb(Driver):
    """A DuckDB file."""

    tables_query = _DUCKDB_TABLES

    def __init__(self, address: Address) -> None:
        try:
            import duckdb
        except ImportError as error:
            raise _missing("duckdb") from error
        self.error = duckdb.Error
        self._module = duckdb
        super().__init__(address)

    def open(self) -> Any:
        """Open the file for reading."""
        return self._module.connect(str(self.address.path), read_only=True)


class Postgresql(Driver):
    """A PostgreSQL server; all tables are read from one snapshot."""

    tables_query = _POSTGRESQL_TABLES

    def __init__(self, address: Address) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise _missing("psycopg") from error
        self.error = psycopg.Error
        self._module = psycopg
        super().__init__(address)

    def open(self) -> Any:
        """Connect; the server refuses to write in this transaction."""
        connection = self._module.connect(
            self.address.target, connect_timeout=20, application_name="vfprog"
        )
        connection.read_only = True
        connection.isolation_level = self._module.IsolationLevel.REPEATABLE_READ
        return connection


_DRIVERS: dict[str, type[Driver]] = {
    "sqlite": Sqlite,
    "duckdb": Duckdb,
    "postgresql": Postgresql,
}


def connect(address: Address) -> Driver:
    """Open a database.

    Parameters
    ----------
    address : Address
        Where it is.

    Returns
    -------
    Driver
        The open database.

    Raises
    ------
    InputError
        There is none, or it cannot be opened; a file that is absent is not made.
    MissingExtraError
        Its driver is not installed.
    """
    if address.path is not None and not address.path.is_file():
        refuse("episodes", address.name, "no_file", f"{address.path} does not exist")
    return _DRIVERS[address.system](address)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _missing(driver: str) -> MissingExtraError:
    return MissingExtraError(f"this database needs {driver}: pip install 'vfprog[sql]'")
