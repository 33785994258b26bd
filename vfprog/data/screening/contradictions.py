"""Follow-up measured twice at the same time, with different results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.data.checks import MAX_FAILURES
from vfprog.data.rows import RowNames
from vfprog.errors import Failure
from vfprog.schema.registry import MEASURED

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import IntArray

# Two measurements under one key cannot both be right.
_KEYS = {"visits": ("day",), "heights": ("level", "day")}
# Smaller differences are rounding of the file, not of the measurement.
_SAME = 1e-9


def check_contradictions(screened: Screened) -> list[Failure]:
    """Find rows of follow-up that measure the same thing on the same day differently.

    Visits are compared by episode and day, films by episode, level and day. Only values that
    both rows hold are compared: rows that complete each other are fine.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        ``contradiction``, a warning for each value that differs from the first one recorded for
        the same day, at most ``MAX_FAILURES`` of a column and then their number; the message
        names the row of that one.
    """
    failures: list[Failure] = []
    for table in _KEYS:
        keyed = _rivals(screened, table)
        if len(keyed):
            for column in MEASURED[table]:
                failures += _differing(screened, table, column, keyed)
    return failures


def _rivals(screened: Screened, table: str) -> pd.DataFrame:
    """Return the place of each row that shares its keys with another, by number of the keys."""
    typed = screened.typed[table]
    columns = {key: typed[key].to_numpy(np.float64, na_value=np.nan) for key in _KEYS[table]}
    keyed = pd.DataFrame({"owner": screened.owners[table], **columns})
    keyed = keyed[(keyed["owner"] >= 0) & keyed.notna().all(axis=1)]
    keyed = keyed[keyed.duplicated(keep=False)]
    group = keyed.groupby(list(keyed), sort=False).ngroup()
    return pd.DataFrame({"group": group, "place": keyed.index})


def _differing(screened: Screened, table: str, column: str, keyed: pd.DataFrame) -> list[Failure]:
    values = screened.typed[table][column].to_numpy(np.float64, na_value=np.nan)
    known = keyed[~np.isnan(values[keyed["place"]])]
    places = known["place"].to_numpy(np.intp)
    first = known.groupby("group")["place"].transform("first").to_numpy(np.intp)
    differs = np.flatnonzero(np.abs(values[places] - values[first]) > _SAME)
    failures = _told(screened, table, column, places[differs], first[differs])
    if len(differs) > MAX_FAILURES:
        text = f"{len(differs)} rows contradict another; the first {MAX_FAILURES} are listed"
        where = (table, None, column, len(differs))
        failures.append(Failure(*where, "contradiction", text, "warning"))
    return failures


def _told(
    screened: Screened, table: str, column: str, places: IntArray, first: IntArray
) -> list[Failure]:
    """Report the first rows that differ, each with the row it differs from."""
    places, first = places[:MAX_FAILURES], first[:MAX_FAILURES]
    typed = screened.typed[table]
    rows, lines = RowNames.of(typed.iloc[places]), typed.index[first]
    *others, last = ("episode", *_KEYS[table])
    same = f"{', '.join(others)} and {last}"
    failures = []
    for i, line in enumerate(lines):
        text = f"differs from row {line}, which has the same {same}"
        failure = Failure(table, None, column, None, "contradiction", text, "warning")
        failures.append(rows.place(failure, i))
    return failures
