"""What every reader returns, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from vfprog.errors import Failure, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

# A spreadsheet shows the header in row 1 and the first record in row 2; so do our failures.
FIRST_ROW = 2
# Of a fault that every row has, the first say enough.
MOST = 1000


@dataclass(frozen=True)
class Part:
    """One table as it was read.

    Parameters
    ----------
    frame : pandas.DataFrame
        Raw values; the index counts rows as a spreadsheet does.
    digest : bytes
        sha256 of what was read.
    failures : tuple of Failure
        What did not stop the reading.
    simulated : bool
        Whether the file says of itself that it was simulated.
    """

    frame: pd.DataFrame
    digest: bytes
    failures: tuple[Failure, ...] = ()
    simulated: bool = False


def refuse(table: str, value: object, rule: str, message: str, line: int | None = None) -> NoReturn:
    """Stop reading a table: it is none."""
    raise InputError([Failure(table, line, "file", value, rule, message, line=line)])


def check_names(table: str, place: str, names: Sequence[str]) -> list[str]:
    """Return the names of columns; one without a name is called by its place.

    Parameters
    ----------
    table : str
        Named in the failure.
    place : str
        What to call the file.
    names : sequence of str
        Names as they stand.

    Returns
    -------
    list of str
        Names, no two alike.

    Raises
    ------
    InputError
        Two columns share a name.
    """
    named = [name if name.strip() else f"Unnamed: {i}" for i, name in enumerate(names)]
    seen: set[str] = set()
    twice = sorted({name for name in named if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
    if twice:
        text = f"{place} has more than one column named {', '.join(map(repr, twice)):.500}"
        raise InputError([Failure(table, None, twice[0], None, "duplicate_column", text)])
    return named


def without_empty_rows(table: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Failure]]:
    """Leave out the rows that hold nothing, and say which.

    Parameters
    ----------
    table : str
        Named in the failures.
    frame : pandas.DataFrame
        Raw values.

    Returns
    -------
    frame : pandas.DataFrame
        The other rows.
    failures : list of Failure
        A warning for each row left out; after `MOST`, their number.
    """
    empty = pd.Series(True, index=frame.index)
    for name in frame.columns:
        if not empty.any():
            return frame, []
        empty &= frame[name].isna()
    if not empty.any():
        return frame, []
    lines: list[Any] = frame.index[empty].tolist()
    text = "the row is empty and is left out"
    failures = [
        Failure(table, int(line), "file", None, "empty_row", text, "warning", int(line))
        for line in lines[:MOST]
    ]
    if len(lines) > MOST:
        text = f"{len(lines)} rows are empty and are left out; the first {MOST} are listed"
        failures.append(Failure(table, None, "file", len(lines), "empty_row", text, "warning"))
    return frame.loc[~empty], failures
