"""Predictors that name a person, a centre or a row, or that say nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.words import as_words
from vfprog.errors import Failure
from vfprog.schema.registry import MEASURED

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.schema.dictionary import Predictor

# Fewer rows may hold one value, or none twice, by chance.
LEAST_ROWS = 20
NEARLY_ALL = 0.98
MANY_LEVELS = 50
# Rows looked at where some tell as much as all.
_SAMPLE = 5000
# Larger numbers are slips of the pen, and overflow when added up.
_LARGEST = 1e100
_IDS = ("episode_id", "patient_id", "site_id")


def check_identifiers(screened: Screened) -> list[Failure]:
    """Find predictors that count the rows, name persons or centres, or never vary.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Warnings of whole columns. ``all_missing``: no value; ``constant``: one value in 20 rows
        or more; ``row_number``: whole numbers that count the rows, in whatever order, or rise
        with every row; ``identifier_like``: nearly all values are different whole numbers or
        words, or dates written as numbers, or the values of an id under another name.
        Measurements with decimals may all be different.
    """
    failures: list[Failure] = []
    for table in ("episodes", "vertebrae"):
        known = [p for p in screened.predictors(table) if len(screened.raw[table])]
        for predictor in known:
            told = _judge(screened, table, predictor)
            if told is not None:
                rule, value, text = told
                failures.append(Failure(table, None, predictor.name, value, rule, text, "warning"))
    return failures + _empty_measurements(screened)


def _empty_measurements(screened: Screened) -> list[Failure]:
    """Find measurements of the follow-up that have a column and not one value."""
    text = "the column holds no value at all"
    return [
        Failure(table, None, column, None, "all_missing", text, "warning")
        for table, columns in MEASURED.items()
        for column in columns
        if column in screened.raw.get(table, ()) and len(screened.raw[table])
        and as_words(screened.raw[table][column]).isna().all()
    ]  # fmt: skip


def _judge(screened: Screened, table: str, predictor: Predictor) -> tuple[str, object, str] | None:
    raw = screened.raw[table][predictor.name]
    numbers = screened.typed[table][predictor.name].to_numpy(dtype=np.float64)
    lost = np.isnan(numbers) & raw.notna().to_numpy()
    if np.isnan(numbers).all() and as_words(raw).isna().all():
        return "all_missing", None, "the column holds no value at all"
    if lost.mean() > 1 - NEARLY_ALL:  # values in error: look at what was written
        words = as_words(raw)
        numbers = pd.to_numeric(words, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        if np.isnan(numbers).mean() > words.isna().mean() + 0.5:
            return _words(screened, table, words)
        numbers = np.where(np.abs(numbers) < _LARGEST, numbers, np.nan)
    if predictor.is_numeric or lost.any():
        return _constant(screened, table, predictor, numbers) or _numbers(screened, table, numbers)
    if len(predictor.levels) > MANY_LEVELS:
        levels = len(predictor.levels)
        return "identifier_like", levels, f"{levels} levels are more than a predictor can have"
    told = _constant(screened, table, predictor, numbers)
    return told or _names_site(screened, table, numbers)


def _constant(
    screened: Screened, table: str, predictor: Predictor, numbers: FloatArray
) -> tuple[str, object, str] | None:
    seen = numbers[~np.isnan(numbers)]
    if len(seen) < LEAST_ROWS or np.ptp(seen) > 0 or _set_by_mapping(screened, table, predictor):
        return None
    value: object = f"{seen[0]:g}"
    if predictor.levels and 0 <= seen[0] < len(predictor.levels):
        value = predictor.levels[int(seen[0])]
    elif predictor.kind == "binary":
        value = bool(seen[0])
    return "constant", value, f"all {len(seen)} values are {value}"


def _set_by_mapping(screened: Screened, table: str, predictor: Predictor) -> bool:
    """Return whether the mapping gives every row the same value, which is no surprise."""
    origin = screened.origins.get((table, predictor.name))
    tables = screened.source.values()
    return origin is not None and not any(origin in frame for frame in tables)


def _numbers(screened: Screened, table: str, numbers: FloatArray) -> tuple[str, object, str] | None:
    known = np.flatnonzero(~np.isnan(numbers))
    seen = numbers[known]
    if len(seen) < LEAST_ROWS:
        return None
    distinct = np.unique(seen)
    whole = bool((distinct == np.round(distinct)).all())
    unique = len(distinct) / len(seen)
    if unique >= NEARLY_ALL and _counts(seen, known, distinct, whole=whole):
        text = "the values count the rows of the table"
        return "row_number", f"{distinct[0]:g} to {distinct[-1]:g}", text
    if whole and _is_dates(distinct):
        return "identifier_like", f"{distinct[0]:.0f}", "the numbers are dates such as 20240331"
    if whole and _is_id(screened, table, known, seen):
        return "identifier_like", None, "the numbers are those of an id column"
    if whole and unique >= NEARLY_ALL and len(seen) > MANY_LEVELS:
        text = f"{len(distinct)} different whole numbers in {len(seen)} rows"
        return "identifier_like", len(distinct), text
    if _follows_dates(screened, table, known, seen):
        return "identifier_like", len(distinct), "the numbers are index dates in another form"
    return _names_site(screened, table, numbers)


def _counts(seen: FloatArray, place: IntArray, distinct: FloatArray, *, whole: bool) -> bool:
    """Return whether nearly distinct values are 1..n in some order, or run with the rows."""
    steps = np.diff(seen)
    if whole and np.ptp(distinct) <= len(distinct) / NEARLY_ALL:
        return True
    rising = max((steps > 0).mean(), (steps < 0).mean()) >= NEARLY_ALL
    even = np.abs(np.corrcoef(seen, place)[0, 1]) if np.ptp(seen) else 0.0
    return bool((whole and rising) or even > 1 - 1e-9)


def _is_dates(distinct: FloatArray) -> bool:
    """Return whether numbers are dates written as year, month and day without a sign between."""
    if distinct[0] < 19000101 or distinct[-1] > 21001231 or len(distinct) < LEAST_ROWS:
        return False
    words = pd.Series(distinct.astype(np.int64)).astype(str)
    read = pd.to_datetime(words, format="%Y%m%d", errors="coerce")
    return bool(read.notna().mean() >= NEARLY_ALL)


def _of_episode(screened: Screened, table: str, column: str, rows: IntArray) -> pd.Series[Any]:
    """Return a structural column of the episodes for some rows of a table."""
    values = screened.typed["episodes"][column].reset_index(drop=True)
    owner = rows if table == "episodes" else screened.owners[table][rows]
    return values.reindex(owner)


def _is_id(screened: Screened, table: str, known: IntArray, seen: FloatArray) -> bool:
    """Return whether the numbers are an id's, letters and leading zeros left aside."""
    some = np.unique(np.linspace(0, len(seen) - 1, _SAMPLE, dtype=np.intp))
    known, seen = known[some], seen[some]
    if len(np.unique(seen)) <= MANY_LEVELS:
        return False
    for name in ("episode_id", "patient_id"):
        ids = _of_episode(screened, table, name, known)
        digits = pd.to_numeric(ids.str.replace(r"\D", "", regex=True), errors="coerce")
        if (digits.to_numpy(np.float64, na_value=np.nan) == seen).mean() >= NEARLY_ALL:
            return True
    return False


