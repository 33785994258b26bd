"""Read a registry as it stands, wherever it is: words stay words, types stay types."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vfprog.config import load_yaml
from vfprog.data.reading.address import is_address, parse_address
from vfprog.data.reading.database import Database
from vfprog.data.reading.folder import find_files, read_file
from vfprog.data.reading.parts import FIRST_ROW as FIRST_ROW
from vfprog.data.reading.parts import Part, refuse, without_empty_rows
from vfprog.data.reading.workbook import SUFFIXES as WORKBOOKS
from vfprog.data.reading.workbook import Workbook
from vfprog.errors import ConfigError, Failure, InputError
from vfprog.schema.registry import REGISTRY, TRUTH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd


@dataclass(frozen=True)
class Source:
    """What was read, before anything is translated or checked.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Raw tables by name; a flat table is the table ``episodes``. The index counts rows as a
        spreadsheet does: the first record is row 2.
    is_flat : bool
        Whether one table holds everything.
    digest : str
        sha256 over names of tables and bytes of files, or over the content of a database.
    simulated : bool
        Whether a ``registry.yaml`` beside the tables or any Parquet file among them says so, or
        a ``truth.parquet`` lies there: nobody knows the true risks of real patients.
    failures : tuple of Failure
        Faults of the files that did not stop the reading, and how files were understood.
    name : str
        What to call the source: no folders above it, no user, no password.
    """

    tables: dict[str, pd.DataFrame]
    is_flat: bool
    digest: str
    simulated: bool
    failures: tuple[Failure, ...]
    name: str = ""


def read_source(
    source: str | Path,
    *,
    files: Mapping[str, str | None] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Source:
    """Read a folder of tables, one flat file, a workbook or a database.

    Parameters
    ----------
    source : str or pathlib.Path
        Folder with ``episodes`` and other tables; a CSV (also gzipped) or Parquet file; an Excel
        workbook whose sheets are named after the tables, or with one sheet; or the URL of a
        database, such as ``sqlite:///registry.db``, with ``#table`` for one flat table.
    files : mapping of str to str, optional
        File, sheet or database table of each table where it is not named after the table.
    delimiter : str, optional
        Character between the fields of a text file; default as it looks.
    encoding : str, optional
        Encoding of a text file; default as it looks.

    Returns
    -------
    Source
        The raw tables; all values of text files and workbooks are words, only an empty field is
        missing.

    Raises
    ------
    InputError
        Something is absent or cannot be read as a table at all; all tables are tried first.
    ConfigError
        There is no such encoding or delimiter.
    MissingExtraError
        The database needs a driver that is not installed.
    """
    given = {name: file for name, file in (files or {}).items() if file is not None}
    if isinstance(source, str) and is_address(source):
        return _read_database(source, given)
    path = Path(source)
    try:
        if path.is_dir():
            return _read_folder(path, given, delimiter, encoding)
        if path.suffix.lower() in WORKBOOKS and path.is_file():
            return _read_workbook(path, given)
        read = partial(read_file, "episodes", path, delimiter=delimiter, encoding=encoding)
        return _gather({"episodes": read}, path.name, is_flat=True)
    except OSError as error:
        refuse("episodes", path.name, "unreadable", f"{path} cannot be read: {error.strerror}")


def _read_folder(
    path: Path, files: Mapping[str, str], delimiter: str | None, encoding: str | None
) -> Source:
    places = find_files(path, files)
    parts = {
        name: partial(read_file, name, place, delimiter=delimiter, encoding=encoding)
        for name, place in places.items()
    }
    simulated = _is_simulated(path / "registry.yaml") or (path / TRUTH).is_file()
    return _gather(parts, path.name, is_flat=False, simulated=simulated)


def _read_workbook(path: Path, files: Mapping[str, str]) -> Source:
    with closing(Workbook(path)) as book:
        sheets = book.sheets
        found = {name: sheet for name in REGISTRY if (sheet := _sheet(name, files, sheets))}
        is_flat = not found and not files and len(sheets) == 1
        if is_flat:
            found = {"episodes": sheets[0]}
        _require(found, files, f"{path.name} has no sheet", sheets)
        parts = {name: partial(book.read, name, sheet) for name, sheet in found.items()}
        return _gather(parts, path.name, is_flat=is_flat)


def _sheet(name: str, files: Mapping[str, str], sheets: list[str]) -> str | None:
    """Return the sheet of a table; the mapping may name it as the file it was exported to."""
    given = files.get(name, name)
    stem = given.partition(".")[0]
    fits = (
        [sheet for sheet in sheets if sheet in (given, stem)],
        [sheet for sheet in sheets if sheet.casefold() in (given.casefold(), stem.casefold())],
    )
    return next((found[0] for found in fits if found), None)


def _read_database(url: str, files: Mapping[str, str]) -> Source:
    address = parse_address(url)
    with Database(address) as database:
        if address.table is not None:
            names = {"episodes": address.table}
        else:
            names = {name: files.get(name, name) for name in REGISTRY}
        found = {name: where for name, named in names.items() if (where := database.find(named))}
        for name, named in names.items():
            if name not in found and (name == "episodes" or name in files):
                database.refuse_absent(name, named)
        parts = {name: partial(database.read, name, where) for name, where in found.items()}
        return _gather(parts, address.name, is_flat=address.table is not None)


def _require(
    found: Mapping[str, str], files: Mapping[str, str], text: str, sheets: list[str]
) -> None:
    there = ", ".join(map(repr, sheets[:30])) or "none"
    failures = [
        Failure(name, None, "file", files.get(name, name), "no_file",
                f"{text} {files.get(name, name)!r}; there are: {there}")
        for name in REGISTRY
        if name not in found and (name == "episodes" or name in files)
    ]  # fmt: skip
    if failures:
        raise InputError(failures)


def _gather(
    parts: Mapping[str, Callable[[], Part]], name: str, *, is_flat: bool, simulated: bool = False
) -> Source:
    """Read all tables, even after one that cannot be read: a user mends them once."""
    tables: dict[str, pd.DataFrame] = {}
    refused: list[Failure] = []
    failures: list[Failure] = []
    digest = hashlib.sha256()
    for table, read in parts.items():
        try:
            part = read()
        except InputError as error:
            refused += error.failures
            continue
        tables[table], empty = without_empty_rows(table, part.frame)
        failures += [*part.failures, *empty]
        simulated = simulated or part.simulated
        digest.update(table.encode() + part.digest)
    if refused:
        raise InputError(refused)
    return Source(tables, is_flat, digest.hexdigest(), simulated, tuple(failures), name)


def _is_simulated(place: Path) -> bool:
    if not place.is_file():
        return False
    flag = load_yaml(place).get("simulated", False)
    if not isinstance(flag, bool):
        raise ConfigError(f"{place}: simulated must be true or false, got {flag!r}")
    return flag
