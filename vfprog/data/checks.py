"""Check whole tables: types, required columns, ranges and levels, keys; all faults at once."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.columns import encode_series, read_column
from vfprog.data.consistency import check_consistency
from vfprog.data.rows import RowNames
from vfprog.data.sources import FIRST_ROW
from vfprog.data.words import as_words
from vfprog.errors import Failure, Severity
from vfprog.schema.registry import REGISTRY, Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vfprog.schema.dictionary import Dictionary

# More failures of one rule in one column say no more than their number does.
MAX_FAILURES = 1000
_TYPES = {"id": "str", "word": "str", "date": "datetime64[us]"}


def check_tables(
    tables: dict[str, pd.DataFrame],
    dictionary: Dictionary,
    *,
    all_episodes: bool = False,
    scoring: bool = False,
    limit: int | None = MAX_FAILURES,
) -> tuple[dict[str, pd.DataFrame], list[Failure]]:
    """Type and check the five tables.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Raw tables in our names; ``episodes`` at least. The index is the row number shown for
        rows without an episode_id.
    dictionary : Dictionary
        The predictors of the registry.
    all_episodes : bool
        Whether treatment may be absent, because every episode belongs to the population.
    scoring : bool
        Whether the episodes only await a risk, so that patient, site and treatment may be absent
        without a word.
    limit : int, optional
        Failures kept of one rule in one column; None keeps them all.

    Returns
    -------
    tables : dict of str to pandas.DataFrame
        All five typed tables; values in error are missing. The index is that of the raw tables.
    failures : list of Failure
        Everything found, at most ``limit`` per column and rule, plus their number.
    """
    failures: list[Failure] = []
    raw = dict(tables)
    if raw["episodes"].empty:
        failures.append(Failure("episodes", None, "*", None, "empty", "the table has no rows"))
    raw["episodes"], found = _with_keys(
        raw["episodes"], needs_treatment=not (all_episodes or scoring), silent=scoring
    )
    failures += found
    typed: dict[str, pd.DataFrame] = {}
    for name in REGISTRY:
        if name in raw:
            typed[name], found = check_table(name, raw[name], dictionary)
            failures += found
        else:
            typed[name] = _empty(name, dictionary)
    if not (all_episodes or scoring):
        failures += _required(typed["episodes"], raw["episodes"], "treatment")
    failures += check_consistency(typed, dictionary)
    return typed, failures if limit is None else capped(failures, limit)


def check_table(
    name: str, frame: pd.DataFrame, dictionary: Dictionary
) -> tuple[pd.DataFrame, list[Failure]]:
    """Type and check one table by itself.

    Parameters
    ----------
    name : str
        One of the tables of ``REGISTRY``.
    frame : pandas.DataFrame
        Raw values in our names.
    dictionary : Dictionary
        The predictors of the registry.

    Returns
    -------
    frame : pandas.DataFrame
        Typed columns; unknown columns are left out.
    failures : list of Failure
        Everything found, by column.
    """
    rows = RowNames.of(frame)
    columns: dict[str, Any] = {}
    failures = _unknown_columns(name, frame, dictionary)
    for column in REGISTRY[name]:
        if column.name in frame:
            columns[column.name], found = read_column(
                column, frame[column.name], table=name, rows=rows
            )
            failures += found
        else:
            columns[column.name] = pd.Series(index=frame.index, dtype=_dtype(column))
            if column.required:
                failures.append(_missing_column(name, column.name, frame.columns))
    for predictor in dictionary.of_table(name):
        if predictor.name in frame:
            columns[predictor.name], found = encode_series(
                predictor, frame[predictor.name], table=name, rows=rows
            )
            failures += found
    return pd.DataFrame(columns, index=frame.index), failures


def capped(failures: Iterable[Failure], limit: int = MAX_FAILURES) -> list[Failure]:
    """Keep the first failures of each rule and column and say how many there are.

    Parameters
    ----------
    failures : iterable of Failure
        Everything found.
    limit : int
        Failures kept of one rule in one column.

    Returns
    -------
    list of Failure
        The failures kept, and one without a row for each rule and column that had more.
    """
    counts: Counter[tuple[str, str, str, Severity]] = Counter()
    kept: list[Failure] = []
    for failure in failures:
        key = (failure.table, failure.column, failure.rule, failure.severity)
        counts[key] += 1
        if counts[key] <= limit:
            kept.append(failure)
    for (table, column, rule, severity), count in counts.items():
        if count > limit:
            text = f"{count} rows break the rule {rule}; the first {limit} are listed"
            kept.append(Failure(table, None, column, count, rule, text, severity))
    return kept


def close_matches(name: str, known: Iterable[str]) -> str:
    """Return a hint such as ``; did you mean 'age_years'?``, empty where nothing is alike."""
    hits = get_close_matches(name, list(known), n=3, cutoff=0.7)
    return f"; did you mean {' or '.join(map(repr, hits))}?" if hits else ""


def _missing_column(table: str, column: str, there: Sequence[str] | pd.Index[str]) -> Failure:
    text = f"the column is missing{close_matches(column, there)}"
    return Failure(table, None, column, None, "missing_column", text)


def _unknown_columns(name: str, frame: pd.DataFrame, dictionary: Dictionary) -> list[Failure]:
    known = {c.name for c in REGISTRY[name]} | {p.name for p in dictionary.of_table(name)}
    absent = known - set(frame.columns)
    return [
        Failure(name, None, column, None, "unknown_column",
                f"the column is not used{close_matches(column, absent)}", "warning")
        for column in frame.columns if column not in known
    ]  # fmt: skip


def _with_keys(
    episodes: pd.DataFrame, *, needs_treatment: bool, silent: bool
) -> tuple[pd.DataFrame, list[Failure]]:
    """Fill in the keys a registry may do without, and say so."""
    episodes = episodes.copy(deep=False)
    failures: list[Failure] = []
    if "episode_id" not in episodes:
        episodes["episode_id"] = pd.Series(episodes.index.map(str), index=episodes.index)
        text = f"absent: episodes are named by their row number, the first record is {FIRST_ROW}"
        failures.append(
            Failure("episodes", None, "episode_id", None, "no_episode_id", text, "warning")
        )
    if "patient_id" not in episodes:
        episodes["patient_id"] = episodes["episode_id"]
        text = "absent: each episode counts as a patient of its own"
        failures.append(
            Failure("episodes", None, "patient_id", None, "no_patient_id", text, "warning")
        )
    failures += _with_site(episodes)
    failures = [] if silent else failures
    if needs_treatment and "treatment" not in episodes:
        failures.append(_missing_column("episodes", "treatment", episodes.columns))
    elif not silent:
        failures += _required(episodes, episodes, "patient_id")
    return episodes, failures


def _with_site(episodes: pd.DataFrame) -> list[Failure]:
    if "site_id" not in episodes:
        episodes["site_id"] = "all"
        text = "absent: all episodes count as one site"
        return [Failure("episodes", None, "site_id", None, "no_site_id", text, "warning")]
    sites = as_words(episodes["site_id"])
    text = "absent: the episode counts to a site 'unknown'"
    episodes["site_id"] = sites.fillna("unknown")
    failure = Failure("episodes", None, "site_id", None, "no_site_id", text, "warning")
    return RowNames.of(episodes).placed(failure, np.flatnonzero(sites.isna()))


def _required(frame: pd.DataFrame, raw: pd.DataFrame, column: str) -> list[Failure]:
    """Report values absent from the source; a value in error has its own failure already."""
    if column not in raw:
        return []
    failure = Failure("episodes", None, column, None, "required", f"{column} is required")
    absent = np.flatnonzero(as_words(raw[column]).isna())
    return RowNames.of(frame).placed(failure, absent)


def _dtype(column: Column) -> str:
    return _TYPES.get(column.type, "float64")


def _empty(name: str, dictionary: Dictionary) -> pd.DataFrame:
    columns = {c.name: pd.Series(dtype=_dtype(c)) for c in REGISTRY[name]}
    columns |= {p.name: pd.Series(dtype="float64") for p in dictionary.of_table(name)}
    return pd.DataFrame(columns)
