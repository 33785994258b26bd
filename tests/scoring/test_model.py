from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from tests.bundles import hand_model
from tests.scoring.models import random_model
from vfprog.errors import BundleError
from vfprog.features.design import derive_features
from vfprog.scoring.model import Line, PrognosticModel, expit, owner_line


@pytest.fixture(scope="module")
def model():
    return random_model(3, time="postprocedure")


def rows(model, seed, n=6):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-5, 90, (n, len(model.features)))
    return np.where(rng.random(X.shape) < 0.3, np.nan, X)


def test_expit_is_that_of_scipy_far_out_and_warns_of_nothing():
    x = np.array([-800.0, -40, -20, -1, 0, 1e-9, 3, 20, 800])
    assert expit(x) == pytest.approx(special.expit(x), rel=1e-14)


def test_log_odds_by_hand():
    # nothing known but pain 8: .75 (.4 + .3 * .5) + .25 * .25; risk 1 / (1 + exp(-.475))
    model = hand_model("response", "preprocedure")
    X = np.full((1, len(model.features)), np.nan)
    X[0, [f.name for f in model.features].index("vas_baseline")] = 8
    assert model.log_odds(X) == pytest.approx([0.475])
    assert model.risk(X) == pytest.approx([0.6165669])
    calibrated = replace(model, blend=replace(model.blend, a=0.1, b=2.0))
    assert calibrated.log_odds(X) == pytest.approx([0.1 + 2 * 0.475])


@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 9]))
def test_base_and_contributions_are_the_log_odds(seed, n_trees):
    model = random_model(seed, n_trees=n_trees)
    X = rows(model, seed)
    base, phi = model.feature_contributions(X)
    assert base + phi.sum(axis=1) == pytest.approx(model.log_odds(X), abs=1e-9)
    assert base + model.fold(phi).sum(axis=1) == pytest.approx(model.log_odds(X), abs=1e-9)
    assert special.logit(model.risk(X)) == pytest.approx(model.log_odds(X), abs=1e-6)


def test_trees_without_weight_say_nothing(model):
    alone = replace(model, blend=replace(model.blend, w_linear=1.0, w_trees=0.0))
    without = replace(alone, trees=None)
    X = rows(model, 0)
    assert alone.log_odds(X).tolist() == without.log_odds(X).tolist()
    assert alone.feature_contributions(X)[1].tolist() == (
        without.feature_contributions(X)[1].tolist()
    )


def test_trees_see_the_fill_and_the_linear_part_does_not(model):
    X = np.full((1, len(model.features)), np.nan)
    filled = model.filled(X)
    assert filled[0] == pytest.approx(model.tree_fill, nan_ok=True)
    known = rows(model, 1)
    assert model.filled(known)[~np.isnan(known)].tolist() == known[~np.isnan(known)].tolist()


def test_lines_fold_dummies_and_derivations_to_their_predictor(model):
    names = [line.predictor for line in model.lines]
    assert len(set(names)) == len(names)
    column = {f.name: place for place, f in enumerate(model.features)}
    phi = np.zeros((1, len(model.features)))
    together = [
        ("cement_leakage", ["cement_leakage_any=disc", "cement_leakage_any=canal"]),
        ("fracture_age_days", ["log_fracture_age", "fracture_age_within_6_weeks"]),
        ("height_loss_pct", ["height_loss_pct_max", "height_loss_pct_mean"]),
        ("level", ["mean_level", "sandwich_vertebra", "thoracolumbar_any"]),
        ("sex", ["sex=male"]),
        ("pi_ll_mismatch_deg", ["pi_ll_mismatch_deg"]),
        ("pt_pi_ratio", ["pt_pi_ratio"]),
        ("cement_per_level_ml", ["cement_per_level_ml"]),
    ]
    for place, (_, features) in enumerate(together, 1):
        for feature in features:
            phi[0, column[feature]] = place
    folded = dict(zip(names, model.fold(phi)[0], strict=True))
    expected = {name: place * len(parts) for place, (name, parts) in enumerate(together, 1)}
    assert {name: value for name, value in folded.items() if value} == pytest.approx(expected)


def test_a_feature_of_two_parents_has_its_own_line_in_the_concept(model):
    by_name = {f.name: f for f in model.features}
    mismatch = owner_line(by_name["pi_ll_mismatch_deg"])
    parents = ("pelvic_incidence_deg", "lumbar_lordosis_deg")
    assert mismatch == Line("pi_ll_mismatch_deg", "alignment", parents)
    assert owner_line(by_name["sex=male"]) == Line("sex", "frailty", ("sex",))


def test_parts_come_back_as_they_were(model):
    again = PrognosticModel.from_parts(model.specification(), model.to_arrays())
    X = rows(model, 5)
    assert again.log_odds(X).tolist() == model.log_odds(X).tolist()
    assert (again.features, again.blend, again.endpoint, again.name) == (
        model.features, model.blend, model.endpoint, "response_postprocedure",
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": {"name": "x"}},
        {"features": [{"name": "age_years"}]},
        {"features": []},
        {"blend": {"w_linear": 1}},
        {"blend": None},
        {"blend": {"w_linear": float("nan"), "w_trees": 0, "a": 0, "b": 1}},
        {"blend": {"w_linear": "much", "w_trees": 0, "a": 0, "b": 1}},
    ],
)
def test_a_malformed_specification_is_refused(model, change):
    with pytest.raises(BundleError):
        PrognosticModel.from_parts(model.specification() | change, model.to_arrays())


def test_numbers_of_another_model_are_refused(model):
    other = random_model(3, time="preprocedure")
    with pytest.raises(BundleError):
        PrognosticModel.from_parts(model.specification(), other.to_arrays())


@pytest.mark.slow
def test_contributions_of_a_fitted_blend_are_those_of_shap():
    shap = pytest.importorskip("shap")
    from tests.fitted import drawn_cohort, fitted_procedure
    from vfprog.models.boosting import load_booster

    fitted, cohort = fitted_procedure(), drawn_cohort()
    model = fitted.model
    assert 0 < model.blend.w_trees < 1
    X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)[:300]
    explainer = shap.TreeExplainer(load_booster(fitted.booster))
    linear_base, linear = model.linear.contributions(X)
    w_linear, w_trees, a, b = vars(model.blend).values()
    expected = b * (w_linear * linear + w_trees * explainer.shap_values(model.filled(X)))
    tree_base = float(np.ravel(explainer.expected_value)[0]) + model.trees.offset
    base, phi = model.feature_contributions(X)
    assert phi == pytest.approx(expected, abs=1e-5)
    assert base == pytest.approx(a + b * (w_linear * linear_base + w_trees * tree_base), abs=1e-5)
    assert base + phi.sum(axis=1) == pytest.approx(special.logit(model.risk(X)), abs=1e-6)
