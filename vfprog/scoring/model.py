"""One prognostic model: two learners, a blend and a calibrator, all linear in log-odds.

``logit(risk) = a + b * (w_linear * linear(x) + w_trees * trees(x))``: because every step is
linear in log-odds, contributions of the learners add up to the calibrated risk that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import BundleError
from vfprog.features.design import feature_matrix
from vfprog.features.feature import Feature
from vfprog.schema.endpoints import Endpoint
from vfprog.scoring import trees as tree_code
from vfprog.scoring.linear import LinearPart, read_array
from vfprog.scoring.trees import TreeArrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.schema.dictionary import PredictionTime


def expit(x: FloatArray) -> FloatArray:
    """Return the probability of log-odds, without overflow; see also ``scipy.special.expit``."""
    x = np.asarray(x, dtype=np.float64)
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1.0) / (1.0 + small)


@dataclass(frozen=True)
class Line:
    """One line of an explanation: a clinical predictor, or a feature with two parents.

    Parameters
    ----------
    predictor : str
        Name of the predictor or two-parent feature.
    concept : str
        Concept group.
    parents : tuple of str
        Clinical predictors it is made of; one for a predictor itself.
    """

    predictor: str
    concept: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Blend:
    """Weights of the learners and the calibrator.

    Parameters
    ----------
    w_linear, w_trees : float
        Non-negative, sum to one.
    a, b : float
        Calibration intercept and slope.
    """

    w_linear: float
    w_trees: float
    a: float
    b: float


@dataclass(frozen=True)
class PrognosticModel:
    """A calibrated model of one endpoint at one prediction time.

    Parameters
    ----------
    endpoint : Endpoint
        What is predicted.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    features : tuple of Feature
        Columns of the feature matrix.
    blend : Blend
        Weights and calibrator.
    linear : LinearPart
        The linear learner.
    trees : TreeArrays or None
        The trees; None where left out.
    tree_fill : ndarray of float, shape (n_features,)
        Value for a missing input of the trees; NaN where trees handle the missing value.
    """

    endpoint: Endpoint
    prediction_time: PredictionTime
    features: tuple[Feature, ...]
    blend: Blend
    linear: LinearPart
    trees: TreeArrays | None
    tree_fill: FloatArray

    @property
    def name(self) -> str:
        """Name of the model: endpoint and prediction time."""
        return f"{self.endpoint.name}_{self.prediction_time}"

    @cached_property
    def parents(self) -> frozenset[str]:
        """Clinical predictors the model uses."""
        return frozenset(parent for feature in self.features for parent in feature.parents)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of an explanation, in the order of the features."""
        return tuple(self._line_of)

    @cached_property
    def _line_of(self) -> dict[Line, list[int]]:
        owners: dict[Line, list[int]] = {}
        for column, feature in enumerate(self.features):
            owners.setdefault(owner_line(feature), []).append(column)
        return owners

    @cached_property
    def line_index(self) -> IntArray:
        """Line of each feature."""
        index = np.empty(len(self.features), dtype=np.intp)
        for line, columns in enumerate(self._line_of.values()):
            index[columns] = line
        return index

    @cached_property
    def _belongs(self) -> FloatArray:
        return np.eye(len(self.lines))[self.line_index]

    def matrix(self, derived: Mapping[str, FloatArray], n: int) -> FloatArray:
        """Return the feature matrix of episodes whose features were derived."""
        return feature_matrix(self.features, derived, n)

    def filled(self, X: FloatArray) -> FloatArray:
        """Return the feature matrix as the trees see it."""
        return np.where(np.isnan(X), self.tree_fill, X)

    def log_odds(self, X: FloatArray) -> FloatArray:
        """Return the calibrated log-odds of each row.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_features)
            Feature matrix; NaN where missing.

        Returns
        -------
        ndarray of float, shape (n,)
            Calibrated log-odds.
        """
        margin = self.blend.w_linear * self.linear.margin(X)
        if self.trees is not None and self.blend.w_trees > 0:
            margin = margin + self.blend.w_trees * tree_code.margin(self.trees, self.filled(X))
        return self.blend.a + self.blend.b * margin

    def risk(self, X: FloatArray) -> FloatArray:
        """Return the calibrated risk of each row; see `log_odds`."""
        return expit(self.log_odds(X))

    def feature_contributions(self, X: FloatArray) -> tuple[float, FloatArray]:
        """Return base and contribution of each feature on the calibrated log-odds scale.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_features)
            Feature matrix; NaN where missing.

        Returns
        -------
        base : float
            Log-odds shared by all rows.
        phi : ndarray of float, shape (n, n_features)
            Contributions; base and their sum give the calibrated log-odds.
        """
        base, phi = self.linear.contributions(X)
        base, phi = self.blend.w_linear * base, self.blend.w_linear * phi
        if self.trees is not None and self.blend.w_trees > 0:
            tree_base, tree_phi = tree_code.contributions(self.trees, self.filled(X))
            base += self.blend.w_trees * tree_base
            phi = phi + self.blend.w_trees * tree_phi
        return self.blend.a + self.blend.b * base, self.blend.b * phi

    def fold(self, phi: FloatArray) -> FloatArray:
        """Return contributions summed over the features of each line.

        Parameters
        ----------
        phi : ndarray of float, shape (n, n_features)
            Contributions of features.

        Returns
        -------
        ndarray of float, shape (n, n_lines)
            Contributions of the `lines`.
        """
        folded: FloatArray = phi @ self._belongs
        return folded

    def to_arrays(self) -> dict[str, Any]:
        """Return the numbers of the model as named arrays."""
        arrays: dict[str, Any] = {**self.linear.to_arrays("linear."), "tree_fill": self.tree_fill}
        if self.trees is not None:
            arrays.update(self.trees.to_arrays("trees."))
        return arrays

    def specification(self) -> dict[str, Any]:
        """Return what is not an array, as JSON."""
        return {
            "endpoint": self.endpoint.model_dump(mode="json"),
            "prediction_time": self.prediction_time,
            "features": [feature.to_dict() for feature in self.features],
            "blend": vars(self.blend),
            "has_trees": self.trees is not None,
        }

    @classmethod
    def from_parts(cls, spec: Mapping[str, Any], arrays: Mapping[str, Any]) -> PrognosticModel:
        """Build the model from `specification` and `to_arrays`."""
        try:
            endpoint = Endpoint.model_validate(spec["endpoint"])
            features = tuple(Feature.from_dict(feature) for feature in spec["features"])
            blend = Blend(**{name: _finite(value) for name, value in spec["blend"].items()})
            time, has_trees = spec["prediction_time"], spec["has_trees"]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BundleError(f"a model of the manifest is malformed: {error!r}") from error
        trees = TreeArrays.from_arrays(arrays, "trees.") if has_trees else None
        linear = LinearPart.from_arrays(arrays, "linear.")
        width = len(features)
        tree_fill = read_array(arrays, "tree_fill", (width,), missing=True)
        if linear.coef.shape != (width, 4) or (trees and trees.router.min_features > width):
            raise BundleError(f"the numbers of {endpoint.name}_{time} are not for {width} features")
        return cls(endpoint, time, features, blend, linear, trees, tree_fill)


def _finite(value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"{number} is no weight")
    return number


def owner_line(feature: Feature) -> Line:
    """Return the line a feature's contribution belongs to.

    Indicators, spline terms, dummies and one-parent features belong to the clinical predictor;
    a feature of two parents (PI-LL, cement per level) has a line of its own.

    Parameters
    ----------
    feature : Feature
        The feature.

    Returns
    -------
    Line
        Its line.
    """
    name = feature.parents[0] if len(feature.parents) == 1 else feature.name
    return Line(name, feature.concept, feature.parents)
