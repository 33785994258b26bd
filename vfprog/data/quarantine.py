"""Set bad rows of a registry aside with their reasons, so that every row is accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.sources import FIRST_ROW
from vfprog.data.words import as_words
from vfprog.errors import Failure, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.data.readers import ReadRegistry
    from vfprog.data.sources import Source

_REASONS = ["table", "line", "row", "column", "rule", "message"]
_BLOCK = re.compile(r"rows \d+ to \d+")


@dataclass(frozen=True)
class Quarantined:
    """A registry in two parts: what is kept and what is set aside.

    Parameters
    ----------
    kept : dict of str to pandas.DataFrame
        Rows of each table of the source without an error of their own, in the source's names and
        words; the index holds their lines in the source.
    set_aside : dict of str to pandas.DataFrame
        The other rows: ``line``, ``reasons``, then all columns of the source.
    reasons : pandas.DataFrame
        One row per reason: table, line, row, column, rule, message.
    reconciliation : pandas.DataFrame
        For each table rows_in = kept + set_aside.
    remaining : tuple of Failure
        Errors of whole columns or tables, which setting rows aside does not mend.
    """

    kept: dict[str, pd.DataFrame]
    set_aside: dict[str, pd.DataFrame]
    reasons: pd.DataFrame
    reconciliation: pd.DataFrame
    remaining: tuple[Failure, ...]


def set_aside(read: ReadRegistry, failures: Iterable[Failure]) -> Quarantined:
    """Divide a registry into the rows to keep and the rows to set aside.

    A row is set aside if it has an error of its own, if it is empty, or if the only episode it
    belongs to is set aside.

    Parameters
    ----------
    read : ReadRegistry
        The registry with every stage of its reading.
    failures : iterable of Failure
        Everything found in it, not only the first of each kind.

    Returns
    -------
    Quarantined
        Both parts, and why.

    Raises
    ------
    InputError
        Rows of other tables know their episode by its row number only, which would change.
    """
    failures = list(failures)
    reasons = _own_reasons(read.source, failures)
    _check_named(read, reasons)
    for name in read.source.tables:
        if name != "episodes":
            reasons[name] += _followers(read, name, reasons)
    table = pd.DataFrame(
        [(name, *reason) for name, found in reasons.items() for reason in _in_order(found)],
        columns=_REASONS,
    )
    lines = {name: {reason[0] for reason in found} for name, found in reasons.items()}
    kept = {name: f[~f.index.isin(list(lines[name]))] for name, f in read.source.tables.items()}
    aside = {name: _aside(f, reasons[name]) for name, f in read.source.tables.items()}
    counts = _reconcile(read.source, failures, kept, aside)
    remaining = tuple(f for f in failures if f.severity == "error" and not has_row(f))
    return Quarantined(kept, aside, table, counts, remaining)


def has_row(failure: Failure) -> bool:
    """Return whether a failure is about one row, and not a column or a block of rows.

    Parameters
    ----------
    failure : Failure
        What was found.

    Returns
    -------
    bool
        Whether setting one row aside mends it.
    """
    if failure.line is None or failure.row is None:
        return False
    return not _BLOCK.fullmatch(str(failure.row))


def source_table(source: Source, failure: Failure) -> str:
    """Return the table of the source a failure's line is counted in.

    Parameters
    ----------
    source : Source
        What was read.
    failure : Failure
        What was found; in a flat file its table may be one the mapping made of the file.

    Returns
    -------
    str
        Name of the table.
    """
    return failure.table if failure.table in source.tables else "episodes"


_Reason = tuple[int, Any, str, str, str]


def count_empty(source: Source, failures: Iterable[Failure]) -> dict[str, int]:
    """Return how many rows of each table were left out at reading, because they were empty.

    Parameters
    ----------
    source : Source
        What was read.
    failures : iterable of Failure
        What was found: one for each row or, where there are many, their number.

    Returns
    -------
    dict of str to int
        Rows left out.
    """
    listed, told, blank = (dict.fromkeys(source.tables, 0) for _ in range(3))
    for failure in failures:
        if failure.rule != "empty_row":
            continue
        name = source_table(source, failure)
        if has_row(failure):
            listed[name] += 1
        elif failure.line is None:  # those listed are among them
            told[name] = int(str(failure.value))
        else:  # blank lines, of which the first is named
            blank[name] += int(str(failure.value))
    return {name: max(listed[name], told[name]) + blank[name] for name in source.tables}


def _empty_lines(source: Source, failures: list[Failure]) -> dict[str, list[int]]:
    """Return the lines of rows left out: those that are listed, then other gaps in the count."""
    lines = {}
    for name, n_empty in count_empty(source, failures).items():
        index = source.tables[name].index
        mine = [f for f in failures if f.rule == "empty_row" and source_table(source, f) == name]
        listed = [int(f.line or 0) for f in mine if has_row(f)]
        known = np.array([*index, *listed] if n_empty else [], dtype=np.int64)
        lasting = np.arange(FIRST_ROW, FIRST_ROW + len(known) - len(listed) + n_empty)
        gaps: list[int] = np.setdiff1d(lasting, known).tolist()
        lines[name] = [*listed, *gaps][:n_empty]
    return lines


def _own_reasons(source: Source, failures: list[Failure]) -> dict[str, list[_Reason]]:
    reasons: dict[str, list[_Reason]] = {
        name: [(line, line, "file", "empty_row", "the row is empty") for line in lines]
        for name, lines in _empty_lines(source, failures).items()
    }
    for failure in failures:
        name = source_table(source, failure)
        is_there = failure.line in source.tables[name].index
        if failure.severity == "error" and has_row(failure) and is_there:
            line = int(failure.line or 0)
            reason = (line, failure.row, failure.column, failure.rule, failure.message)
            reasons[name].append(reason)
    return reasons


def _check_named(read: ReadRegistry, reasons: dict[str, list[_Reason]]) -> None:
    """Refuse to move rows where others know them by their number."""
    alone = len(read.source.tables) == 1 or "episode_id" in read.translated.tables["episodes"]
    if reasons["episodes"] and not alone:
        text = "rows cannot be set aside while other tables call episodes by their row number"
        raise InputError([Failure("episodes", None, "episode_id", None, "no_episode_id", text)])


def _followers(
    read: ReadRegistry, name: str, reasons: dict[str, list[_Reason]]
) -> Iterable[_Reason]:
    """Give the rows of episodes no longer there a reason, each of those without one of its own."""
    episodes, rows = read.translated.tables["episodes"], read.translated.tables[name]
    if "episode_id" not in episodes or "episode_id" not in rows:
        return []
    keys = as_words(episodes["episode_id"])
    gone = keys.index.isin([reason[0] for reason in reasons["episodes"]])
    lost = set(keys[gone].dropna()) - set(keys[~gone].dropna())
    owners = as_words(rows["episode_id"])
    owners = owners[owners.isin(list(lost)) & ~owners.index.isin([r[0] for r in reasons[name]])]
    text = "the episode {!r:.60} is set aside"
    return [
        (line, owner, "episode_id", "episode_set_aside", text.format(owner))
        for line, owner in zip(owners.index.tolist(), owners, strict=True)
    ]


def _in_order(reasons: list[_Reason]) -> list[_Reason]:
    """Return reasons by line, the same reason once; otherwise in the order found."""
    return sorted(dict.fromkeys(reasons), key=lambda reason: reason[0])


def _aside(frame: pd.DataFrame, reasons: list[_Reason]) -> pd.DataFrame:
    by_line: dict[int, list[str]] = {}
    for line, _, column, rule, _ in _in_order(reasons):
        by_line.setdefault(line, []).append(f"{rule} ({column})")
    lines = pd.Index(list(by_line), dtype="int64")
    told = pd.DataFrame({"line": lines, "reasons": ["; ".join(r) for r in by_line.values()]})
    rows = frame.reindex(lines).reset_index(drop=True)
    return pd.concat([told, rows], axis=1)


def _reconcile(
    source: Source,
    failures: list[Failure],
    kept: dict[str, pd.DataFrame],
    aside: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """Count the rows; rows in are those read and those left out at reading."""
    empty = count_empty(source, failures)
    counts = [
        (name, len(frame) + empty[name], len(kept[name]), len(aside[name]))
        for name, frame in source.tables.items()
    ]
    for name, rows_in, n_kept, n_aside in counts:
        if rows_in != n_kept + n_aside:
            raise RuntimeError(f"{name}: {rows_in} rows are not {n_kept} kept + {n_aside} aside")
    return pd.DataFrame(counts, columns=["table", "rows_in", "kept", "set_aside"])
