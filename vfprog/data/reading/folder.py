"""Find the files of a folder of tables, and read a file by its suffix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.data.reading.columnar import read_parquet
from vfprog.data.reading.parts import Part, refuse
from vfprog.data.reading.text import read_text
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TEXT = tuple(kind + packed for kind in (".csv", ".tsv", ".txt") for packed in ("", ".gz"))
SUFFIXES = (*_TEXT, ".parquet")
_DATABASES = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".duckdb": "duckdb"}


def find_files(folder: Path, files: Mapping[str, str | None]) -> dict[str, Path]:
    """Find the file of each table.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    files : mapping of str to str
        File of each table where it is not named after the table; its suffix may be left out.

    Returns
    -------
    dict of str to pathlib.Path
        Tables there are.

    Raises
    ------
    InputError
        A table stands in two files, or one that is needed in none.
    """
    places: dict[str, Path] = {}
    for name in REGISTRY:
        given = files.get(name)
        stem = given or name
        named = [folder / given] if given else []
        there = [place for place in named if place.is_file()]
        there = there or [p for s in SUFFIXES if (p := folder / f"{stem}{s}").is_file()]
        if len(there) > 1:
            found = " and ".join(place.name for place in there)
            refuse(name, folder.name, "two_files", f"{folder} has {name} twice: {found}")
        if there:
            places[name] = there[0]
        elif given or name == "episodes":
            wanted = f"{given!r}" if given else f"{name}.csv or {name}.parquet"
            refuse(name, folder.name, "no_file", f"{folder} has no file {wanted}")
    return places


def read_file(table: str, path: Path, *, delimiter: str | None, encoding: str | None) -> Part:
    """Read one file as one table.

    Parameters
    ----------
    table : str
        Named in the failures.
    path : pathlib.Path
        The file.
    delimiter, encoding : str, optional
        How a text file is written; default as it looks.

    Returns
    -------
    Part
        The table.

    Raises
    ------
    InputError
        The file is absent, of an unknown kind, or no table.
    """
    if not path.is_file():
        refuse(table, path.name, "no_file", f"{path} does not exist")
    name = path.name.lower()
    if name.endswith(".parquet"):
        return read_parquet(table, path)
    if not name.endswith(_TEXT):
        known = "a folder of tables, a .csv, .tsv or .txt (or .gz of one), a .parquet, or an .xlsx"
        text = f"{path} is none of {known}"
        if path.suffix in _DATABASES:
            text += f"; a database is given as {_DATABASES[path.suffix]}:///{path}"
        refuse(table, path.name, "file_type", text)
    return read_text(table, path, delimiter=delimiter, encoding=encoding)
