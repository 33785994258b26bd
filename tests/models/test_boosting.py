from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost as xgb

from vfprog.errors import TrainingError
from vfprog.models.boosting import fit_trees, load_booster, path_margins
from vfprog.scoring.trees import LEAF_UNIT, contributions, margin

pytestmark = pytest.mark.slow


def sample(seed, n=1500, n_features=9):
    """Outcomes that depend on three features; some discrete, a fifth missing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(50, 20, (n, n_features))
    X[:, ::3] = np.round(X[:, ::3] / 20)
    signal = (X[:, 1] - 50) / 20 * np.where(X[:, 0] > 2, 1, -0.5) + (X[:, 2] - 50) / 30
    y = (rng.random(n) < 1 / (1 + np.exp(1 - signal))).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X, y, rng.exponential(size=n)


OPTIONS = [
    {},
    {"monotone": (1, 0, -1, 0, 1, 0, 0, 0, -1)},
    {"subsample": 0.6, "colsample": 0.5, "seed": 4},
    {"max_depth": 1, "learning_rate": 0.5, "max_bin": 16},
    {"max_depth": 2, "min_child_weight": 30.0, "reg_lambda": 10.0},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("seed", range(3))
def test_margins_equal_those_of_xgboost_bit_for_bit(seed, options):
    X, y, weight = sample(seed)
    fitted = fit_trees(X, y, n_rounds=80, sample_weight=weight, **options)
    rows = np.concatenate([X, sample(seed + 100)[0], np.full((1, 9), np.nan)])
    booster = load_booster(fitted.model_json)
    xgboost_margin = booster.inplace_predict(rows, predict_type="margin").astype(np.float64)
    assert np.ptp(xgboost_margin) > 0.5
    assert margin(fitted.arrays, rows).tolist() == (fitted.arrays.offset + xgboost_margin).tolist()


@pytest.mark.parametrize("options", OPTIONS)
def test_contributions_equal_those_of_xgboost(options):
    X, y, weight = sample(7)
    fitted = fit_trees(X, y, n_rounds=60, sample_weight=weight, **options)
    base, phi = contributions(fitted.arrays, X[:300])
    theirs = load_booster(fitted.model_json).predict(xgb.DMatrix(X[:300]), pred_contribs=True)
    assert phi == pytest.approx(theirs[:, :-1], abs=1e-5)
    assert theirs[:, -1] + fitted.arrays.offset == pytest.approx(base, abs=1e-5)


def test_rounding_moves_a_margin_by_half_a_unit_per_tree_at_most():
    X, y, weight = sample(1)
    fitted = fit_trees(X, y, n_rounds=50, sample_weight=weight)
    offset = np.log(np.average(y, weights=weight) / (1 - np.average(y, weights=weight)))
    data = xgb.DMatrix(X, y, weight=weight, base_margin=np.full(len(y), offset))
    plain = xgb.train(
        {"objective": "binary:logistic", "base_score": 0.5, "tree_method": "hist", "max_depth": 3,
         "eta": 0.1, "nthread": 1}, data, 50,
    )  # fmt: skip
    expected = plain.predict(data, output_margin=True)
    assert margin(fitted.arrays, X) == pytest.approx(expected, abs=50 * LEAF_UNIT / 2 + 1e-5)


def test_trees_obey_their_monotone_directions():
    X, y, _ = sample(2)
    X[:, 2] *= -1  # so that its effect, too, has the direction asked for
    fitted = fit_trees(X, y, n_rounds=60, monotone=[0, 1, -1, 0, 0, 0, 0, 0, 0])
    for feature, sign in ((1, 1), (2, -1)):
        swept = np.repeat(X[:40], 50, axis=0)
        swept[:, feature] = np.tile(np.linspace(-120, 120, 50), 40)
        steps = np.diff(margin(fitted.arrays, swept).reshape(40, 50), axis=1) * sign
        assert steps.min() >= 0
        assert steps.max() > 0


def test_without_rounds_the_prevalence_remains():
    X, y, weight = sample(3, n=200)
    fitted = fit_trees(X, y, n_rounds=0, sample_weight=weight)
    prevalence = np.average(y, weights=weight)
    assert fitted.arrays.n_trees == 0
    assert margin(fitted.arrays, X) == pytest.approx(np.log(prevalence / (1 - prevalence)))
    zero = load_booster(fitted.model_json).inplace_predict(X, predict_type="margin")
    assert (zero == 0).all()


def test_trees_of_single_leaves():
    X, y, _ = sample(3, n=200)
    fitted = fit_trees(X, y, n_rounds=5, min_child_weight=1e6)
    assert np.isposinf(fitted.arrays.threshold).all()
    booster = load_booster(fitted.model_json)
    xgboost_margin = booster.inplace_predict(X, predict_type="margin").astype(np.float64)
    assert margin(fitted.arrays, X).tolist() == (fitted.arrays.offset + xgboost_margin).tolist()


def test_weights_count_as_copies():
    X, y, _ = sample(5, n=400)
    copies = np.random.default_rng(0).integers(0, 3, len(y))
    # min_child_weight and the gain see sums of weights only; equal bins need distinct values kept
    X = np.round(X / 10)
    weighted = fit_trees(X, y, n_rounds=20, sample_weight=copies.astype(float))
    repeated = fit_trees(np.repeat(X, copies, axis=0), np.repeat(y, copies), n_rounds=20)
    assert weighted.arrays.offset == pytest.approx(repeated.arrays.offset, abs=1e-12)
    assert margin(weighted.arrays, X) == pytest.approx(margin(repeated.arrays, X), abs=1e-3)


def test_a_seed_repeats_the_fit_and_another_changes_it():
    X, y, _ = sample(6, n=500)
    first, same, other = (
        fit_trees(X, y, n_rounds=10, subsample=0.5, seed=seed).model_json for seed in (1, 1, 2)
    )
    assert first == same
    assert json.loads(first) != json.loads(other)


@pytest.mark.parametrize("options", OPTIONS[:3])
def test_path_margins_are_those_of_separate_fits(options):
    X, y, weight = sample(8)
    checkpoints = [0, 1, 10, 45]
    path = path_margins(X, y, X[:200], checkpoints, sample_weight=weight, **options)
    for margins, rounds in zip(path, checkpoints, strict=True):
        fitted = fit_trees(X, y, n_rounds=rounds, sample_weight=weight, **options)
        assert margins.tolist() == margin(fitted.arrays, X[:200]).tolist()


@pytest.mark.parametrize("checkpoints", [[], [-1, 2], [3, 3], [5, 2]])
def test_checkpoints_must_ascend(checkpoints):
    X, y, _ = sample(8, n=50)
    with pytest.raises(ValueError, match="ascending"):
        path_margins(X, y, X, checkpoints)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(50)}, "both outcomes"),
        ({"y": np.full(50, 2.0)}, "0 or 1"),
        ({"y": np.full(50, np.nan)}, "0 or 1"),
        ({"y": np.ones(49)}, "do not match"),
        ({"sample_weight": np.full(50, -1.0)}, "not negative"),
        ({"sample_weight": np.full(50, np.nan)}, "not negative"),
        ({"sample_weight": np.zeros(50)}, "both outcomes"),
        ({"X": np.full((50, 9), np.inf)}, "infinite"),
        ({"n_rounds": -1}, "n_rounds"),
        ({"max_depth": 4}, "max_depth"),
        ({"min_child_weight": 0.0}, "min_child_weight"),
        ({"monotone": [1, 0]}, "2 monotone directions for 9"),
    ],
)
def test_what_cannot_be_fitted_honestly_is_refused(change, message):
    X, y, _ = sample(9, n=50)
    arguments = {"X": X, "y": y, "n_rounds": 1} | change
    with pytest.raises(TrainingError, match=message):
        fit_trees(**arguments)


def test_a_misspelt_option_is_refused():
    X, y, _ = sample(9, n=50)
    with pytest.raises(TypeError, match="learning_rat"):
        fit_trees(X, y, n_rounds=1, learning_rat=0.1)
