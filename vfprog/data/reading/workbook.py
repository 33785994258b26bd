"""Read the sheets of one Excel workbook as tables of words.

openpyxl reads, although python-calamine is five times as fast: calamine returns a failed formula
(``#REF!``) as a blank, so that a fault of the sheet would pass for a value nobody recorded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings
import zipfile
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import pandas as pd

from vfprog.data.reading.parts import FIRST_ROW, MOST, Part, check_names, refuse
from vfprog.errors import Failure, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SUFFIXES = (".xlsx", ".xlsm")
_FAILED = frozenset(
    {"#REF!", "#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#VALUE!", "#SPILL!", "#CALC!",
     "#GETTING_DATA", "#BUSY!", "#FIELD!", "#BLOCKED!", "#UNKNOWN!", "#CONNECT!"}
)  # fmt: skip
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, IndexError,
    AttributeError, EOFError, NotImplementedError, OSError, RuntimeError,
)  # fmt: skip


class Workbook:
    """An open workbook.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    InputError
        It is damaged or is no workbook.
    MissingExtraError
        openpyxl is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._check_zip()
        self._values = self._open(data_only=True)
        # Loaded when a sheet has formulas: it tells those that were never computed.
        self._formulas: Any = None

    @property
    def sheets(self) -> list[str]:
        """The sheets that are not empty, by name."""
        return [sheet.title for sheet in self._values.worksheets if self._has_cells(sheet)]

    def read(self, table: str, sheet: str) -> Part:
        """Read one sheet; its first row names the columns.

        Parameters
        ----------
        table : str
            Named in the failures.
        sheet : str
            Name of the sheet.

        Returns
        -------
        Part
            Words; cells whose formula failed are missing and reported.
        """
        place = f"{self.path}, sheet {sheet!r}"
        try:
            rows = _without_blank_ends(self._rows(self._values, sheet))
            uncomputed = self._uncomputed(sheet, rows)
        except _DAMAGE as error:
            refuse(table, sheet, "unreadable", f"{place} cannot be read: {error}")
        if not rows or all(cell is None for cell in rows[0]):
            refuse(table, sheet, "unreadable", f"{place}: the first row must name the columns", 1)
        width = max(len(row) for row in rows)
        header = [_word(cell) or "" for cell in _padded(rows[0], width)]
        names = check_names(table, place, header)
        cells = [_padded(row, width) for row in rows[1:]]
        columns = [[_word(row[i]) for row in cells] for i in range(width)]
        frame = pd.DataFrame(dict(zip(names, columns, strict=True)), dtype="str")
        frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame))
        failures = _failed_cells(table, names, columns, uncomputed)
        for name in names:
            frame[name] = frame[name].mask(frame[name].isin(_FAILED))
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
        return Part(frame, digest, tuple(failures))

    def close(self) -> None:
        """Close the file."""
        for book in (self._values, self._formulas):
            if book is not None:
                book.close()

    def _check_zip(self) -> None:
        """Compare the checksums of all parts: what follows reads what was written."""
        try:
            with zipfile.ZipFile(self.path) as parts:
                damaged = parts.testzip()
        except _DAMAGE as error:
            self._refuse(error)
        if damaged is not None:
            self._refuse(f"its part {damaged} is damaged")

    def _open(self, *, data_only: bool) -> Any:
        try:
            import openpyxl
        except ImportError as error:
            raise MissingExtraError(
                "reading Excel needs openpyxl: pip install 'vfprog[train]'"
            ) from error
        try:
            with warnings.catch_warnings():
                # Styles and validations it does not know; nothing about values.
                warnings.simplefilter("ignore", UserWarning)
                return openpyxl.load_workbook(self.path, read_only=True, data_only=data_only)
        except _DAMAGE as error:
            self._refuse(error)

    def _refuse(self, why: object) -> None:
        refuse("episodes", self.path.name, "unreadable", f"{self.path} is no sound workbook: {why}")

    def _has_cells(self, sheet: Any) -> bool:
        try:
            return any(cell is not None for row in _rows_of(sheet) for cell in row)
        except _DAMAGE as error:
            self._refuse(error)
        return False

    @staticmethod
    def _rows(book: Any, sheet: str) -> list[Sequence[Any]]:
        return list(_rows_of(book[sheet]))

    def _uncomputed(self, sheet: str, rows: list[Sequence[Any]]) -> list[tuple[int, int]]:
        """Return row and column of formulas that hold no result: no program ever opened them."""
        if not self._has_formulas():
            return []
        self._formulas = self._formulas or self._open(data_only=False)
        found = []
        for i, row in enumerate(self._rows(self._formulas, sheet)[: len(rows)]):
            for j, cell in enumerate(row):
                known = rows[i][j] if j < len(rows[i]) else None
                if known is None and isinstance(cell, str) and cell.startswith("="):
                    found.append((i, j))
        return found

    def _has_formulas(self) -> bool:
        with closing(zipfile.ZipFile(self.path)) as parts:
            sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
            return any(b"<f" in parts.read(name) for name in sheets if name.endswith(".xml"))


def _rows_of(sheet: Any) -> Iterable[Sequence[Any]]:
    # Some programs write a wrong size of the sheet, which would cut off its rows.
    sheet.reset_dimensions()
    rows: Iterable[Sequence[Any]] = sheet.iter_rows(values_only=True)
    return rows


def _without_blank_ends(rows: list[Sequence[Any]]) -> list[Sequence[Any]]:
    """Leave out what stands below and right of the last value: formats without content."""
    lengths = [max((j + 1 for j, c in enumerate(row) if c not in (None, "")), default=0)
               for row in rows]  # fmt: skip
    last = max((i + 1 for i, length in enumerate(lengths) if length), default=0)
    return [row[:length] for row, length in zip(rows[:last], lengths[:last], strict=True)]


def _padded(row: Sequence[Any], width: int) -> list[Any]:
    return [*row, *[None] * (width - len(row))]


def _word(cell: object) -> str | None:
    """Return a cell as a person would write it."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _failed_cells(
    table: str,
    names: list[str],
    columns: list[list[str | None]],
    uncomputed: list[tuple[int, int]],
) -> list[Failure]:
    found = [
        (i + FIRST_ROW, name, word, f"the formula failed: {word}")
        for name, words in zip(names, columns, strict=True)
        if not _FAILED.isdisjoint(words)
        for i, word in enumerate(words)
        if word in _FAILED
    ]
    text = "the formula was never computed: open the workbook, let it compute, save it"
    found += [(i + 1, names[j], "=", text) for i, j in uncomputed if i > 0 and j < len(names)]
    return [
        Failure(table, line, name, value, "formula_error", text, line=line)
        for line, name, value, text in found[:MOST]
    ]
