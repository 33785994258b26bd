"""Margins and SHAP values of boosted trees for many rows.

Margins come from XGBoost. SHAP values come from tables: the seven decisions of a tree make a
7-bit code, and what each feature of the tree contributes is looked up under that code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.models.boosting import load_booster
from vfprog.scoring.tree_routes import checked_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.features.arrays import FloatArray
    from vfprog.scoring.tree_routes import CodeArray, Float32Array
    from vfprog.scoring.trees import TreeArrays

_CHUNK = 8192  # rows whose features and contributions stay in the processor's cache


def bulk_margin(
    model_json: bytes, X: FloatArray | Float32Array, *, offset: float, n_jobs: int = 1
) -> FloatArray:
    """Return the log-odds margin of each row, computed by XGBoost.

    Parameters
    ----------
    model_json : bytes
        JSON of a `FittedTrees`.
    X : ndarray of float, shape (n, n_features)
        Feature rows; NaN = missing, infinities are refused.
    offset : float
        Offset of the same trees.
    n_jobs : int
        Threads.

    Returns
    -------
    ndarray of float64, shape (n,)
        Margins, bit for bit those of `vfprog.scoring.trees.margin`.
    """
    booster = load_booster(model_json, n_jobs=n_jobs)
    margins: Float32Array = booster.inplace_predict(
        checked_rows(X, booster.num_features()), predict_type="margin"
    )
    return offset + margins.astype(np.float64)


def bulk_contributions(
    trees: TreeArrays, X: FloatArray | Float32Array, *, chunk: int = _CHUNK
) -> tuple[float, FloatArray]:
    """Return exact path-dependent SHAP values of many rows.

    Parameters
    ----------
    trees : TreeArrays
        The trees.
    X : ndarray of float, shape (n, n_features)
        Feature rows; NaN = missing, infinities are refused.
    chunk : int
        Rows worked on at once.

    Returns
    -------
    base : float
        Cover-weighted mean margin of the development data, offset included.
    contributions : ndarray of float64, shape (n, n_features)
        Log-odds each feature adds; each row's sum plus the base is its margin.

    Raises
    ------
    ValueError
        If the chunk is empty or the rows do not fit the trees.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    values = checked_rows(X, trees.router.min_features)
    plans = list(_plans(trees))
    phi = np.empty(values.shape)
    for start in range(0, len(values), chunk):
        rows = slice(start, start + chunk)
        phi[rows] = _chunk_contributions(plans, values[rows]).T
    return trees.offset + trees.tables.expected, phi


class _Plan:
    """One tree: its real splits, and a table per distinct feature."""

    def __init__(self, trees: TreeArrays, index: int, table: FloatArray) -> None:
        real = np.flatnonzero(np.isfinite(trees.threshold[index]))
        feature = trees.feature[index]
        self.splits = [
            (int(k), int(feature[k]), trees.threshold[index, k], int(~trees.missing_left[index, k]))
            for k in real
        ]
        self.tables = [
            (int(f), np.ascontiguousarray(table[:, real[feature[real] == f]].sum(axis=1)))
            for f in np.unique(feature[real])
        ]


def _plans(trees: TreeArrays) -> Iterator[_Plan]:
    for index, table in enumerate(trees.tables.by_code()):
        yield _Plan(trees, index, table)


def _chunk_contributions(plans: list[_Plan], values: Float32Array) -> FloatArray:
    """Contributions of a few thousand rows, one line per feature."""
    columns = np.ascontiguousarray(values.T)
    missing = np.isnan(columns)
    by_side = (
        np.where(missing, np.float32(-np.inf), columns),
        np.where(missing, np.float32(np.inf), columns),
    )
    phi = np.zeros(columns.shape)
    right, shares = np.empty(len(values), np.bool_), np.empty(len(values))
    bits = right.view(np.uint8)
    for plan in plans:
        code: CodeArray = np.zeros(len(values), dtype=np.uint8)
        for node, feature, threshold, side in plan.splits:
            np.greater_equal(by_side[side][feature], threshold, out=right)
            code |= bits << np.uint8(node)
        places = code.astype(np.intp)
        for feature, table in plan.tables:
            phi[feature] += table.take(places, out=shares, mode="clip")
    return phi
