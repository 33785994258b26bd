"""From XGBoost's JSON to flat arrays of complete depth-3 trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import TrainingError
from vfprog.scoring.tree_routes import DEPTH, N_LEAVES, N_NODES
from vfprog.scoring.trees import LEAF_UNIT, TreeArrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import BoolArray, FloatArray

_LEAF = -1  # XGBoost's child of a leaf


def round_leaves(model: dict[str, Any]) -> None:
    """Round all leaves of a model, in place, to multiples of 2^-16.

    Parameters
    ----------
    model : dict
        Parsed JSON of an XGBoost model.
    """
    for tree in _trees(model):
        is_leaf = np.array(tree["left_children"]) == _LEAF
        values = np.array(tree["split_conditions"], dtype=np.float32)
        rounded = (np.rint(values / LEAF_UNIT) * LEAF_UNIT + 0.0).astype(np.float32)
        # str gives the shortest decimal that float32 readers turn back into the same bits
        tree["split_conditions"] = [
            float(str(value)) for value in np.where(is_leaf, rounded, values)
        ]


def tree_arrays(model: dict[str, Any], offset: float) -> TreeArrays:
    """Lay the trees of a model out as complete depth-3 trees.

    Parameters
    ----------
    model : dict
        Parsed JSON of an XGBoost model with rounded leaves.
    offset : float
        Log-odds every margin starts from.

    Returns
    -------
    TreeArrays
        The trees.

    Raises
    ------
    TrainingError
        If a tree is deeper than three, splits on categories, or has a node without cover.
    """
    trees = _trees(model)
    layout = _Layout(len(trees))
    for index, tree in enumerate(trees):
        if any(tree["split_type"]):
            raise TrainingError("trees that split on categories are not supported")
        layout.place(index, tree)
    try:
        return TreeArrays(
            layout.feature, layout.threshold, layout.missing_left, layout.leaf, layout.ratio, offset
        )
    except ValueError as error:
        raise TrainingError(f"the fitted trees cannot be used: {error}") from error


def _trees(model: dict[str, Any]) -> list[dict[str, Any]]:
    trees: list[dict[str, Any]] = model["learner"]["gradient_booster"]["model"]["trees"]
    return trees


class _Layout:
    """Arrays of pseudo nodes that trees are written into, node by node."""

    def __init__(self, n_trees: int) -> None:
        self.feature: NDArray[np.int32] = np.zeros((n_trees, N_NODES), dtype=np.int32)
        self.threshold: NDArray[np.float32] = np.full((n_trees, N_NODES), np.inf, np.float32)
        self.missing_left: BoolArray = np.ones((n_trees, N_NODES), dtype=np.bool_)
        self.leaf: FloatArray = np.zeros((n_trees, N_LEAVES))
        self.ratio: FloatArray = np.ones((n_trees, N_LEAVES, DEPTH))

    def place(self, index: int, tree: dict[str, Any]) -> None:
        """Write one tree, walking from its root; a leaf above the floor goes leftmost below."""
        todo = [(0, 0, 0)]
        while todo:
            source, depth, position = todo.pop()
            if tree["left_children"][source] == _LEAF:
                leaf = position << (DEPTH - depth)
                self.leaf[index, leaf] = np.float32(tree["split_conditions"][source])
            else:
                todo += self._split(index, tree, source, depth, position)

    def _split(
        self, index: int, tree: dict[str, Any], source: int, depth: int, position: int
    ) -> list[tuple[int, int, int]]:
        if depth == DEPTH:
            raise TrainingError(f"a tree is deeper than {DEPTH}")
        node = 2**depth - 1 + position
        self.feature[index, node] = tree["split_indices"][source]
        self.threshold[index, node] = tree["split_conditions"][source]
        self.missing_left[index, node] = bool(tree["default_left"][source])
        cover = tree["sum_hessian"]
        if not cover[source] > 0:
            raise TrainingError("a tree has a node without cover")
        width = N_LEAVES >> (depth + 1)
        children = []
        for side, child in enumerate(
            (tree["left_children"][source], tree["right_children"][source])
        ):
            place = 2 * position + side
            # float32 covers of the children may exceed their parent's by a rounding error
            share = min(cover[child] / cover[source], 1.0)
            self.ratio[index, place * width : (place + 1) * width, depth] = share
            children.append((child, depth + 1, place))
        return children
