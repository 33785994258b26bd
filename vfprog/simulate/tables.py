"""Simulated columns as the five tables of a registry, in the words of the dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.registry import EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.schema.dictionary import Predictor
    from vfprog.simulate.draws import Columns


def identifiers(prefix: str, n: int, *, first: int = 0, width: int = 6) -> pd.Series[str]:
    """Return n identifiers such as ``E000001``, counted on from a number of earlier ones."""
    numbers = range(first + 1, first + n + 1)
    return pd.Series([f"{prefix}{i:0{width}d}" for i in numbers], dtype="str")


def words(levels: Sequence[str], codes: FloatArray) -> Any:
    """Return the words at the given places; missing where the place is NaN or negative."""
    known = np.nan_to_num(codes, nan=-1).astype(np.intp)
    return pd.array(list(levels), dtype="str").take(known, allow_fill=True)


def dates(first_year: float, day: FloatArray) -> Any:
    """Return calendar dates for days since the first of January of a year."""
    start = np.datetime64(f"{int(first_year)}-01-01", "us")
    return start + day.astype(np.int64).astype("timedelta64[D]")


def predictor_columns(table: str, columns: Columns) -> dict[str, Any]:
    """Return the predictors of one table in the order, types and words of the dictionary.

    Parameters
    ----------
    table : {"episodes", "vertebrae"}
        The table.
    columns : dict of str to ndarray
        Values as numbers; NaN where missing.

    Returns
    -------
    dict of str to array
        One column per predictor of the table.
    """
    predictors = load_dictionary().of_table(table)
    return {p.name: _column(p, columns[p.name]) for p in predictors}


def visit_table(rows: Columns, ids: pd.Series[str]) -> pd.DataFrame:
    """Return the table of visits."""
    return pd.DataFrame(
        {
            "episode_id": _ids(rows, ids),
            "day": rows["day"].astype(np.int64),
            "vas": rows["vas"],
            "rmdq": rows["rmdq"],
            "opioids": rows["opioids"] == 1,
        }
    )


def height_table(rows: Columns, ids: pd.Series[str]) -> pd.DataFrame:
    """Return the table of films."""
    return pd.DataFrame(
        {
            "episode_id": _ids(rows, ids),
            "level": words(load_dictionary()["level"].levels, rows["level"]),
            "day": rows["day"].astype(np.int64),
            "height_loss_pct": rows["height_loss_pct"],
        }
    )


def event_table(rows: Columns, ids: pd.Series[str]) -> pd.DataFrame:
    """Return the table of events."""
    return pd.DataFrame(
        {
            "episode_id": _ids(rows, ids),
            "day": rows["day"].astype(np.int64),
            "event": words(EVENTS, rows["event"]),
            "level": words(load_dictionary()["level"].levels, rows["level"]),
        }
    )


def truth_table(truth: Columns, ids: pd.Series[str]) -> pd.DataFrame:
    """Return true risks as numbers, and potential outcomes as truth values."""
    columns = {k: v if k.startswith("risk_") else v == 1 for k, v in truth.items()}
    return pd.DataFrame({"episode_id": ids} | columns)


def _ids(rows: Columns, ids: pd.Series[str]) -> Any:
    owner: IntArray = rows["owner"].astype(np.intp)
    return ids.array.take(owner)


def _column(predictor: Predictor, values: FloatArray) -> Any:
    if predictor.kind == "binary":
        missing = np.isnan(values)
        return pd.arrays.BooleanArray(np.nan_to_num(values) == 1, missing)
    return words(predictor.levels, values) if predictor.levels else values
