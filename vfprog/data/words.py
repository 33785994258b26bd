"""Values as the words a person would write: the form in which files are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def as_words(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return values as trimmed words, as a person would write them: 7, not 7.0.

    Parameters
    ----------
    series : pandas.Series
        Values of any type.

    Returns
    -------
    pandas.Series
        Strings; blank and missing values are missing.
    """
    if not isinstance(series.dtype, pd.StringDtype):
        series = series.map(_word, na_action="ignore")
    words = series.astype("str").str.strip()
    return words.mask(words == "")


def _word(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
