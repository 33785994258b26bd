"""Which episode a row belongs to, and how that episode ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import FloatArray, IntArray


def positions_of(keys: pd.Series[Any], among: pd.Series[Any]) -> IntArray:
    """Return the position of each key among others.

    Parameters
    ----------
    keys : pandas.Series of str
        Keys to look up.
    among : pandas.Series of str
        Keys in their order, such as the ``episode_id`` of the episodes.

    Returns
    -------
    ndarray of int
        Position of the first that is equal; -1 where a key is missing or unknown.
    """
    known = pa.array(among.astype("str"))
    found = pc.index_in(pa.array(keys.astype("str")), value_set=known, skip_nulls=True)
    places: IntArray = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)
    return places


def owners(screened: Screened, table: str) -> IntArray:
    """Return the position of the episode of each row of a table; -1 where it has none."""
    return screened.owners[table]


def of_owner(values: FloatArray, owner: IntArray) -> FloatArray:
    """Return the episode's value for each row, NaN where it has no episode."""
    taken: FloatArray = np.append(values, np.nan)[owner]
    return taken
