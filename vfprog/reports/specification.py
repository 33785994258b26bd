"""A model in full: every coefficient, knot and weight, and one patient worked out by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.features.design import derive_features
from vfprog.features.encoder import encode
from vfprog.reports.grid import NONE, Grid
from vfprog.reports.words import counted
from vfprog.scoring.patient import LEVEL, read_patients
from vfprog.scoring.trees import margin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import FloatArray
    from vfprog.schema.dictionary import PredictionTime, Predictor
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.model import PrognosticModel
    from vfprog.scoring.trees import TreeArrays

# A typical patient leaves out what is missing as often as this.
_USUALLY_THERE = 0.5
_TREES_SHOWN = 12


@dataclass(frozen=True)
class Specification:
    """What a reader needs to compute a risk.

    Parameters
    ----------
    coefficients : Grid
        The linear part, a row per feature, on the scale of the feature.
    combination : Grid
        Intercept, weights of the learners and the calibrator.
    trees : Grid or None
        What the trees split on; None where there are none.
    worked : Grid or None
        One typical patient, feature by feature; None where the bundle keeps no summary of the
        predictors to make one from.
    steps : tuple of str
        From the sum of that table to the patient's risk.
    """

    coefficients: Grid
    combination: Grid
    trees: Grid | None
    worked: Grid | None
    steps: tuple[str, ...]


def specification(bundle: Bundle, name: str) -> Specification:
    """Return the specification of one model of a bundle.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    name : str
        Name of the model.

    Returns
    -------
    Specification
        Tables and steps; their numbers have six figures, enough for the risk to three decimals.
    """
    model = bundle.model(name)
    patient = typical_patient(bundle, model.prediction_time)
    parts = (_coefficients(model), _combination(model), _trees(model, bundle.booster(name)))
    if not patient:
        return Specification(*parts, None, ())
    arrays = read_patients([patient], bundle.dictionary).arrays
    X = model.matrix(derive_features(arrays, bundle.dictionary), 1)
    return Specification(*parts, _worked(model, X), _steps(model, X))


def typical_patient(bundle: Bundle, time: PredictionTime) -> dict[str, Any]:
    """Return a patient who is typical of the development data in each input, and is nobody.

    Parameters
    ----------
    bundle : Bundle
        Its summaries of the predictors are used.
    time : {"preprocedure", "postprocedure"}
        What is known.

    Returns
    -------
    dict
        Medians of numbers and the most frequent level of the rest, with one vertebra. What is
        missing most often is left out, to show how a missing value is dealt with.
    """
    dictionary, reference = bundle.dictionary, bundle.manifest["reference"]
    known = [p for p in dictionary.usable_at(time) if p.name in reference]
    missing = {p.name: float(reference[p.name]["missing"]) for p in known if p.name != LEVEL}
    least = min(_USUALLY_THERE, max(missing.values(), default=0.0))
    typical = {
        p.name: _typical(p, reference[p.name])
        for p in known
        if missing.get(p.name, 0.0) < least or not missing.get(p.name)
    }
    spine = {p.name for p in dictionary.of_table("vertebrae")}
    vertebra = {name: value for name, value in typical.items() if name in spine}
    patient = {name: value for name, value in typical.items() if name not in spine}
    return patient | ({"vertebrae": [vertebra]} if LEVEL in vertebra else {})


def _typical(predictor: Predictor, summary: Mapping[str, Any]) -> Any:
    if predictor.is_numeric:
        median = dict(map(tuple, summary["quantiles"]))[0.5]
        return round(median) if predictor.kind == "count" else float(f"{median:.4g}")
    place = int(np.argmax(summary["shares"]))
    return bool(place) if predictor.kind == "binary" else predictor.levels[place]


def _coefficients(model: PrognosticModel) -> Grid:
    columns = ("Feature", "Per unit of x", "x if missing", "Missing", "Knots t1, t2, t3, t4",
               "Per unit of s1", "Per unit of s2")  # fmt: skip
    linear, rows = model.linear, []
    for place, feature in enumerate(model.features):
        knots, coef = linear.encoding.knots[place], linear.coef[place]
        curved = not np.isnan(knots).any()
        rows.append((
            feature.label, six(coef[0]), six(linear.encoding.fill[place]),
            six(coef[3]) if linear.encoding.has_indicator[place] else NONE,
            ", ".join(map(six, knots)) if curved else NONE,
            six(coef[1]) if curved else NONE, six(coef[2]) if curved else NONE,
        ))  # fmt: skip
    return Grid("Coefficients of the linear part (log-odds)", columns, tuple(rows))


def _combination(model: PrognosticModel) -> Grid:
    blend = model.blend
    offset = NONE if model.trees is None else six(model.trees.offset)
    rows = (
        ("Intercept of the linear part", six(model.linear.intercept)),
        ("Offset of the trees", offset),
        ("Weight of the linear part, w1", six(blend.w_linear)),
        ("Weight of the trees, w2", six(blend.w_trees)),
        ("Calibration intercept, a", six(blend.a)),
        ("Calibration slope, b", six(blend.b)),
    )
    return Grid("How the parts are put together", ("What", "Value"), rows)


def _trees(model: PrognosticModel, booster: bytes | None) -> Grid | None:
    if model.trees is None or model.blend.w_trees == 0:
        return None
    width = len(model.features)
    splits, gain = _split_counts(model.trees, width), _gains(booster, width)
    order = np.argsort(-(gain if gain is not None else splits), kind="stable")
    used = [place for place in order if splits[place]]
    total = 1.0 if gain is None else float(gain.sum())
    rows = tuple(
        (model.features[p].label, f"{splits[p]:.0f}",
         NONE if gain is None else f"{100 * gain[p] / total:.1f} %")
        for p in used[:_TREES_SHOWN]
    )  # fmt: skip
    depth, left = _depth(model.trees), len(used) - len(rows)
    caption = (
        f"{counted(model.trees.n_trees, 'tree')}, at most {counted(depth, 'split')} deep, "
        f"{counted(int(splits.sum()), 'split')}"
    )
    notes = (f"and {left} more features",) if left > 0 else ()
    return Grid(caption, ("Feature", "Splits", "Share of the gain"), rows, notes)


def _split_counts(trees: TreeArrays, width: int) -> FloatArray:
    used = trees.feature[np.isfinite(trees.threshold)]  # others are no splits
    return np.bincount(used, minlength=width).astype(float)


def _depth(trees: TreeArrays) -> int:
    """Return how deep the deepest tree splits; nodes are laid out level by level."""
    levels = np.array([1, 2, 2, 3, 3, 3, 3])
    return int((np.isfinite(trees.threshold) * levels).max(initial=0))


def _gains(booster: bytes | None, width: int) -> FloatArray | None:
    """Return the sum of the gains of each feature's splits, None without the XGBoost JSON."""
    if booster is None:
        return None
    gain = np.zeros(width)
    for tree in json.loads(booster)["learner"]["gradient_booster"]["model"]["trees"]:
        split = np.array(tree["left_children"]) >= 0
        np.add.at(gain, np.array(tree["split_indices"])[split],
                  np.array(tree["loss_changes"])[split])  # fmt: skip
    return gain if gain.sum() > 0 else None


