"""What is missing together, and in whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from vfprog.features.arrays import IntArray

_BITS = 30


def missing_patterns(frame: pd.DataFrame, *, top: int = 12) -> pd.DataFrame:
    """Return which columns are missing together.

    Parameters
    ----------
    frame : pandas.DataFrame
        A table.
    top : int
        Most patterns; the most frequent are kept.

    Returns
    -------
    pandas.DataFrame
        pattern (0 the most frequent), n and share of its rows, column and whether it is missing in
        the pattern: one row for each pattern and each column that has any value missing, in the
        order of the table.
    """
    missing = frame.isna()
    missing = missing.loc[:, missing.any()]
    codes, first = _pattern_codes(missing)
    counts = np.bincount(codes, minlength=len(first))
    order = np.argsort(-counts, kind="stable")[:top]
    wide = missing.shape[1]
    return pd.DataFrame(
        {
            "pattern": np.repeat(np.arange(len(order)), wide),
            "n": np.repeat(counts[order], wide),
            "share": np.repeat(counts[order] / max(len(frame), 1), wide),
            "column": np.tile(missing.columns.to_numpy(dtype=object), len(order)),
            "missing": missing.iloc[first[order]].to_numpy(dtype=bool).ravel(),
        }
    )


def missing_by(frame: pd.DataFrame, groups: pd.Series[Any]) -> pd.DataFrame:
    """Return the share missing of each column within groups of rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        A table.
    groups : pandas.Series
        Group of each row, in the order of the table; a row without a group is left out.

    Returns
    -------
    pandas.DataFrame
        group, n (its rows), column, missing_share: one row for each group, the largest first, and
        each column that has any value missing.
    """
    missing = frame.isna()
    missing = missing.loc[:, missing.any()]
    codes, names = pd.factorize(groups)
    known = codes >= 0
    sizes = np.bincount(codes[known], minlength=len(names))
    shares = [
        np.bincount(codes[known & flags.to_numpy()], minlength=len(names)) / sizes
        for _, flags in missing.items()
    ]
    order = np.argsort(-sizes, kind="stable")
    wide = missing.shape[1]
    return pd.DataFrame(
        {
            "group": np.repeat(np.asarray(names, dtype=object)[order], wide),
            "n": np.repeat(sizes[order], wide),
            "column": np.tile(missing.columns.to_numpy(dtype=object), len(order)),
            "missing_share": np.array(shares, dtype=np.float64)
            .reshape(wide, len(names))
            .T[order]
            .ravel(),
        }
    )


def _pattern_codes(missing: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Return the pattern of each row as a small number, and one row of each pattern."""
    codes: IntArray = np.zeros(len(missing), dtype=np.int64)
    flags = missing.to_numpy(dtype=np.int64)
    for start in range(0, flags.shape[1], _BITS):
        part = flags[:, start : start + _BITS]
        bits = part @ (1 << np.arange(part.shape[1], dtype=np.int64))
        codes = (codes << _BITS) + bits
        codes = pd.factorize(codes)[0].astype(np.int64)
    first = np.flatnonzero(~pd.Series(codes).duplicated().to_numpy())
    return codes, first
