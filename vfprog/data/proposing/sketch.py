"""What the values of one foreign column look like: numbers, words, dates, keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from vfprog.data.words import as_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.data.proposing.vocabulary import Vocabulary

Kind = Literal["empty", "number", "code", "date", "word", "key"]
# Rows looked at: enough for every question asked here, and the same rows every time.
MAX_ROWS = 20_000
MAX_CODES = 60
# Of fewer values, median and spread may be those of one person.
MANY = 20
_DATES = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d",
    "%d.%m.%y", "%d/%m/%y", "%d-%b-%Y", "%d %b %Y", "%d%b%Y",
)  # fmt: skip
_MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?$"
_COMMA = re.compile(r"^\s*[-+]?\d+,\d+\s*$")
_NEARLY_ALL = 0.95


@dataclass(frozen=True)
class Sketch:
    """One column of a foreign table.

    Parameters
    ----------
    name : str
        Its name.
    n_rows : int
        Rows looked at.
    words : pandas.Series
        Values as words, those that stand for missing left out.
    missing_words : tuple of str
        Words that stand for missing.
    numbers : ndarray of float
        Values as numbers, NaN where they are none.
    decimal_comma : bool
        Whether 7,5 means 7.5.
    date_formats : tuple of str
        Formats in which nearly all values are dates; more than one where nobody can tell.
    """

    name: str
    n_rows: int
    words: pd.Series[Any]
    missing_words: tuple[str, ...]
    numbers: NDArray[np.float64]
    decimal_comma: bool
    date_formats: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of values."""
        return len(self.words)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of times each distinct word stands there, in the order of the words."""
        found = self.words.value_counts()
        return {str(word): int(n) for word, n in sorted(found.items())}

    @cached_property
    def numeric_share(self) -> float:
        """Share of the values that are numbers."""
        return float(np.isfinite(self.numbers).mean()) if self.n else 0.0

    @cached_property
    def finite(self) -> NDArray[np.float64]:
        """The numbers."""
        return self.numbers[np.isfinite(self.numbers)]

    @property
    def distinct_share(self) -> float:
        """Number of distinct values by number of values."""
        return len(self.counts) / self.n if self.n else 0.0

    @property
    def kind(self) -> Kind:
        """What the column looks like."""
        if not self.n:
            return "empty"
        if self.date_formats:
            return "date"
        if self.distinct_share == 1 and self.n >= 10 and self._is_whole:
            return "key"
        if len(self.counts) <= 12:  # as many as a scale has
            return "code"
        return "number" if self.numeric_share >= _NEARLY_ALL else "word"

    @property
    def _is_whole(self) -> bool:
        if self.numeric_share < 1:
            return self.numeric_share == 0
        return bool((self.finite == np.floor(self.finite)).all())

    def described(self) -> str:
        """Return the values in a few words: their number and spread, never one of them alone."""
        if self.kind == "number" and self.n >= MANY:
            low, middle, high = np.quantile(self.finite, [0.05, 0.5, 0.95])
            return f"{self.n} numbers, median {middle:.4g}, 5 to 95 % {low:.4g} to {high:.4g}"
        text = {
            "empty": "no value",
            "date": f"{self.n} dates",
            "key": f"{self.n} values, all different",
        }.get(self.kind)
        return text or f"{self.n} values, {len(self.counts)} different"


def sketch(name: str, series: pd.Series[Any], vocabulary: Vocabulary) -> Sketch:
    """Look at one column.

    Parameters
    ----------
    name : str
        Its name.
    series : pandas.Series
        Raw values.
    vocabulary : Vocabulary
        Tells which words stand for missing.

    Returns
    -------
    Sketch
        What it looks like; at most `MAX_ROWS` rows, evenly spread, are looked at.
    """
    step = -(-len(series) // MAX_ROWS) if len(series) else 1
    some = as_words(series.iloc[::step]).dropna()
    distinct = some.drop_duplicates()
    absent = sorted(str(word) for word in distinct if vocabulary.stands_for_missing(str(word)))
    words = some[~some.isin(absent)].reset_index(drop=True)
    comma = _has_comma(words)
    plain = words.str.replace(",", ".", regex=False) if comma else words
    numbers = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    n_rows = len(series.iloc[::step])
    return Sketch(name, n_rows, words, tuple(absent), numbers, comma, _date_formats(words))


def _has_comma(words: pd.Series[Any]) -> bool:
    """Return whether numbers are written with a comma: some are, and none with a point."""
    odd = words[pd.to_numeric(words, errors="coerce").isna().to_numpy()]
    if odd.empty:
        return False
    with_comma = int(odd.str.match(_COMMA).sum())
    with_point = int(words.str.match(r"^\s*[-+]?\d+\.\d+\s*$").sum())
    return with_comma >= 0.5 * len(odd) and with_comma > with_point


def _date_formats(words: pd.Series[Any]) -> tuple[str, ...]:
    some = words.drop_duplicates().head(500).str.replace(_MIDNIGHT, "", regex=True)
    if some.empty or some.str.len().between(6, 11).mean() < _NEARLY_ALL:
        return ()
    return tuple(known for known in _DATES if _follows(some, known))


def _follows(words: pd.Series[Any], date_format: str) -> bool:
    dates = pd.to_datetime(words, format=date_format, errors="coerce")
    years = dates.dt.year.between(1900, 2100)
    return float(years.mean()) >= _NEARLY_ALL
