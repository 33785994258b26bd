"""Risks of many episodes at once; each is the number `vfprog.predict` gives for that episode."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.batch.trees import bulk_margin
from vfprog.features.design import derive_features
from vfprog.scoring.applicability import far_outside
from vfprog.scoring.choice import assignments, unanswered
from vfprog.scoring.model import expit
from vfprog.scoring.patient import read_patients

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from vfprog.features.arrays import BoolArray, EpisodeArrays, FloatArray
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.model import PrognosticModel

# Below this many rows plain numpy is faster than starting XGBoost.
_BULK_ROWS = 200
# Rows of the feature matrix held at once; a whole registry's would be gigabytes.
_CHUNK = 100_000


def score_frame(bundle: Bundle, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the risks of a table with one row per episode.

    Parameters
    ----------
    bundle : Bundle
        The models.
    frame : pandas.DataFrame
        Predictors by name; ``vertebrae`` holds lists of mappings, or their JSON text. An
        ``episode_id`` is carried over.

    Returns
    -------
    pandas.DataFrame
        Index of ``frame``; see `score_arrays` for the columns.

    Raises
    ------
    InputError
        Something in the table is wrong; all failures are listed.
    """
    records = [_with_vertebrae(record) for record in frame.to_dict("records")]
    patients = read_patients(records, bundle.dictionary)
    scores = score_arrays(bundle, patients.arrays)
    scores.index = frame.index
    if "episode_id" in frame:
        scores.insert(0, "episode_id", frame["episode_id"])
    return scores


def score_arrays(bundle: Bundle, arrays: EpisodeArrays) -> pd.DataFrame:
    """Return the risks of episodes given as arrays.

    Parameters
    ----------
    bundle : Bundle
        The models.
    arrays : EpisodeArrays
        Predictors, coded by the bundle's dictionary.

    Returns
    -------
    pandas.DataFrame
        One row per episode; for each endpoint ``<endpoint>_risk`` and
        ``<endpoint>_prediction_time``, both missing where the endpoint has no meaning for the
        episode (a response asks for pain that can fall). Then for each endpoint
        ``<endpoint>_reason``, why there is no risk: ``empty`` (nothing is known of the episode),
        or as `vfprog.scoring.choice.unanswered` names it. Last ``outside_development``, the
        predictors that lie far outside the development data, and ``trained_on``, simulated or
        registry.
    """
    known = arrays.given()
    columns: dict[str, Any] = {}
    for endpoint in bundle.endpoints:
        columns[f"{endpoint}_risk"] = np.full(arrays.n, np.nan)
        columns[f"{endpoint}_prediction_time"] = np.full(arrays.n, None, dtype=object)
    derived = derive_features(arrays, bundle.dictionary)
    for name, answering in assignments(bundle, arrays):
        model = bundle.model(name)
        used = {f.name: derived[f.name] for f in model.features}
        risk = columns[f"{model.endpoint.name}_risk"]
        every = np.flatnonzero(answering & known)
        for rows in (every[k : k + _CHUNK] for k in range(0, len(every), _CHUNK)):
            X = model.matrix({name: values[rows] for name, values in used.items()}, len(rows))
            risk[rows] = expit(bulk_log_odds(bundle, model.name, X))
        columns[f"{model.endpoint.name}_prediction_time"][every] = model.prediction_time
    columns |= _reasons(bundle, arrays, known)
    columns["outside_development"] = _outside(bundle, derived, arrays.n)
    columns["trained_on"] = np.full(arrays.n, bundle.identity.trained_on, dtype=object)
    return pd.DataFrame(columns)


def _reasons(bundle: Bundle, arrays: EpisodeArrays, known: BoolArray) -> dict[str, Any]:
    columns = {f"{e}_reason": np.full(arrays.n, None, dtype=object) for e in bundle.endpoints}
    for endpoint, code, rows in unanswered(bundle, arrays):
        columns[f"{endpoint}_reason"][rows] = code
    for column in columns.values():
        column[~known] = "empty"
    return columns


def _outside(bundle: Bundle, derived: Mapping[str, FloatArray], n: int) -> list[str | None]:
    if bundle.typicality is None:
        return [None] * n
    used = {
        m.feature: derived[m.feature] for m in bundle.typicality.margins if m.feature in derived
    }
    names: list[str] = []
    for start in range(0, n, _CHUNK):
        part = {name: values[start : start + _CHUNK] for name, values in used.items()}
        names += far_outside(bundle.typicality, part, min(_CHUNK, n - start))
    return [name or None for name in names]


def bulk_log_odds(bundle: Bundle, name: str, X: FloatArray) -> FloatArray:
    """Return calibrated log-odds of many rows of one model's feature matrix.

    Parameters
    ----------
    bundle : Bundle
        The models.
    name : str
        Name of the model.
    X : ndarray of float, shape (n, n_features)
        Feature matrix.

    Returns
    -------
    ndarray of float, shape (n,)
        Calibrated log-odds.
    """
    model, booster = bundle.model(name), bundle.booster(name)
    if booster is None or model.trees is None or len(X) < _BULK_ROWS:
        return model.log_odds(X)
    margin = model.blend.w_linear * model.linear.margin(X)
    margin += model.blend.w_trees * _tree_margin(model, booster, X)
    log_odds: FloatArray = model.blend.a + model.blend.b * margin
    return log_odds


def _tree_margin(model: PrognosticModel, booster: bytes, X: FloatArray) -> FloatArray:
    offset = 0.0 if model.trees is None else model.trees.offset
    return bulk_margin(booster, model.filled(X), offset=offset)


def _with_vertebrae(record: dict[Hashable, Any]) -> dict[str, Any]:
    """Return a row with its vertebrae as a list, wherever they were written as JSON text.

    Text that is no JSON stays as it is: `read_patients` refuses it, with all other failures.
    """
    given = record.get("vertebrae")
    if isinstance(given, str) and given.strip():
        with suppress(ValueError):
            record = {**record, "vertebrae": json.loads(given)}
    return {str(key): value for key, value in record.items()}
