"""Find the tables of a source whose names are foreign."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vfprog.data.reading.address import is_address, parse_address
from vfprog.data.reading.database import Database
from vfprog.data.reading.folder import SUFFIXES
from vfprog.data.reading.workbook import SUFFIXES as WORKBOOKS
from vfprog.data.reading.workbook import Workbook
from vfprog.data.sources import read_source
from vfprog.errors import ConfigError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.data.sources import Source
    from vfprog.errors import Failure

_RULES = ("read_as", "ambiguous_date")


@dataclass(frozen=True)
class ForeignTables:
    """The tables of a source under the names they have there.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Raw tables.
    is_flat : bool
        Whether there is but one, and no folder around it.
    notes : tuple of str
        How files were understood, and which could not be read.
    name : str
        What to call the source: no folders above it, no user, no password.
    """

    tables: dict[str, pd.DataFrame]
    is_flat: bool
    notes: tuple[str, ...]
    name: str


def read_foreign(source: str | Path) -> ForeignTables:
    """Read every table of a folder, workbook or database, or one flat table.

    Parameters
    ----------
    source : str or pathlib.Path
        Folder, file, or URL of a database.

    Returns
    -------
    ForeignTables
        The tables; what cannot be read is left out and told.

    Raises
    ------
    InputError
        The one table there is cannot be read.
    ConfigError
        There is no table at all.
    """
    names, is_flat = _names(source)
    if is_flat:
        read = read_source(source)
        notes = _notes(read.failures)
        return ForeignTables({names[0]: read.tables["episodes"]}, True, notes, read.name)
    tables: dict[str, pd.DataFrame] = {}
    told: list[str] = []
    for name in names:
        try:
            read = _one(source, name)
        except InputError as error:
            told.append(f"{name} could not be read and is left out: {error.failures[0].message}")
            continue
        tables[name] = read.tables["episodes"]
        told += [f"{name}: {text}" for text in _notes(read.failures)]
    if not tables:
        raise ConfigError(f"{source} holds no table; {'; '.join(told) or 'it is empty'}")
    return ForeignTables(tables, False, tuple(told), _called(source))


def _names(source: str | Path) -> tuple[list[str], bool]:
    """Return the names of all tables, and whether the source is one flat table."""
    if isinstance(source, str) and is_address(source):
        address = parse_address(source)
        if address.table is not None:
            return [address.name], True
        with Database(address) as database:
            return sorted(database.tables), False
    path = Path(source)
    if path.is_dir():
        names = sorted(place.name for place in path.iterdir() if place.name.endswith(SUFFIXES))
        return names, False
    if path.suffix.lower() in WORKBOOKS and path.is_file():
        with closing(Workbook(path)) as book:
            return list(book.sheets), len(book.sheets) == 1
    return [path.name], True


def _called(source: str | Path) -> str:
    is_url = isinstance(source, str) and is_address(source)
    return parse_address(str(source)).name if is_url else Path(source).name


def _one(source: str | Path, name: str) -> Source:
    if not (isinstance(source, str) and is_address(source)) and Path(source).is_dir():
        return read_source(Path(source) / name)
    return read_source(source, files={"episodes": name})


def _notes(failures: tuple[Failure, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.message for f in failures if f.rule in _RULES))
