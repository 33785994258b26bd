"""Read the files of a registry as they stand: words stay words, nothing is guessed."""

from __future__ import annotations

import csv
import hashlib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import pandas as pd
import pyarrow as pa

from vfprog.config import load_yaml
from vfprog.errors import ConfigError, Failure, InputError
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# A spreadsheet shows the header in row 1 and the first record in row 2; so do our failures.
FIRST_ROW = 2
_SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class Source:
    """What was read, before anything is translated or checked.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Raw tables by name; a flat file is the table ``episodes``. The index counts rows as a
        spreadsheet does: the first record is row 2.
    is_flat : bool
        Whether one file holds everything.
    digest : str
        sha256 over names of tables and bytes of files.
    simulated : bool
        Whether a ``registry.yaml`` beside the tables says so.
    failures : tuple of Failure
        Faults of the files that did not stop the reading.
    """

    tables: dict[str, pd.DataFrame]
    is_flat: bool
    digest: str
    simulated: bool
    failures: tuple[Failure, ...]


def read_source(
    path: Path,
    *,
    files: Mapping[str, str | None] | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
) -> Source:
    """Read a folder of tables or one flat file.

    Parameters
    ----------
    path : pathlib.Path
        Folder with ``episodes`` and other tables, or a CSV or Parquet file.
    files : mapping of str to str, optional
        File of each table where it is not named after the table.
    delimiter : str
        Character between the fields of a CSV file.
    encoding : str
        Encoding of a CSV file.

    Returns
    -------
    Source
        The raw tables; all values of a CSV file are words, only an empty field is missing.

    Raises
    ------
    InputError
        A file is absent or cannot be read as a table at all.
    """
    is_flat = not path.is_dir()
    places = {"episodes": path} if is_flat else _find_tables(path, files or {})
    tables: dict[str, pd.DataFrame] = {}
    failures: list[Failure] = []
    digest = hashlib.sha256()
    for name, place in places.items():
        frame = _read_file(name, place, delimiter, encoding)
        tables[name], found = _without_empty_rows(name, frame)
        failures += found
        digest.update(name.encode())
        with place.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    simulated = not is_flat and _is_simulated(path / "registry.yaml")
    return Source(tables, is_flat, digest.hexdigest(), simulated, tuple(failures))


def _refuse(table: str, column: str, value: object, rule: str, message: str) -> NoReturn:
    raise InputError([Failure(table, None, column, value, rule, message)])


def _find_tables(folder: Path, files: Mapping[str, str | None]) -> dict[str, Path]:
    places: dict[str, Path] = {}
    for name in REGISTRY:
        given = files.get(name)
        candidates = [folder / given] if given else [folder / f"{name}{s}" for s in _SUFFIXES]
        found = [place for place in candidates if place.is_file()]
        if len(found) > 1:
            _refuse(
                name, "file", folder.name, "two_files", f"{folder} has {name} as CSV and Parquet"
            )
        if found:
            places[name] = found[0]
        elif given or name == "episodes":
            wanted = " or ".join(place.name for place in candidates)
            _refuse(name, "file", folder.name, "no_file", f"{folder} has no file {wanted}")
    return places


def _read_file(name: str, place: Path, delimiter: str, encoding: str) -> pd.DataFrame:
    if not place.is_file():
        _refuse(name, "file", place.name, "no_file", f"{place} does not exist")
    if place.suffix not in _SUFFIXES:
        text = f"{place} is neither a folder of tables nor a .csv or .parquet file"
        _refuse(name, "file", place.name, "file_type", text)
    try:
        if place.suffix == ".parquet":
            frame = pd.read_parquet(place)
        else:
            _check_header(name, place, delimiter, encoding)
            frame = _read_csv(place, delimiter, encoding)
    except (
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        pd.errors.EmptyDataError,
        UnicodeError,
        LookupError,
        csv.Error,
        pa.ArrowException,
    ) as error:
        _refuse(name, "file", place.name, "unreadable", f"{place} cannot be read: {error}")
    frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame))
    frame.columns = frame.columns.map(str)
    return frame


def _read_csv(place: Path, delimiter: str, encoding: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        # A row longer than the header would otherwise lose its last field.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            place,
            sep=delimiter,
            encoding=encoding,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            index_col=False,
            low_memory=False,
        )


def _check_header(name: str, place: Path, delimiter: str, encoding: str) -> None:
    with place.open(encoding=encoding, newline="") as stream:
        header = next(csv.reader(stream, delimiter=delimiter), [])
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        text = f"{place} has more than one column named {', '.join(map(repr, twice))}"
        _refuse(name, twice[0], None, "duplicate_column", text)
    if len(header) == 1 and any(mark in header[0] for mark in ";\t,|"):
        text = f"{place} seems not to be separated by {delimiter!r}: a mapping can set delimiter"
        _refuse(name, "file", header[0][:60], "delimiter", text)


def _without_empty_rows(name: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Failure]]:
    empty = frame.isna().all(axis=1)
    if not empty.any():
        return frame, []
    failures = [
        Failure(
            name, int(row), "file", None, "empty_row", "the row is empty and is left out", "warning"
        )
        for row in frame.index[empty]
    ]
    return frame.loc[~empty], failures


def _is_simulated(place: Path) -> bool:
    if not place.is_file():
        return False
    flag = load_yaml(place).get("simulated", False)
    if not isinstance(flag, bool):
        raise ConfigError(f"{place}: simulated must be true or false, got {flag!r}")
    return flag
