"""Numbers and words that stand where a value is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.data.screening.code_words import MISSING_CODES, MISSING_NUMBERS, MISSING_WORDS
from vfprog.data.screening.columns import numbers_of, words_of
from vfprog.data.screening.piles import is_pile
from vfprog.data.words import as_words
from vfprog.errors import Failure
from vfprog.schema.dictionary import LEVELS
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.schema.dictionary import Range

# Fewer rows may hold a value by chance.
LEAST_ROWS = 5
# How much of a code's rows and of a column's blanks must be the same rows.
_SAME = 0.9
# Rows listed one by one; the failure of the column says how many there are.
_MOST_ROWS = 999
_NO_VALUE = "is no value of this column"
_UNDERSTOOD = {"true", "false", "yes", "no", "1", "0"}
_DATES = frozenset({
    "1900-01-01", "1899-12-30", "1899-12-31", "1970-01-01", "1111-11-11", "9999-12-31",
    "9999-09-09", "2999-12-31", "0001-01-01", "01.01.1900", "31.12.9999", "01/01/1900",
    "31/12/9999", "12/31/9999",
})  # fmt: skip


@dataclass(frozen=True)
class _Number:
    """A numeric column and what is known of it."""

    table: str
    name: str
    numbers: FloatArray
    hard: Range
    usual: Range
    is_day: bool
    is_count: bool


def check_missing_codes(screened: Screened) -> list[Failure]:
    """Find numbers and words that seem to mean that a value is missing.

    A number counts as such a code where it cannot be, where it piles up away from the other values
    or among them, or where it stands exactly in the rows in which another column is blank; a zero
    that can be is left alone unless it does the last. A word counts as one where it stands for
    nothing in its column.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Rule ``disguised_missing``: for each column and code one failure of the column, with the
        code as value, and one for each row (the first 999).
    """
    failures: list[Failure] = []
    for table in screened.raw:
        if table not in screened.typed:
            continue
        columns = list(_numbers(screened, table))
        blanks = _blanks(screened, table)
        for column in columns:
            for code in _codes_in(column.numbers):
                reason = _reason(column, code, blanks)
                if reason:
                    rows = column.numbers == code
                    failures += _failures(screened, table, column.name, f"{code:g}", rows, reason)
        failures += _of_words(screened, table)
    return failures


def _numbers(screened: Screened, table: str) -> Iterator[_Number]:
    for p in screened.predictors(table):
        if p.is_numeric and p.hard_range is not None:
            values = numbers_of(screened, table, p.name)
            usual = p.usual_range or p.hard_range
            yield _Number(table, p.name, values, p.hard_range, usual, False, p.kind == "count")
    for c in REGISTRY.get(table, ()):
        if c.type in {"number", "day"} and c.name in screened.raw[table] and c.hard_range:
            values = numbers_of(screened, table, c.name)
            yield _Number(table, c.name, values, c.hard_range, c.hard_range, c.type == "day", False)


def _blanks(screened: Screened, table: str) -> dict[str, BoolArray]:
    """Return the blank rows of each column that has some."""
    masks = {str(name): values.isna().to_numpy() for name, values in screened.raw[table].items()}
    return {name: blank for name, blank in masks.items() if LEAST_ROWS <= blank.sum() < len(blank)}


def _codes_in(values: FloatArray) -> list[float]:
    """Return the codes that stand at least twice."""
    hits = values[np.isin(values, list(MISSING_NUMBERS))]
    codes, counts = np.unique(hits, return_counts=True)
    return [float(code) for code in codes[counts >= 2]]


def _reason(column: _Number, code: float, blanks: dict[str, BoolArray]) -> str:
    """Return why a number seems to be a code, nothing where it does not."""
    rows = column.numbers == code
    low, high = column.hard
    others = column.numbers[~np.isnan(column.numbers) & ~rows]
    others = others[(others >= low) & (others <= high)]
    if len(others) < 2 * LEAST_ROWS or len(others) < rows.sum() / 4:
        return ""
    if not low <= code <= high:
        return f"cannot be ({low:g} to {high:g})" if _is_code_outside(column, code) else ""
    if rows.sum() < LEAST_ROWS:
        return ""
    if _may_pile(column, code, others) and is_pile(others, code, int(rows.sum())):
        return f"piles up beside values from {others.min():g} to {others.max():g}"
    partner = _blank_with(rows, blanks, column.name)
    return f"stands where {partner} is blank, and hardly elsewhere" if partner else ""


def _is_code_outside(column: _Number, code: float) -> bool:
    """Return whether a number that cannot be is a code and not the tail of another unit."""
    values = column.numbers[~np.isnan(column.numbers)]
    low, high = column.hard
    outside = values[(values < low) | (values > high)]
    same_side = outside > high if code > high else outside < low
    # A code is most of what lies on its side of the range; two codes share it.
    mates = np.isin(outside, list(MISSING_NUMBERS)) & same_side
    return bool(mates.sum() >= 0.5 * same_side.sum())


def _may_pile(column: _Number, code: float, others: FloatArray) -> bool:
    """Return whether a pile means anything: counts pile up, zeros do where zero is the least."""
    if column.is_count:
        return False
    if column.is_day:
        return code >= 777 or code <= -9
    if code == 0:
        is_counted = bool((others >= 0).all() and (others == np.floor(others)).all())
        return column.usual[0] > 0 or (column.hard[0] < 0 and not is_counted)
    return True


def _blank_with(rows: BoolArray, blanks: dict[str, BoolArray], own: str) -> str | None:
    """Return the column that is blank in just the rows of a code."""
    for name, blank in blanks.items():
        both = int((rows & blank).sum())
        if name != own and both >= LEAST_ROWS and both >= _SAME * int((rows | blank).sum()):
            return name
    return None


def _of_words(screened: Screened, table: str) -> list[Failure]:
    failures: list[Failure] = []
    for name, accepted, codes in _worded(screened, table):
        if not accepted:
            failures += _of_strings(screened, table, name, codes)
            continue
        found = words_of(screened.raw[table][name])
        real = sorted(set(found.words) & accepted)
        # A zero or -1 is a category shifted unless all the others are there.
        more = {"-1"} if len(real) > 1 else set()
        more |= {"0"} if len(real) == len(accepted) else set()
        for word in found.words:
            if word in (codes | more) - accepted:
                failures += _failures(screened, table, name, word, found.rows({word}), _NO_VALUE)
    return failures


def _of_strings(screened: Screened, table: str, name: str, codes: frozenset[str]) -> list[Failure]:
    """Look for words that mean missing among numbers, dates or identifiers."""
    series = screened.raw[table][name]
    if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_datetime64_any_dtype(series):
        return []
    words = as_words(series).str.lower()
    hit = words.isin(codes)
    failures: list[Failure] = []
    for word in words[hit].unique():
        rows = (words == word).to_numpy(dtype=np.bool_)
        failures += _failures(screened, table, name, str(word), rows, _NO_VALUE)
    return failures


def _worded(screened: Screened, table: str) -> Iterator[tuple[str, set[str], frozenset[str]]]:
    """Yield each column, the words it takes, and the words that mean missing in it."""
    for p in screened.predictors(table):
        levels = {level.strip().lower() for level in p.levels}
        if p.is_numeric:
            yield p.name, set(), MISSING_WORDS
        else:
            yield p.name, levels or _UNDERSTOOD, MISSING_WORDS | MISSING_CODES
    for c in REGISTRY.get(table, ()):
        if c.name not in screened.raw[table]:
            continue
        words = {"level": LEVELS, "word": c.words, "binary": tuple(_UNDERSTOOD)}.get(c.type)
        if words is not None:
            yield c.name, {w.lower() for w in words}, MISSING_WORDS | MISSING_CODES
        else:
            yield c.name, set(), MISSING_WORDS | (_DATES if c.type == "date" else frozenset())


def _failures(
    screened: Screened, table: str, column: str, code: str, rows: BoolArray, reason: str
) -> list[Failure]:
    places = np.flatnonzero(rows)
    listed = f"; the first {_MOST_ROWS} are listed" if len(places) > _MOST_ROWS else ""
    text = (
        f"{code!r:.40} in {len(places)} of {len(rows)} rows seems to mean missing: it {reason}"
        f"{listed}; declare it under missing in the mapping"
    )
    whole = Failure(table, None, column, code, "disguised_missing", text, "warning")
    text = f"{code!r:.40} seems to mean missing"
    single = Failure(table, None, column, code, "disguised_missing", text, "warning")
    return [whole, *screened.rows(table).placed(single, places[:_MOST_ROWS])]
