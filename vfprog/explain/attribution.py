"""Contributions of many episodes as a long table, and what they say of the whole model.

Contributions of the linear part are against the development mean, those of the trees are
path-dependent (Lundberg et al. 2020, Nat Mach Intell 2:56); both are on the scale of the
calibrated log-odds, and with the base they add up to the risk that is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.batch.trees import bulk_contributions
from vfprog.features.design import derive_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import EpisodeArrays, FloatArray
    from vfprog.schema.dictionary import Dictionary
    from vfprog.scoring.model import PrognosticModel


def bulk_lines(model: PrognosticModel, X: FloatArray) -> tuple[float, FloatArray]:
    """Return base and folded contributions of many rows.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    X : ndarray of float, shape (n, n_features)
        Feature matrix; NaN where missing.

    Returns
    -------
    base : float
        Log-odds shared by all rows.
    lines : ndarray of float, shape (n, n_lines)
        Contributions of ``model.lines``; base and their sum are the calibrated log-odds.
    """
    base, phi = model.linear.contributions(X)
    base, phi = model.blend.w_linear * base, model.blend.w_linear * phi
    if model.trees is not None and model.blend.w_trees > 0:
        tree_base, tree_phi = bulk_contributions(model.trees, model.filled(X))
        base += model.blend.w_trees * tree_base
        phi += model.blend.w_trees * tree_phi
    return model.blend.a + model.blend.b * base, model.fold(model.blend.b * phi)


def attribution_table(
    model: PrognosticModel,
    arrays: EpisodeArrays,
    dictionary: Dictionary,
    episode_id: NDArray[np.object_],
) -> pd.DataFrame:
    """Return every contribution to every risk of one model, a row each.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    arrays : EpisodeArrays
        Episodes, coded by the dictionary.
    dictionary : Dictionary
        The dictionary.
    episode_id : ndarray of object, shape (n,)
        Their names.

    Returns
    -------
    pandas.DataFrame
        Columns episode_id, endpoint, prediction_time, predictor, concept, value (a number;
        levels as their place, several vertebrae as their first aggregate), log_odds, base_log_odds.
    """
    derived = derive_features(arrays, dictionary)
    base, lines = bulk_lines(model, model.matrix(derived, arrays.n))
    shown = line_values(model, arrays, derived)
    n, width = lines.shape
    names = [line.predictor for line in model.lines]
    concepts = [line.concept for line in model.lines]
    return pd.DataFrame(
        {
            "episode_id": np.repeat(episode_id, width),
            "endpoint": model.endpoint.name,
            "prediction_time": model.prediction_time,
            "predictor": np.tile(np.array(names, dtype=object), n),
            "concept": np.tile(np.array(concepts, dtype=object), n),
            "value": shown.ravel(),
            "log_odds": lines.ravel(),
            "base_log_odds": base,
        }
    )


def line_values(
    model: PrognosticModel, arrays: EpisodeArrays, derived: dict[str, FloatArray]
) -> FloatArray:
    """Return the number shown beside each line's contribution.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    arrays : EpisodeArrays
        Episodes.
    derived : dict of str to ndarray
        Their derived features.

    Returns
    -------
    ndarray of float, shape (n, n_lines)
        The predictor as recorded (the third pelvic angle as derived from two), or for vertebrae
        and two-parent lines their first feature.
    """
    shown = np.empty((arrays.n, len(model.lines)))
    for place, line in enumerate(model.lines):
        first = model.features[int(np.argmax(model.line_index == place))].name
        recorded = arrays.episodes.get(line.predictor, derived[first])
        shown[:, place] = derived.get(line.predictor, recorded)
    return shown


def importance(table: pd.DataFrame, by: str = "predictor") -> pd.DataFrame:
    """Return how much a model relies on each predictor or concept.

    Parameters
    ----------
    table : pandas.DataFrame
        Result of `attribution_table`, of one or more models.
    by : {"predictor", "concept"}
        What contributions are summed within before their size is taken.

    Returns
    -------
    pandas.DataFrame
        Columns endpoint, prediction_time, concept, ``by``, mean_abs_log_odds and share (of the
        model's sum), largest first within each model.

    Raises
    ------
    ValueError
        All contributions of a model are zero.
    """
    if by not in {"predictor", "concept"}:
        raise ValueError(f"by must be predictor or concept, got {by!r}")
    model = ["endpoint", "prediction_time"]
    keys = [*model, "concept"] if by == "concept" else [*model, "concept", "predictor"]
    sums = table.groupby(["episode_id", *keys], sort=False, observed=True)["log_odds"].sum()
    size = sums.abs().groupby(level=keys, sort=False).mean()
    ranked = size.rename("mean_abs_log_odds").reset_index()
    total = ranked.groupby(model)["mean_abs_log_odds"].transform("sum")
    if not (total > 0).all():
        raise ValueError("importance is undefined: a model has no contribution to any risk")
    ranked["share"] = ranked["mean_abs_log_odds"] / total
    order = [*model, "mean_abs_log_odds"]
    return ranked.sort_values(order, ascending=[True, True, False], ignore_index=True)


def shap_explanation(model: PrognosticModel, arrays: EpisodeArrays, dictionary: Dictionary) -> Any:
    """Return the contributions as a ``shap.Explanation``, for shap's own figures.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    arrays : EpisodeArrays
        Episodes.
    dictionary : Dictionary
        The dictionary.

    Returns
    -------
    shap.Explanation
        Values of shape (n, n_lines) on the scale of the calibrated log-odds.
    """
    import shap  # ten seconds to import: paid only by those who ask for its objects

    derived = derive_features(arrays, dictionary)
    base, lines = bulk_lines(model, model.matrix(derived, arrays.n))
    return shap.Explanation(
        values=lines,
        base_values=np.full(arrays.n, base),
        data=line_values(model, arrays, derived),
        feature_names=[line.predictor for line in model.lines],
    )


def explanation_of_table(table: pd.DataFrame) -> Any:
    """Return a kept long table of one model as the ``shap.Explanation`` it holds.

    Parameters
    ----------
    table : pandas.DataFrame
        Result of `attribution_table`, such as the ``contributions`` kept with a tracked run.

    Returns
    -------
    shap.Explanation
        What `shap_explanation` gives for the same episodes.

    Raises
    ------
    ValueError
        The table holds more than one model, an episode twice, or is in another order.
    """
    import shap  # as above

    models = table[["endpoint", "prediction_time"]].drop_duplicates()
    if len(models) != 1:
        raise ValueError(f"expected the table of one model, got {len(models)}")
    names = list(dict.fromkeys(table["predictor"]))
    shape = (table["episode_id"].nunique(), len(names))
    if len(table) != shape[0] * shape[1]:
        raise ValueError(f"expected {shape[0]} episodes by {shape[1]} lines, got {len(table)} rows")
    ordered = table["predictor"].to_numpy().reshape(shape) == np.array(names, dtype=object)
    if not ordered.all():
        raise ValueError("the lines of each episode must stand together and in one order")
    return shap.Explanation(
        values=table["log_odds"].to_numpy(dtype=float).reshape(shape),
        base_values=np.full(shape[0], float(table["base_log_odds"].iloc[0])),
        data=table["value"].to_numpy(dtype=float).reshape(shape),
        feature_names=names,
    )
