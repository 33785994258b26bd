"""Read tables of a database: SQLite and DuckDB files, PostgreSQL servers; nothing is written.

A database keeps no order of rows. Rows are sorted by their first columns, as many as it takes to
tell them apart, so that the same content gives the same registry and the same digest.
"""

from __future__ import annotations

import decimal
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.reading.drivers import connect
from vfprog.data.reading.parts import FIRST_ROW, Part, check_names, refuse
from vfprog.data.words import as_words

if TYPE_CHECKING:
    from types import TracebackType

    from vfprog.data.reading.address import Address


class Database:
    """An open database, for reading only.

    Parameters
    ----------
    address : Address
        Where it is.

    Raises
    ------
    InputError
        There is none, or it cannot be opened.
    MissingExtraError
        Its driver is not installed.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._driver = connect(address)
        # (schema, table), those found first where a name stands in several schemas.
        self._there = self._driver.tables()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._driver.close()

    @property
    def tables(self) -> list[str]:
        """The tables and views that may be given without their schema."""
        return [name for schema, name, is_near in self._there if is_near]

    def find(self, name: str) -> tuple[str, str] | None:
        """Return schema and table of a name such as ``episodes`` or ``study.episodes``.

        Parameters
        ----------
        name : str
            A table or view; the same but for capitals will do where there is only one.

        Returns
        -------
        tuple of str or None
            None where there is no such table.
        """
        for fold in (str, str.casefold):
            near = [(s, t) for s, t, is_near in self._there if is_near and fold(t) == fold(name)]
            full = [(s, t) for s, t, _ in self._there if fold(f"{s}.{t}") == fold(name)]
            if near or full:
                return (near or full)[0]
        return None

    def read(self, table: str, found: tuple[str, str]) -> Part:
        """Read one table.

        Parameters
        ----------
        table : str
            Our name of it, named in the failures.
        found : tuple of str
            Schema and table, as `find` returns them.

        Returns
        -------
        Part
            Typed columns, in an order and with a digest that only the content decides.
        """
        names, rows = self._driver.rows(table, *found)
        names = check_names(table, f"{self.address.name}: {found[1]}", names)
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        frame = pd.DataFrame(
            {name: typed(values) for name, values in zip(names, columns, strict=True)}
        )
        frame = _in_order(frame)
        frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame))
        return Part(frame, digest_of(frame))

    def refuse_absent(self, table: str, name: str) -> None:
        """Say that a table is absent, and which there are."""
        there = ", ".join(self.tables[:30]) or "none"
        text = f"{self.address.name} has no table {name!r}; there are: {there}"
        hint = "; #TABLE at the end of the URL reads one flat table"
        refuse(table, name, "no_file", text + hint)


def typed(values: tuple[Any, ...] | list[Any]) -> pd.Series[Any]:
    """Return the values of one column in the narrowest type that changes none of them.

    Parameters
    ----------
    values : sequence
        What a driver returned; None is missing.

    Returns
    -------
    pandas.Series
        Whole numbers, numbers, booleans, strings; mixed values, dates and lists as they are.
    """
    values = [_plain(value) for value in values]
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int}:
        fits = all(abs(value) < 1 << 63 for value in values if value is not None)
        return pd.Series(values, dtype="Int64" if fits else object)
    if kinds in ({float}, {int, float}):
        return pd.Series(values, dtype="float64")
    if kinds in (set(), {str}):
        return pd.Series(values, dtype="str")
    return pd.Series(values, dtype=object)


def digest_of(frame: pd.DataFrame) -> bytes:
    """Return a sha256 over the content of a table, whatever the order of its rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.

    Returns
    -------
    bytes
        The digest; the same words in the same columns give the same.
    """
    digest = hashlib.sha256()
    rows = np.zeros(len(frame), dtype=np.uint64)
    for name in sorted(frame.columns):
        digest.update(f"{name}\n".encode())
        words = pd.util.hash_array(as_words(frame[name]).fillna("").to_numpy(dtype=object))
        rows = rows * np.uint64(1_000_003) + words
    digest.update(np.sort(rows).tobytes())
    return digest.digest()


def _plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        whole = value.is_finite() and value == value.to_integral_value()
        return int(value) if whole else float(value)
    if isinstance(value, float) and np.isnan(value):
        return None
    return value


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    keys = pd.DataFrame(index=frame.index)
    for name in frame.columns:
        keys[name] = _sortable(frame[name])
        if not keys.duplicated().any():
            break
    return frame.sort_values(list(keys.columns), key=lambda s: keys[s.name]) if len(keys) else frame


def _sortable(series: pd.Series[Any]) -> pd.Series[Any]:
    return series if pd.api.types.is_numeric_dtype(series) else as_words(series)
