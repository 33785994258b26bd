"""Turn one raw column of a table into typed values, with every fault it has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.errors import Failure
from vfprog.schema.dictionary import LEVELS, Predictor
from vfprog.schema.rules import encode_column

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray
    from vfprog.schema.registry import Column

_MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?$"
_FIRST_VERTEBROPLASTY = pd.Timestamp("1984-01-01")


def encode_series(
    predictor: Predictor, series: pd.Series[Any], *, table: str, labels: list[str | int]
) -> tuple[FloatArray, list[Failure]]:
    """Encode a column by its dictionary entry; the rules of `encode_column`, for long columns.

    Parameters
    ----------
    predictor : Predictor
        The dictionary's entry.
    series : pandas.Series, shape (n,)
        Raw values.
    table : str
        Table name for the failures.
    labels : list of str or int
        Row labels for the failures.

    Returns
    -------
    codes : ndarray of float, shape (n,)
        Numbers; NaN where missing or in error.
    failures : list of Failure
        All faults, in row order.
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if predictor.levels or predictor.kind == "binary":
        codes, failures = _encode_distinct(predictor, series, table)
    elif pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        encoded = encode_column(predictor, _as_float(series), table=table)
        codes, failures = encoded.codes, list(encoded.failures)
    elif isinstance(series.dtype, pd.StringDtype):
        codes, failures = _encode_numbers(predictor, series, table)
    else:
        encoded = encode_column(predictor, series.to_numpy(dtype=object), table=table)
        codes, failures = encoded.codes, list(encoded.failures)
    failures.sort(key=lambda failure: int(failure.row or 0))
    return codes, [replace(f, row=labels[int(f.row or 0)]) for f in failures]


def read_column(
    column: Column, series: pd.Series[Any], *, table: str, labels: list[str | int]
) -> tuple[pd.Series[Any], list[Failure]]:
    """Read a structural column: identifiers, dates, days, numbers, words.

    Parameters
    ----------
    column : Column
        What the registry says about the column.
    series : pandas.Series, shape (n,)
        Raw values.
    table : str
        Table name for the failures.
    labels : list of str or int
        Row labels for the failures.

    Returns
    -------
    values : pandas.Series
        Strings for identifiers and words, datetime64 for dates, float for everything else;
        missing where the value is in error.
    failures : list of Failure
        All faults, the missing values of a required column included.
    """
    failures: list[Failure] = []
    if column.type == "id":
        values = as_words(series)
    elif column.type == "date":
        values, failures = _read_dates(column.name, series, table, labels)
    else:
        predictor = _as_predictor(column)
        codes, failures = encode_series(predictor, series, table=table, labels=labels)
        values = pd.Series(codes, index=series.index)
        if column.type == "word":
            words = pd.Series([*column.words, None], dtype="str")
            values = words.iloc[np.where(np.isnan(codes), -1, codes).astype(int)]
            values.index = series.index
    if column.required:
        absent = np.flatnonzero(as_words(series).isna())
        text = f"{column.name} is required"
        failures += [Failure(table, labels[i], column.name, None, "required", text) for i in absent]
    return values, failures


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


def _as_float(series: pd.Series[Any]) -> FloatArray:
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _encode_distinct(
    predictor: Predictor, series: pd.Series[Any], table: str
) -> tuple[FloatArray, list[Failure]]:
    try:
        index, distinct = pd.factorize(series)
    except TypeError:  # lists and dicts cannot be counted; none of them is a valid value
        index, distinct = pd.factorize(series.map(_hashable, na_action="ignore"))
    encoded = encode_column(predictor, np.asarray(distinct, dtype=object), table=table)
    codes = np.append(encoded.codes, np.nan)[index]
    faults = {int(failure.row or 0): failure for failure in encoded.failures}
    places = np.flatnonzero(np.isin(index, np.array(list(faults), dtype=np.intp)))
    return codes, [replace(faults[int(index[i])], row=int(i)) for i in places]


def _hashable(value: object) -> object:
    return value if isinstance(value, str | bool | int | float) else repr(value)


def _encode_numbers(
    predictor: Predictor, series: pd.Series[Any], table: str
) -> tuple[FloatArray, list[Failure]]:
    numbers = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    encoded = encode_column(predictor, numbers, table=table)
    lost = np.flatnonzero(np.isnan(numbers) & series.notna().to_numpy())
    words = encode_column(predictor, series.iloc[lost].to_numpy(dtype=object), table=table)
    codes = encoded.codes
    codes[lost] = words.codes
    failures = [replace(f, row=int(lost[int(f.row or 0)])) for f in words.failures]
    return codes, [*encoded.failures, *failures]


def _as_predictor(column: Column) -> Predictor:
    """Let the rules of predictors serve a structural column, too."""
    levels = {"word": column.words, "level": LEVELS}.get(column.type, ())
    if column.type == "binary":
        return Predictor(name=column.name, label=column.name, kind="binary", concept="structure")
    if levels:
        return Predictor(
            name=column.name, label=column.name, kind="nominal", levels=levels, concept="structure"
        )
    return Predictor(
        name=column.name,
        label=column.name,
        kind="continuous",
        unit="days" if column.type == "day" else None,
        hard_range=column.hard_range or (-np.inf, np.inf),
        concept="structure",
    )


def _read_dates(
    name: str, series: pd.Series[Any], table: str, labels: list[str | int]
) -> tuple[pd.Series[Any], list[Failure]]:
    words = as_words(series).str.replace(_MIDNIGHT, "", regex=True)
    dates = pd.to_datetime(words, format="%Y-%m-%d", errors="coerce")
    failures = [
        Failure(table, labels[i], name, words.iloc[i], "date",
                f"expected a date such as 2024-03-31, got {words.iloc[i]!r:.60}")
        for i in np.flatnonzero(dates.isna() & words.notna())
    ]  # fmt: skip
    strange = (dates < _FIRST_VERTEBROPLASTY) | (dates > pd.Timestamp.today())
    failures += [
        Failure(table, labels[i], name, words.iloc[i], "usual_range",
                f"usually lies between 1984-01-01 and today, got {words.iloc[i]}", "warning")
        for i in np.flatnonzero(strange)
    ]  # fmt: skip
    return dates, failures
