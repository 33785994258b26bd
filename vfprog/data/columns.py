"""Turn one raw column of a table into typed values, with every fault it has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.words import as_words
from vfprog.errors import Failure
from vfprog.schema.dictionary import LEVELS, Predictor
from vfprog.schema.rules import encode_column

if TYPE_CHECKING:
    from vfprog.data.rows import RowNames
    from vfprog.features.arrays import FloatArray
    from vfprog.schema.registry import Column

_MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?$"
_FIRST_VERTEBROPLASTY = pd.Timestamp("1984-01-01")


def encode_series(
    predictor: Predictor, series: pd.Series[Any], *, table: str, rows: RowNames
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
    rows : RowNames
        Names of the rows for the failures.

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
    return codes, [rows.place(_as_note(f), int(f.row or 0)) for f in failures]


def read_column(
    column: Column, series: pd.Series[Any], *, table: str, rows: RowNames
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
    rows : RowNames
        Names of the rows for the failures.

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
        values, failures = _read_dates(column.name, series, table, rows)
    else:
        predictor = _as_predictor(column)
        codes, failures = encode_series(predictor, series, table=table, rows=rows)
        values = pd.Series(codes, index=series.index)
        if column.type == "word":
            words = pd.Series([*column.words, None], dtype="str")
            values = words.iloc[np.where(np.isnan(codes), -1, codes).astype(int)]
            values.index = series.index
    if column.required:
        absent = np.flatnonzero(as_words(series).isna())
        text = f"{column.name} is required"
        failures += rows.placed(Failure(table, None, column.name, None, "required", text), absent)
    return values, failures


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
    name: str, series: pd.Series[Any], table: str, rows: RowNames
) -> tuple[pd.Series[Any], list[Failure]]:
    words = as_words(series).str.replace(_MIDNIGHT, "", regex=True)
    dates = pd.to_datetime(words, format="%Y-%m-%d", errors="coerce")
    faults = (
        (dates.isna() & words.notna(), "date", "expected a date such as 2024-03-31", "error"),
        (dates > pd.Timestamp.today(), "future_date", "lies in the future", "warning"),
        (dates < _FIRST_VERTEBROPLASTY, "early_date", "lies before 1984-01-01", "warning"),
    )
    failures: list[Failure] = []
    for where, rule, text, severity in faults:
        for place in np.flatnonzero(where):
            value = words.iloc[place]
            message = f"{text}, got {value!r:.60}"
            failure = Failure(table, None, name, value, rule, message, severity)  # type: ignore[arg-type]
            failures.append(rows.place(failure, int(place)))
    return dates, failures


def _as_note(failure: Failure) -> Failure:
    """Call what is rare by its name: among thousands, a few values outside the usual are usual."""
    return replace(failure, severity="note") if failure.severity == "warning" else failure
