"""Read one Parquet file: typed columns stay typed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from vfprog.data.reading.parts import FIRST_ROW, Part, check_names, refuse
from vfprog.schema.registry import SIMULATED_MARK

if TYPE_CHECKING:
    from pathlib import Path

_INDEX = "__index_level_0__"


def read_parquet(table: str, path: Path) -> Part:
    """Read a Parquet file.

    Parameters
    ----------
    table : str
        Named in the failures.
    path : pathlib.Path
        The file.

    Returns
    -------
    Part
        Columns with the types of the file; whole numbers stay whole beside missing values, and
        decimals become numbers.

    Raises
    ------
    InputError
        The file is damaged.
    """
    try:
        schema = pa_parquet.read_schema(path)
        names = check_names(table, str(path), [str(n) for n in schema.names])
        found = pa_parquet.read_table(path, use_pandas_metadata=False, partitioning=None)
        if _INDEX in names:  # the row numbers of a table pandas had sorted or filtered
            found = found.drop_columns([_INDEX])
            names.remove(_INDEX)
        columns = [_plain(column) for column in found.columns]
        frame = _to_pandas(pa.table(columns, names=names))
    except (pa.ArrowException, OSError, UnicodeError) as error:
        refuse(table, path.name, "unreadable", f"{path} cannot be read: {error}")
    frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame))
    key, value = SIMULATED_MARK
    simulated = (schema.metadata or {}).get(key) == value
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
    return Part(frame, digest, simulated=simulated)


def _plain(column: Any) -> Any:
    """Return a column in a type that pandas holds without Python objects."""
    if pa.types.is_decimal(column.type):
        return column.cast(pa.float64())
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return column.cast(pa.large_string())  # refuses what is no UTF-8
    return column


def _to_pandas(found: Any) -> pd.DataFrame:
    types = {kind: pd.StringDtype(na_value=np.nan) for kind in (pa.string(), pa.large_string())}
    if any(pa.types.is_integer(c.type) and c.null_count for c in found.columns):
        # As a float, a long identifier would lose its last digits.
        types |= {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
    frame: pd.DataFrame = found.to_pandas(ignore_metadata=True, types_mapper=types.get)
    return frame
