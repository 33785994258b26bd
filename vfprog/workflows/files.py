"""Write results beside their place, then rename; never over anything without being asked."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

# Written into every folder of results, so that --force replaces only what vfprog wrote.
_MARK = ".vfprog-results"
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
    folder = Path(out)
    if folder.exists() and not force:
        raise ConfigError(f"{folder} exists; choose another place or give --force to replace it")
    if folder.exists() and not (folder / _MARK).is_file():
        raise ConfigError(
            f"{folder} was not written by vfprog; it is not replaced, even with --force"
        )
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
