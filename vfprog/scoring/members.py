"""Bootstrap members of a model, evaluated together for one patient.

Members are refits of the whole procedure on resampled patients. Their spread is the instability
of an individual risk: how far the model might have differed (Riley and Collins 2023, Biometrical
Journal 65:2200302). It is no confidence interval of the patient's true risk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import BundleError
from vfprog.features.encoder import Encoding, encode
from vfprog.scoring.linear import read_array, read_encoding
from vfprog.scoring.model import expit
from vfprog.scoring.tree_members import MemberTrees, concatenate, margins_by_member

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.features.arrays import FloatArray
    from vfprog.scoring.model import PrognosticModel
    from vfprog.scoring.trees import TreeArrays

INSTABILITY_LEVEL = 0.9


@dataclass(frozen=True)
class Members:
    """All members of one model, stacked along their first axis; all share its features.

    Parameters
    ----------
    encoding : Encoding
        Encodings with a leading member axis, so knots of shape (n_members, n_features, 4).
    coef : ndarray of float, shape (n_members, n_features, 4)
        Coefficients.
    intercept : ndarray of float, shape (n_members,)
        Intercepts.
    blend : ndarray of float, shape (n_members, 4)
        w_linear, w_trees, a and b of each member.
    tree_fill : ndarray of float, shape (n_members, n_features)
        Value for a missing input of each member's trees.
    trees : MemberTrees or None
        Trees of all members; feature f of member m is column ``m * n_features + f``.
    """

    encoding: Encoding
    coef: FloatArray
    intercept: FloatArray
    blend: FloatArray
    tree_fill: FloatArray
    trees: MemberTrees | None

    def __len__(self) -> int:
        return len(self.intercept)

    def log_odds(self, x: FloatArray) -> FloatArray:
        """Return the calibrated log-odds of one patient under every member.

        Parameters
        ----------
        x : ndarray of float, shape (n_features,)
            Features of one patient; NaN where missing.

        Returns
        -------
        ndarray of float, shape (n_members,)
            Calibrated log-odds.
        """
        terms = encode(self.encoding, x)
        margin = self.blend[:, 0] * (self.intercept + np.einsum("mft,mft->m", terms, self.coef))
        if self.trees is not None:
            seen = np.where(np.isnan(x), self.tree_fill, x).reshape(1, -1)
            margin += self.blend[:, 1] * margins_by_member(self.trees, seen)[0]
        log_odds: FloatArray = self.blend[:, 2] + self.blend[:, 3] * margin
        return log_odds

    def instability_interval(self, x: FloatArray) -> tuple[float, float]:
        """Return the 5th and 95th percentile of the members' risks; see `log_odds`."""
        tail = (1 - INSTABILITY_LEVEL) / 2
        ordered = np.sort(expit(self.log_odds(x)))
        # Linear between order statistics, as numpy.quantile: that would import numpy.ma.
        places = np.array([tail, 1 - tail]) * (len(ordered) - 1)
        low, high = np.interp(places, np.arange(len(ordered)), ordered)
        return float(low), float(high)

    def to_arrays(self) -> dict[str, Any]:
        """Return named arrays for an npz file."""
        own = ("coef", "intercept", "blend", "tree_fill")
        arrays: dict[str, Any] = {name: getattr(self, name) for name in own}
        arrays.update({f"encoding.{k}": v for k, v in self.encoding.to_arrays().items()})
        if self.trees is not None:
            arrays.update(self.trees.to_arrays("trees."))
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], *, n_features: int) -> Members:
        """Read members of a model of so many features from named arrays; see `to_arrays`."""
        with_trees = any(name.startswith("trees.") for name in arrays)
        encoding = read_encoding(arrays, "encoding.")
        m, f = len(encoding.fill), n_features
        shapes = {"coef": (m, f, 4), "intercept": (m,), "blend": (m, 4), "tree_fill": (m, f)}
        own = {
            name: read_array(arrays, name, shape, missing=name == "tree_fill")
            for name, shape in shapes.items()
        }
        trees = MemberTrees.from_arrays(arrays, "trees.") if with_trees else None
        if trees is not None and (trees.n_members != m or trees.router.min_features > m * f):
            raise BundleError(f"trees of {trees.n_members} members do not fit {m} members")
        return cls(encoding=encoding, trees=trees, **own)


def stack_members(models: Sequence[PrognosticModel]) -> Members:
    """Stack refits of one model that share its features.

    Parameters
    ----------
    models : sequence of PrognosticModel
        Refits, at least one.

    Returns
    -------
    Members
        The members, in order.
    """
    if not models:
        raise ValueError("no members to stack")
    first = models[0]
    if any(model.features != first.features for model in models):
        raise ValueError("members of one model must share its features")
    linear = [model.linear for model in models]
    encodings = [part.encoding for part in linear]
    with_trees = any(model.trees is not None for model in models)
    return Members(
        Encoding(
            np.stack([e.knots for e in encodings]),
            np.stack([e.fill for e in encodings]),
            np.stack([e.has_indicator for e in encodings]),
        ),
        np.stack([part.coef for part in linear]),
        np.array([part.intercept for part in linear]),
        np.array([[m.blend.w_linear, m.blend.w_trees, m.blend.a, m.blend.b] for m in models]),
        np.stack([model.tree_fill for model in models]),
        concatenate(_side_by_side(models)) if with_trees else None,
    )


def _side_by_side(models: Sequence[PrognosticModel]) -> list[TreeArrays]:
    """Return each member's trees, reading from a block of columns of their own.

    A member without trees stands in the row with none of the trees of another.
    """
    template = next(model.trees for model in models if model.trees is not None)
    none = replace(template, **{f: getattr(template, f)[:0] for f in _TREE_ARRAYS}, offset=0.0)
    shifted = []
    for member, model in enumerate(models):
        trees = model.trees if model.trees is not None else none
        first = np.int32(member * len(model.features))
        shifted.append(replace(trees, feature=trees.feature + first))
    return shifted


_TREE_ARRAYS = ("feature", "threshold", "missing_left", "leaf", "ratio")