def _follows_dates(screened: Screened, table: str, known: IntArray, seen: FloatArray) -> bool:
    """Return whether the numbers are a straight function of the index date."""
    some = np.unique(np.linspace(0, len(seen) - 1, _SAMPLE, dtype=np.intp))
    dates = _of_episode(screened, table, "index_date", known[some])
    dated = dates.notna().to_numpy()
    days = dates.to_numpy()[dated].astype("datetime64[D]").astype(np.float64)
    numbers = seen[some][dated]
    if len(np.unique(numbers)) <= MANY_LEVELS or np.ptp(days) == 0:
        return False
    return bool(abs(np.corrcoef(days, numbers)[0, 1]) > 0.999)


def _names_site(
    screened: Screened, table: str, numbers: FloatArray
) -> tuple[str, object, str] | None:
    """Tell a code that has one value for each of three sites or more."""
    known = np.flatnonzero(~np.isnan(numbers))
    few = known[np.linspace(0, len(known) - 1, min(len(known), _SAMPLE), dtype=np.intp)]
    if len(np.unique(numbers[few])) > len(few) / 3:  # a site has more rows than that
        return None
    codes = pd.factorize(numbers[known])[0]
    if len(known) < LEAST_ROWS or codes.max() < 2:
        return None
    sites = pd.factorize(_of_episode(screened, table, "site_id", known))[0]
    n_sites = len(np.unique(sites))
    if codes.max() + 1 != n_sites or sites.min() < 0:
        return None
    pairs = np.unique(codes * (sites.max() + 1) + sites)
    if len(pairs) != n_sites:
        return None
    return "identifier_like", n_sites, f"each of its {n_sites} values stands for one site"


def _words(screened: Screened, table: str, words: pd.Series[Any]) -> tuple[str, object, str] | None:
    """Judge a column that mostly holds words nobody declared."""
    seen = words.dropna()
    if len(seen) < LEAST_ROWS:
        return None
    distinct = seen.nunique()
    rows = np.arange(len(words))
    ids = [_of_episode(screened, table, name, rows).to_numpy(dtype=object) for name in _IDS]
    held = words.to_numpy(dtype=object)
    if any((held == column).mean() >= NEARLY_ALL for column in ids):
        return "identifier_like", None, "the words are those of an id column"
    if distinct >= NEARLY_ALL * len(seen) and distinct > LEAST_ROWS:
        return "identifier_like", distinct, f"{distinct} different words in {len(seen)} rows"
    if distinct > MANY_LEVELS:
        return "identifier_like", distinct, f"{distinct} different words are more than levels"
    return None
