from __future__ import annotations

import numpy as np
import pytest

from tests.models.test_boosting import sample
from tests.scoring.forests import random_rows, random_trees
from vfprog.batch.trees import bulk_contributions, bulk_margin
from vfprog.models.boosting import fit_trees, load_booster
from vfprog.scoring.trees import contributions, margin


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chunk", [1, 7, 8192])
def test_bulk_contributions_are_those_of_single_rows(seed, chunk):
    rng = np.random.default_rng(seed)
    trees, rows = random_trees(rng, 25, 3), random_rows(rng, 30, 3)
    base, phi = bulk_contributions(trees, rows, chunk=chunk)
    one_base, one_phi = contributions(trees, rows)
    assert base == one_base
    assert phi == pytest.approx(one_phi, abs=1e-12)


def test_bulk_contributions_of_nothing():
    rng = np.random.default_rng(0)
    trees = random_trees(rng, 4, 3)
    assert bulk_contributions(trees, np.zeros((0, 3)))[1].shape == (0, 3)
    base, phi = bulk_contributions(random_trees(rng, 0, 3), np.zeros((2, 3)))
    assert (phi == 0).all()
    assert np.isfinite(base)


@pytest.mark.parametrize(
    ("rows", "chunk", "message"),
    [
        (np.full((2, 3), np.inf), 10, "infinite"),
        (np.zeros((2, 1)), 10, "features expected"),
        (np.zeros((2, 3)), 0, "chunk"),
    ],
)
def test_bulk_contributions_refuse(rows, chunk, message):
    trees = random_trees(np.random.default_rng(0), 20, 3)
    with pytest.raises(ValueError, match=message):
        bulk_contributions(trees, rows, chunk=chunk)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_bulk_margins_equal_single_ones_bit_for_bit(dtype):
    X, y, _ = sample(0)
    fitted = fit_trees(X, y, n_rounds=60)
    bulk = bulk_margin(fitted.model_json, X.astype(dtype), offset=fitted.arrays.offset)
    assert bulk.tolist() == [margin(fitted.arrays, row[None])[0] for row in X]


@pytest.mark.slow
def test_bulk_margins_refuse_what_single_ones_refuse():
    X, y, _ = sample(0, n=100)
    fitted = fit_trees(X, y, n_rounds=2)
    X[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinite"):
        bulk_margin(fitted.model_json, X, offset=0.0)


@pytest.mark.slow
def test_contributions_equal_those_of_shap():
    shap = pytest.importorskip("shap")
    X, y, _ = sample(1, n=3000, n_features=60)
    fitted = fit_trees(X, y, n_rounds=100)
    explainer = shap.TreeExplainer(load_booster(fitted.model_json))
    theirs = explainer.shap_values(X)
    base, phi = bulk_contributions(fitted.arrays, X)
    assert np.abs(phi - theirs).max() < 1e-5
    assert base == pytest.approx(explainer.expected_value + fitted.arrays.offset, abs=1e-5)
    assert base + phi.sum(axis=1) == pytest.approx(margin(fitted.arrays, X), abs=1e-9)