def _worked(model: PrognosticModel, X: FloatArray) -> Grid:
    terms = encode(model.linear.encoding, X)[0]
    rows = []
    for place, feature in enumerate(model.features):
        x, (filled, s1, s2, missing) = X[0, place], terms[place]
        curved = not np.isnan(model.linear.encoding.knots[place]).any()
        rows.append((
            feature.label, "missing" if np.isnan(x) else "given", six(filled),
            six(s1) if curved else NONE, six(s2) if curved else NONE, f"{missing:.0f}",
            six(float(terms[place] @ model.linear.coef[place])),
        ))  # fmt: skip
    columns = ("Feature", "Given", "x", "s1", "s2", "Missing", "Adds")
    return Grid("A typical patient, who is nobody, worked out", columns, tuple(rows))


def _steps(model: PrognosticModel, X: FloatArray) -> tuple[str, ...]:
    blend, linear = model.blend, float(model.linear.margin(X)[0])
    steps = [f"Linear part: intercept and the sum of what is added = {linear:.4f}."]
    mixed = f"{blend.w_linear:.4f} x {linear:.4f}"
    if model.trees is not None and blend.w_trees > 0:
        trees = float(margin(model.trees, model.filled(X))[0])
        steps.append(f"Trees, from their arrays: {trees:.4f}.")
        mixed += f" + {blend.w_trees:.4f} x {trees:.4f}"
    log_odds, risk = float(model.log_odds(X)[0]), float(model.risk(X)[0])
    steps.append(f"Log-odds: {blend.a:.4f} + {blend.b:.4f} x ({mixed}) = {log_odds:.4f}.")
    steps.append(f"Risk: 1 / (1 + exp(-({log_odds:.4f}))) = {100 * risk:.1f} %.")
    return tuple(steps)


def six(number: float) -> str:
    """Return a number with six figures, and no trailing zeros."""
    return f"{number:.6g}"
