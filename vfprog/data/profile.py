"""A registry column by column: how full, how spread, which levels, missing with what."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.described import Described, describe_columns
from vfprog.data.groups import SEVERITIES, grouped
from vfprog.data.missing import missing_by, missing_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vfprog.data.readers import ReadRegistry
    from vfprog.errors import Failure
    from vfprog.features.arrays import FloatArray

N_BINS = 20
N_LEVELS = 14
_STATISTICS = ("mean", "sd", "min", "q1", "median", "q3", "max")
# Tables whose blanks are looked at together; in the others a blank mostly means "does not apply".
_PATTERNED = ("episodes", "vertebrae", "visits")


@dataclass(frozen=True)
class Profile:
    """A registry column by column.

    Parameters
    ----------
    columns : pandas.DataFrame
        What is in each column; see `profile_columns`.
    histograms : pandas.DataFrame
        How the values of each column are spread; see `histograms`.
    patterns : dict of str to pandas.DataFrame
        For each table with blanks, which columns are blank together; see `missing_patterns`.
    missing_by : dict of str to pandas.DataFrame
        Share missing of the columns of episodes by ``site`` and by the outcome of each endpoint;
        see `missing_by`.
    """

    columns: pd.DataFrame
    histograms: pd.DataFrame
    patterns: dict[str, pd.DataFrame]
    missing_by: dict[str, pd.DataFrame]


def profile(
    read: ReadRegistry,
    failures: Iterable[Failure] = (),
    events: Mapping[str, pd.Series[float]] | None = None,
) -> Profile:
    """Return a registry column by column.

    Parameters
    ----------
    read : ReadRegistry
        A registry at every stage of its reading.
    failures : iterable of Failure
        What was found, to be counted by column.
    events : mapping of str to pandas.Series, optional
        For each endpoint, 0 or 1 by episode_id, of episodes whose outcome is observed.

    Returns
    -------
    Profile
        Tables for people.
    """
    present = {table: _present(read, table) for table in _PATTERNED}
    patterns = {
        table: missing_patterns(frame)
        for table, frame in present.items()
        if bool(frame.isna().to_numpy().any())
    }
    episodes = read.typed["episodes"]
    groups = {"site": episodes["site_id"]} | {
        name: episodes["episode_id"].map(outcome[~outcome.index.duplicated()])
        for name, outcome in (events or {}).items()
    }
    by = {name: missing_by(present["episodes"], group) for name, group in groups.items()}
    return Profile(profile_columns(read, failures), histograms(read), patterns, by)


def profile_columns(read: ReadRegistry, failures: Iterable[Failure] = ()) -> pd.DataFrame:
    """Return what is in each column.

    Parameters
    ----------
    read : ReadRegistry
        A registry at every stage of its reading.
    failures : iterable of Failure
        What was found, to be counted by column.

    Returns
    -------
    pandas.DataFrame
        table, column, label, kind, unit, rows, n (rows with a value that can be read), missing,
        missing_share, distinct; mean, sd, min, q1, median, q3 and max of numbers; first and last
        of dates; levels, the most frequent with their counts; n_errors, n_warnings and n_notes.
        A value in error counts as missing. Figures that do not apply are NaN.
    """
    found = _counts(failures)
    lines = [_profile(column) for column in describe_columns(read)]
    names = ["table", "column", "label", "kind", "unit", "rows", "n", "missing", "missing_share"]
    names += ["distinct", *_STATISTICS, "first", "last", "levels"]
    frame = pd.DataFrame(lines, columns=names)
    for severity in SEVERITIES:
        frame[f"n_{severity}s"] = [
            found.get((table, column, severity), 0)
            for table, column in zip(frame["table"], frame["column"], strict=True)
        ]
    return frame.astype(dict.fromkeys(_STATISTICS, "float64"))


def histograms(read: ReadRegistry, *, bins: int = N_BINS, levels: int = N_LEVELS) -> pd.DataFrame:
    """Return how the values of each column are spread.

    Parameters
    ----------
    read : ReadRegistry
        A registry at every stage of its reading.
    bins : int
        Most bins of a number or date; whole numbers of few values have a bin each.
    levels : int
        Most levels; the rest are counted as ``other``. Levels with an order keep it.

    Returns
    -------
    pandas.DataFrame
        table, column, label, lower, upper (numbers; dates as days since 1970), count. Columns of
        identifiers, and columns without a value, have no rows.
    """
    parts = [_histogram(column, bins, levels) for column in describe_columns(read)]
    names = ["table", "column", "label", "lower", "upper", "count"]
    return pd.DataFrame([line for part in parts for line in part], columns=names)


def _present(read: ReadRegistry, table: str) -> pd.DataFrame:
    """Return the typed columns the source has."""
    raw, typed = read.translated.tables.get(table, pd.DataFrame()), read.typed[table]
    return typed[[name for name in typed.columns if name in raw]]


def _profile(column: Described) -> dict[str, Any]:
    values = column.series
    n, rows = int(values.notna().sum()), len(values)
    line: dict[str, Any] = {
        "table": column.table, "column": column.name, "label": column.label, "kind": column.kind,
        "unit": column.unit, "rows": rows, "n": n, "missing": rows - n,
        "missing_share": (rows - n) / rows if rows else 0.0, "distinct": int(values.nunique()),
        "first": None, "last": None, "levels": "",
    }  # fmt: skip
    if n == 0:
        return line
    if column.is_numeric:
        return line | _statistics(values.dropna())
    if column.kind == "date":
        days = _days(values.dropna())
        first, last = _day_words(np.array([days.min(), days.max()]))
        return line | {"first": first, "last": last}
    counts = column.counts()
    shown = [f"{level} {count}" for level, count in counts.iloc[:N_LEVELS].items()]
    more = [f"{len(counts) - N_LEVELS} more"] if len(counts) > N_LEVELS else []
    return line | {"levels": ", ".join(shown + more)}


def _statistics(known: pd.Series[float]) -> dict[str, float]:
    values = known.to_numpy(dtype=np.float64)
    low, q1, median, q3, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    found = {"min": low, "q1": q1, "median": median, "q3": q3, "max": high, "mean": values.mean()}
    spread = {"sd": values.std(ddof=1)} if len(values) > 1 else {}
    return {name: float(value) for name, value in (found | spread).items()}


def _counts(failures: Iterable[Failure]) -> dict[tuple[str, str, str], int]:
    counts: dict[tuple[str, str, str], int] = {}
    for group in grouped(failures):
        each = group.n if len(group.columns) == 1 else 1
        for column in group.columns:
            key = (group.table, column, group.severity)
            counts[key] = counts.get(key, 0) + each
    return counts


def _histogram(column: Described, bins: int, levels: int) -> list[dict[str, Any]]:
    where = {"table": column.table, "column": column.name}
    if column.is_numeric or column.kind == "date":
        return [where | line for line in _binned(column, bins)]
    counts = column.counts()
    lines = [
        where | {"label": str(level), "lower": np.nan, "upper": np.nan, "count": int(number)}
        for level, number in counts.iloc[:levels].items()
    ]
    rest = int(counts.iloc[levels:].sum())
    other = {"label": "other", "lower": np.nan, "upper": np.nan, "count": rest}
    return [*lines, where | other] if rest else lines


def _binned(column: Described, bins: int) -> list[dict[str, Any]]:
    known = column.series.dropna()
    if known.empty:
        return []
    is_date = column.kind == "date"
    values = _days(known) if is_date else known.to_numpy(dtype=np.float64)
    counts, edges = np.histogram(values, bins=_edges(values, bins))
    labels = _bin_labels(edges, are_days=is_date)
    return [
        {"label": label, "lower": low, "upper": high, "count": int(number)}
        for label, low, high, number in zip(labels, edges, edges[1:], counts, strict=False)
    ]


def _days(dates: pd.Series[Any]) -> FloatArray:
    """Return dates as days since 1970, of any year; nanoseconds would end in 2262."""
    return dates.to_numpy().astype("datetime64[D]").astype(np.float64)


def _day_words(days: FloatArray) -> list[str]:
    return [str(day) for day in np.floor(days).astype(np.int64).astype("datetime64[D]")]


def _bin_labels(edges: FloatArray, *, are_days: bool) -> list[str]:
    if are_days:
        words = _day_words(edges)
    elif edges[0] % 1 == 0.5 and edges[1] - edges[0] == 1:  # a bin for each whole number
        return [f"{low + 0.5:g}" for low in edges[:-1]]
    else:
        words = [f"{edge:g}" for edge in edges]
    return [f"{low} to {high}" for low, high in itertools.pairwise(words)]


def _edges(values: FloatArray, bins: int) -> FloatArray:
    """Return the edges of bins: one for each of few whole numbers, else equally wide ones."""
    low, high = float(values.min()), float(values.max())
    if high - low < bins and bool((values == np.floor(values)).all()):
        return np.arange(low - 0.5, high + 1)
    if low == high:
        return np.array([low - 0.5, low + 0.5])
    return np.linspace(low, high, bins + 1)
