"""One row per patient becomes tidy tables: nested vertebrae and wide follow-up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.rows import RowNames
from vfprog.data.words import as_words
from vfprog.errors import Failure
from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import BoolArray
    from vfprog.schema.dictionary import Dictionary

NESTED = "vertebrae"
_POINT_ZERO = r"(?<=\d)\.0+$"


def split_flat(
    frame: pd.DataFrame, dictionary: Dictionary
) -> tuple[dict[str, pd.DataFrame], list[Failure]]:
    """Take the vertebrae out of a flat table.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per episode in our names. Vertebrae stand in a column ``vertebrae`` (a list of
        objects, or the same as JSON), or the one vertebra of the episode in plain columns.
    dictionary : Dictionary
        Tells which columns belong to vertebrae.

    Returns
    -------
    tables : dict of str to pandas.DataFrame
        ``episodes`` and, where there are any, ``vertebrae``.
    failures : list of Failure
        Nested values that are no lists of objects.
    """
    named = "episode_id" in frame
    keyed = frame if named else frame.assign(episode_id=frame.index.map(str))
    if NESTED in frame:
        vertebrae, failures = _unnest(keyed)
        return {"episodes": frame.drop(columns=NESTED), "vertebrae": vertebrae}, failures
    columns = [p.name for p in dictionary.of_table("vertebrae") if p.name in frame]
    if not columns:
        return {"episodes": frame}, []
    some = frame[columns].notna().any(axis=1)
    vertebrae = keyed.loc[some, ["episode_id", *columns]]
    return {"episodes": frame.drop(columns=columns), "vertebrae": vertebrae}, []


def _unnest(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Failure]]:
    records: list[dict[str, Any]] = []
    rows: list[int] = []
    failures: list[Failure] = []
    labels = RowNames.of(frame).labels
    cells = zip(frame.index, frame["episode_id"], labels, frame[NESTED], strict=True)
    for row, episode, label, cell in cells:
        vertebrae = _parse_cell(cell)
        if vertebrae is None:
            text = 'expected a list of vertebrae such as [{"level": "L1"}]'
            failure = Failure("episodes", label, NESTED, str(cell)[:60], "vertebrae", text)
            failures.append(replace(failure, line=int(row)))
            continue
        records += [{**vertebra, "episode_id": episode} for vertebra in vertebrae]
        rows += [int(row)] * len(vertebrae)
    index = pd.Index(rows, dtype="int64")
    columns = None if records else ["episode_id"]
    return pd.DataFrame(records, index=index, columns=columns), failures


def _parse_cell(cell: object) -> list[dict[str, Any]] | None:
    """Return the vertebrae of one cell, None where it holds anything else."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NA:
        return []
    if isinstance(cell, str):
        try:
            cell = json.loads(cell) if cell.strip() else []
        except (ValueError, RecursionError):  # no JSON; numbers too long, lists too deep
            return None
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    if not isinstance(cell, list) or not all(isinstance(item, dict) for item in cell):
        return None
    return cell


def wide_visits(
    episode_ids: pd.Series[Any], columns: Mapping[str, Mapping[int, pd.Series[Any]]]
) -> pd.DataFrame:
    """Turn columns such as ``vas_30d`` into visits.

    Parameters
    ----------
    episode_ids : pandas.Series, shape (n,)
        The episodes.
    columns : mapping of str to mapping of int to pandas.Series
        For each measurement and day, one value per episode.

    Returns
    -------
    pandas.DataFrame
        One row per episode and day with any value: episode_id, day and the measurements.
    """
    days = sorted({day for by_day in columns.values() for day in by_day})
    parts = []
    for day in days:
        values = {name: by_day[day] for name, by_day in columns.items() if day in by_day}
        part = pd.DataFrame({"episode_id": episode_ids, "day": float(day), **values})
        parts.append(part[part[list(values)].notna().any(axis=1)])
    return pd.concat(parts) if parts else pd.DataFrame(columns=["episode_id", "day", *columns])


def wide_events(episode_ids: pd.Series[Any], days: Mapping[str, pd.Series[Any]]) -> pd.DataFrame:
    """Turn columns that hold the day of an event into events.

    Parameters
    ----------
    episode_ids : pandas.Series, shape (n,)
        The episodes.
    days : mapping of str to pandas.Series
        For each event its day; missing where it did not happen.

    Returns
    -------
    pandas.DataFrame
        One row per event: episode_id, day, event.
    """
    parts = [
        pd.DataFrame({"episode_id": episode_ids, "day": day, "event": event})[as_words(day).notna()]
        for event, day in days.items()
    ]
    return pd.concat(parts) if parts else pd.DataFrame(columns=["episode_id", "day", "event"])


def wide_vertebrae(
    episode_ids: pd.Series[Any],
    columns: Mapping[str, Mapping[str, pd.Series[Any]]],
    dictionary: Dictionary,
) -> pd.DataFrame:
    """Turn columns such as ``height_l1_0d`` into vertebrae.

    A form with a field for every level says "no" of levels that were never fractured. So a
    vertebra stands in the table where a number, a word other than "none", or a yes is recorded.

    Parameters
    ----------
    episode_ids : pandas.Series, shape (n,)
        The episodes.
    columns : mapping of str to mapping of str to pandas.Series
        For each level and predictor, one value per episode.
    dictionary : Dictionary
        Tells which predictors are binary.

    Returns
    -------
    pandas.DataFrame
        One row per vertebra, episode by episode from head to tail: episode_id, level and the
        predictors.
    """
    names = list(dict.fromkeys(name for values in columns.values() for name in values))
    parts = []
    for level in (level for level in LEVELS if level in columns):
        values = columns[level]
        there = np.zeros(len(episode_ids), dtype=bool)
        for name, series in values.items():
            there |= _tells_a_vertebra(series, is_binary=dictionary[name].kind == "binary")
        part = pd.DataFrame({"episode_id": episode_ids, "level": level, **values})
        parts.append(part[there])
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=["episode_id", "level", *names])
    return pd.concat(parts).sort_index(kind="stable")


def _tells_a_vertebra(series: pd.Series[Any], *, is_binary: bool) -> BoolArray:
    """Return where a value is more than the "no" of a form filled in for every level."""
    words = as_words(series)
    lower = words.str.lower()
    if is_binary:
        # A word that is neither yes nor no is kept, for the checks to refuse.
        empty = lower.str.replace(_POINT_ZERO, "", regex=True).isin(["0", "no", "false"])
    else:
        empty = lower == "none"
    told: BoolArray = (words.notna() & ~empty.astype(bool)).to_numpy(dtype=bool)
    return told
