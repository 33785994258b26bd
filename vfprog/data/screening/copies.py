"""Rows that repeat each other, and files that hold the same persons several times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.data.checks import capped
from vfprog.data.screening.linkage import Linkage, code_values, first_places, hashed, link
from vfprog.errors import Failure, Severity

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import IntArray

# From this share of surplus rows on, the file is a stack rather than one with slips.
STACKED = 0.2
LEAST_ROWS = 20
_FOLLOW_UP = ("vertebrae", "visits", "heights", "events")


def check_copies(screened: Screened) -> list[Failure]:
    """Find rows that repeat each other, and the same persons several times.

    Episodes are compared by all they hold but their ids; see `linkage.link` for when two are
    the same. Rows of the other tables repeat each other if they are equal throughout.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        ``duplicate_rows``, a warning for each surplus row that names the first row it repeats;
        ``stacked_copies`` for the whole table where a fifth of the episodes or more are copies,
        changed in a few values such as by imputation. Its value is the number of distinct
        episodes. It is an error where the copies pass for different patients, for then a
        person stands in training and test data at once, and a warning where they share their
        patient_id, by which vfprog keeps them together.
    """
    failures = _repeated_episodes(screened)
    for table in _FOLLOW_UP:
        frame = screened.typed[table]
        if len(frame) > 1:
            failures += _repeated(screened, table, _first_of(frame), "equal in all columns")
    return capped(failures)


def _repeated_episodes(screened: Screened) -> list[Failure]:
    episodes = screened.typed["episodes"]
    if len(episodes) < 2:
        return []
    linkage = link(episodes, [p.name for p in screened.predictors("episodes")])
    failures = _repeated(screened, "episodes", linkage.twin, "equal in all but the ids")
    stacked = len(episodes) >= LEAST_ROWS and linkage.distinct <= (1 - STACKED) * linkage.compared
    if stacked:
        return [_stack(linkage, len(episodes)), *failures]
    text = "the same in nearly all columns that tell persons apart"
    places = np.arange(len(episodes))
    near = np.where(linkage.twin == places, linkage.near, places)
    return failures + _repeated(screened, "episodes", near, text)


def _stack(linkage: Linkage, n: int) -> Failure:
    persons = round(n * linkage.distinct / linkage.compared)
    severity: Severity = "warning" if linkage.shares_patient else "error"
    about = "about " if linkage.compared < n else ""
    text = (
        f"{n} rows are {about}{persons} different episodes, {n / persons:.1f} rows each on "
        "average; expected one row each"
    )
    return Failure("episodes", None, "*", persons, "stacked_copies", text, severity)


def _repeated(screened: Screened, table: str, first: IntArray, text: str) -> list[Failure]:
    """Report rows that repeat another; ``first`` is the place of the first like each."""
    places = np.flatnonzero(first != np.arange(len(first)))
    if not places.size:
        return []
    rows = screened.rows(table)
    fractures = np.zeros(len(first), dtype=bool)
    if table == "events":  # two new fractures of a vertebra in one day change no outcome
        fractures = (screened.typed[table]["event"] == "new_fracture").to_numpy(dtype=bool)
    failures = []
    for i in map(int, places):
        label, line = rows.labels[first[i]], rows.lines[first[i]]
        message = f"repeats row {line} ({label}): {text}"
        severity: Severity = "note" if fractures[i] else "warning"
        failure = Failure(table, None, "*", line, "duplicate_rows", message, severity)
        failures.append(rows.place(failure, i))
    return failures


def _first_of(frame: pd.DataFrame) -> IntArray:
    """Return for each row the place of the first row that is equal to it."""
    codes = pd.factorize(hashed([code_values(frame[name]) for name in frame.columns]))[0]
    return first_places(codes)
