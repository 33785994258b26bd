"""One column as checks of whole columns see it: its numbers, its words, the site of each row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.screening.owners import owners
from vfprog.data.words import as_words

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray


_MOST_FORMS = 1000


@dataclass(frozen=True)
class Words:
    """The distinct words of a column and where they stand.

    Parameters
    ----------
    words : list of str
        Distinct words, without regard to case, blanks around them or a trailing ``.0``.
    place : ndarray of int, shape (n,)
        Place of each row's word among them; -1 where blank.
    counts : ndarray of int, shape (len(words),)
        Rows of each word.
    written : dict of str to list of str
        The ways each word is written in the column, of its first thousand distinct values.
    """

    words: list[str]
    place: IntArray
    counts: IntArray
    written: dict[str, list[str]] = field(default_factory=dict)

    def rows(self, wanted: set[str]) -> BoolArray:
        """Return the rows that hold one of some words."""
        hit = np.array([*(word in wanted for word in self.words), False], dtype=np.bool_)
        found: BoolArray = hit[self.place]
        return found

    def count(self, word: str) -> int:
        """Return the number of rows of a word; 0 where it does not stand."""
        return int(self.counts[self.words.index(word)]) if word in self.words else 0


def words_of(series: pd.Series[Any]) -> Words:
    """Return the distinct words of a column.

    Parameters
    ----------
    series : pandas.Series, shape (n,)
        Values of any type.

    Returns
    -------
    Words
        Words in lower case.
    """
    try:
        first, distinct = pd.factorize(series)
    except TypeError:  # lists and dicts cannot be counted
        first, distinct = pd.factorize(series.map(str, na_action="ignore"))
    plain = as_words(pd.Series(distinct))
    lowered = plain.str.lower()
    lowered = lowered.str.replace(r"(?<=\d)\.0+$", "", regex=True)
    second, words = pd.factorize(lowered)
    place: IntArray = np.append(second, -1)[first].astype(np.intp)
    counts = np.bincount(place[place >= 0], minlength=len(words))
    written: dict[str, list[str]] = {}
    for word, form in zip(lowered[:_MOST_FORMS], plain[:_MOST_FORMS], strict=True):
        if isinstance(word, str) and form not in written.setdefault(word, []):
            written[word].append(form)
    return Words([str(word) for word in words], place, counts, written)


def numbers_of(screened: Screened, table: str, column: str) -> FloatArray:
    """Return a column as numbers, those in error included.

    Parameters
    ----------
    screened : Screened
        The registry.
    table, column : str
        A column of the raw table.

    Returns
    -------
    ndarray of float, shape (n,)
        Finite numbers; NaN where there is none.
    """
    raw, typed = screened.raw[table][column], screened.typed[table][column]
    if len(typed) == len(raw) and int(typed.notna().sum()) == int(raw.notna().sum()):
        numbers = typed.to_numpy(dtype=np.float64)
    else:
        numbers = pd.to_numeric(raw, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def sites_of(screened: Screened, table: str) -> tuple[IntArray, list[str]]:
    """Return the place of the site of each row of a table, -1 where it has none, and the sites."""
    sites = screened.typed["episodes"]["site_id"]
    codes, names = pd.factorize(sites, sort=True)
    place = codes if table == "episodes" else np.append(codes, -1)[owners(screened, table)]
    return place.astype(np.intp), [str(name) for name in names]


def span(values: FloatArray) -> str:
    """Return the middle and the ends of some numbers in words."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return f"median {middle:.4g}, 5th to 95th percentile {low:.4g} to {high:.4g}"
