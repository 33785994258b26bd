"""Write results beside their place, then rename; never over anything without being asked."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vfprog.config import find_config
from vfprog.data.reading.address import is_address, parse_address
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

# Written into every folder of results, so that --force replaces only what vfprog wrote.
_MARK = ".vfprog-results"
_IS_SOURCE = "{} is the source, or in or around it; results are never written over it"
# Columns of failures and reasons that repeat words of the source, and how a formula begins.
_TOLD = ("value", "row", "message")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WRITERS = (".csv", ".parquet", ".json")


@contextmanager
def result_folder(out: str | Path, *, force: bool) -> Iterator[Path]:
    """Give a folder to write into, and put it in place when all is written.

    Parameters
    ----------
    out : str or pathlib.Path
        Folder to create.
    force : bool
        Replace a folder of results that is there.

    Yields
    ------
    pathlib.Path
        Folder beside the place; discarded if the work fails.

    Raises
    ------
    ConfigError
        The folder exists, or is not one vfprog wrote.
    """
    folder = check_folder(out, force=force)
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    (beside / _MARK).touch()
    if folder.exists():
        shutil.rmtree(folder)
    beside.rename(folder)


def check_folder(out: str | Path, *, force: bool) -> Path:
    """Raise unless results may be written to a folder; call it before long work.

    Parameters
    ----------
    out : str or pathlib.Path
        Folder to create.
    force : bool
        Whether a folder of results that is there may be replaced.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    folder = Path(out)
    if folder.exists() and not force:
        raise ConfigError(f"{folder} exists; choose another place or give --force to replace it")
    if folder.exists() and not (folder / _MARK).is_file():
        raise ConfigError(
            f"{folder} was not written by vfprog; it is not replaced, even with --force"
        )
    return folder


def check_not_input(out: str | Path, *sources: object, mapping: object = None) -> None:
    """Raise if results would be written over what they are made from, asked for or not.

    Parameters
    ----------
    out : str or pathlib.Path
        File to write.
    *sources : object
        Files, folders, URLs of databases; what is none of these is not looked at.
    mapping : object
        Name or file of a mapping.

    Raises
    ------
    ConfigError
        It is a source, or lies in a folder of tables.
    """
    target = Path(out).resolve()
    for place in _places(sources, mapping):
        linked = any(target == file.resolve() for file in _files(place))
        if linked or target.is_relative_to(place):
            raise ConfigError(_IS_SOURCE.format(out))


def check_not_around(folder: str | Path, *sources: object, mapping: object = None) -> None:
    """Raise if a folder to replace holds what the results are made from, asked for or not.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder to replace.
    *sources : object
        Files, folders, URLs of databases; what is none of these is not looked at.
    mapping : object
        Name or file of a mapping.

    Raises
    ------
    ConfigError
        It is or holds a source.
    """
    target = Path(folder).resolve()
    if any(place.is_relative_to(target) for place in _places(sources, mapping)):
        raise ConfigError(_IS_SOURCE.format(folder))


def _places(sources: Iterable[object], mapping: object) -> list[Path]:
    places = [place for source in sources if (place := _place(source)) is not None]
    if isinstance(mapping, str | Path):
        places += _mapping_file(mapping)
    return places


def _place(source: object) -> Path | None:
    """Return where a source is on disk, None where it is not."""
    if isinstance(source, str) and is_address(source):
        path = parse_address(source).path
    else:
        path = Path(source) if isinstance(source, str | Path) else None
    return None if path is None else path.resolve()


def _mapping_file(mapping: str | Path) -> list[Path]:
    try:
        return [find_config(mapping, folder="mappings").resolve()]
    except ConfigError:  # reading it says what is wrong
        return []


def _files(place: Path) -> list[Path]:
    """Return the files of a folder, some of which may be links to files elsewhere."""
    return list(place.iterdir()) if place.is_dir() else []


def check_target(out: str | Path, *, force: bool) -> Path:
    """Raise unless a table may be written to a file; call it before long work.

    Parameters
    ----------
    out : str or pathlib.Path
        File ending in .csv, .parquet or .json.
    force : bool
        Whether an existing file may be replaced.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path = Path(out)
    if path.suffix not in _WRITERS:
        raise ConfigError(f"{path}: a table is written as {', '.join(_WRITERS)}")
    if path.exists() and not force:
        raise ConfigError(f"{path} exists; choose another place or give --force to replace it")
    return path


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return failures or reasons so that no spreadsheet takes a cell of a CSV for a formula.

    Parameters
    ----------
    table : pandas.DataFrame
        Table for people, with any of the columns value, row and message.

    Returns
    -------
    pandas.DataFrame
        The table; words in those columns that begin like a formula begin with a quote.
    """
    safe = table.copy()
    for name in _TOLD:
        if name in safe:
            safe[name] = [_quoted(cell) for cell in table[name]]
    return safe


def _quoted(cell: Any) -> Any:
    if not isinstance(cell, str) or not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return f"'{cell}"
    return cell


def write_table(frame: pd.DataFrame, out: str | Path, *, force: bool = False) -> Path:
    """Write a table by the ending of its name, beside its place, then rename.

    Parameters
    ----------
    frame : pandas.DataFrame
        Table; its index is not written.
    out : str or pathlib.Path
        File ending in .csv, .parquet or .json.
    force : bool
        Replace an existing file.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path = check_target(out, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    if path.suffix == ".csv":
        frame.to_csv(beside, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(beside, index=False)
    else:
        frame.to_json(beside, orient="records", indent=1, date_format="iso", double_precision=15)
    beside.replace(path)
    return path
