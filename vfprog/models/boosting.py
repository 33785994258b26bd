"""Gradient-boosted trees whose margins are the same number with and without XGBoost.

The log-odds of the prevalence are held as a float64 offset outside the booster, and leaves are
rounded to multiples of 2^-16, so that float32 and float64 sums agree bit for bit.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import xgboost as xgb

from vfprog.errors import TrainingError
from vfprog.models.booster_json import round_leaves, tree_arrays
from vfprog.scoring.tree_routes import DEPTH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from vfprog.features.arrays import FloatArray
    from vfprog.scoring.trees import TreeArrays


@dataclass(frozen=True, eq=False)
class FittedTrees:
    """Boosted trees in their two forms, which give the same margins.

    Parameters
    ----------
    arrays : TreeArrays
        Flat arrays, offset included.
    model_json : bytes
        XGBoost model with rounded leaves; its margins lack the offset.
    """

    arrays: TreeArrays
    model_json: bytes


class TreeOptions(TypedDict, total=False):
    """Keyword options of `fit_trees` that `path_margins` passes on."""

    max_depth: int
    learning_rate: float
    min_child_weight: float
    reg_lambda: float
    subsample: float
    colsample: float
    monotone: Sequence[int] | None
    seed: int
    n_jobs: int
    max_bin: int


def fit_trees(
    X: FloatArray,
    y: FloatArray,
    *,
    n_rounds: int,
    sample_weight: FloatArray | None = None,
    **options: Unpack[TreeOptions],
) -> FittedTrees:
    """Fit boosted trees of depth at most three.

    Parameters
    ----------
    X : ndarray of float, shape (n, n_features)
        Feature rows; NaN = missing, infinities are refused.
    y : ndarray of 0 and 1, shape (n,)
        Outcomes.
    n_rounds : int
        Number of trees; 0 leaves the log-odds of the prevalence.
    sample_weight : ndarray of float, shape (n,), optional
        Weights; 1 each by default.
    **options
        ``max_depth`` (3), ``learning_rate`` (.1), ``min_child_weight`` (1), ``reg_lambda`` (1),
        ``subsample`` (1) of rows and ``colsample`` (1) of columns per tree, ``monotone`` (a
        direction -1, 0 or 1 per feature), ``seed`` (0) of the sampling, ``n_jobs`` (1) threads
        and ``max_bin`` (256).

    Returns
    -------
    FittedTrees
        The trees as arrays and as XGBoost JSON.

    Raises
    ------
    TrainingError
        If the rows, outcomes or options admit no honest fit.
    """
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    _check_data(X, y, weight)
    parameters = _parameters(options, X.shape[1])
    if n_rounds < 0:
        raise TrainingError(f"n_rounds must not be negative, got {n_rounds}")
    prevalence = float(np.average(y, weights=weight))
    offset = math.log(prevalence / (1 - prevalence))
    data = xgb.QuantileDMatrix(
        X,
        y,
        weight=weight,
        base_margin=np.full(len(y), offset, dtype=np.float32),
        max_bin=parameters["max_bin"],
        nthread=parameters["nthread"],
    )
    booster = xgb.train(parameters, data, num_boost_round=n_rounds)
    model = json.loads(booster.save_raw("json"))
    round_leaves(model)
    return FittedTrees(
        tree_arrays(model, offset), json.dumps(model, separators=(",", ":")).encode()
    )


def path_margins(
    X: FloatArray,
    y: FloatArray,
    X_eval: FloatArray,
    checkpoints: Sequence[int],
    *,
    sample_weight: FloatArray | None = None,
    **options: Unpack[TreeOptions],
) -> FloatArray:
    """Return margins of evaluation rows after several numbers of rounds of one fit.

    Parameters
    ----------
    X, y : ndarray
        Rows and outcomes to fit on, as in `fit_trees`.
    X_eval : ndarray of float, shape (n_eval, n_features)
        Rows to score.
    checkpoints : sequence of int
        Ascending numbers of rounds.
    sample_weight : ndarray of float, shape (n,), optional
        Weights of the rows fitted on.
    **options
        As in `fit_trees`.

    Returns
    -------
    ndarray of float64, shape (n_checkpoints, n_eval)
        Margins, each row equal to those of `fit_trees` with that many rounds.

    Raises
    ------
    TrainingError
        As in `fit_trees`.
    ValueError
        If the checkpoints are empty, negative, or do not ascend.
    """
    steps = list(checkpoints)
    if not steps or steps[0] < 0 or any(b <= a for a, b in pairwise(steps)):
        raise ValueError(f"checkpoints must be ascending numbers of rounds, got {steps}")
    fitted = fit_trees(X, y, n_rounds=steps[-1], sample_weight=sample_weight, **options)
    booster = load_booster(fitted.model_json, n_jobs=options.get("n_jobs", 1))
    margins = np.zeros((len(steps), len(X_eval)))
    total = np.zeros(len(X_eval))
    for row, (start, stop) in enumerate(zip([0, *steps], steps, strict=False)):
        if stop > start:
            total += booster.inplace_predict(
                X_eval, iteration_range=(start, stop), predict_type="margin"
            )
        margins[row] = fitted.arrays.offset + total
    return margins


def load_booster(model_json: bytes, *, n_jobs: int = 1) -> xgb.Booster:
    """Load an XGBoost model.

    Parameters
    ----------
    model_json : bytes
        JSON of a `FittedTrees`.
    n_jobs : int
        Threads it predicts with.

    Returns
    -------
    xgboost.Booster
        The model, without its offset.
    """
    booster = xgb.Booster({"nthread": n_jobs})
    booster.load_model(bytearray(model_json))
    return booster


def _check_data(X: FloatArray, y: FloatArray, weight: FloatArray) -> None:
    if X.ndim != 2 or not len(X) == len(y) == len(weight):
        raise TrainingError(
            f"rows {X.shape}, outcomes {y.shape} and weights {weight.shape} do not match"
        )
    if np.isinf(X).any():
        raise TrainingError("features hold an infinite value; a missing value is written as NaN")
    if not np.isin(y, (0, 1)).all():
        raise TrainingError("outcomes of boosted trees must be 0 or 1")
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise TrainingError("sample weights must be finite and not negative")
    if not (weight[y == 0].sum() > 0 and weight[y == 1].sum() > 0):
        raise TrainingError("boosted trees need both outcomes with positive weight")


def _parameters(options: TreeOptions, n_features: int) -> dict[str, Any]:
    unknown = set(options) - set(TreeOptions.__annotations__)
    if unknown:
        raise TypeError(f"unknown options of boosted trees: {', '.join(sorted(unknown))}")
    depth = options.get("max_depth", DEPTH)
    if not 1 <= depth <= DEPTH:
        raise TrainingError(f"max_depth must be 1 to {DEPTH}, got {depth}")
    if not options.get("min_child_weight", 1.0) > 0:
        raise TrainingError("min_child_weight must be positive: covers of nodes divide SHAP values")
    monotone = options.get("monotone")
    if monotone is not None and len(monotone) != n_features:
        raise TrainingError(f"{len(monotone)} monotone directions for {n_features} features")
    parameters: dict[str, Any] = {
        "tree_method": "hist",
        "objective": "binary:logistic",
        "base_score": 0.5,
        "max_depth": depth,
        "learning_rate": options.get("learning_rate", 0.1),
        "min_child_weight": options.get("min_child_weight", 1.0),
        "reg_lambda": options.get("reg_lambda", 1.0),
        "subsample": options.get("subsample", 1.0),
        "colsample_bytree": options.get("colsample", 1.0),
        "seed": options.get("seed", 0),
        "nthread": options.get("n_jobs", 1),
        "max_bin": options.get("max_bin", 256),
    }
    if monotone is not None and any(monotone):
        parameters["monotone_constraints"] = tuple(int(sign) for sign in monotone)
    return parameters
