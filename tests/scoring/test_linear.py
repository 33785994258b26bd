from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.models import random_linear
from vfprog.errors import BundleError
from vfprog.features.design import derive_features
from vfprog.features.encoder import Encoding, encode
from vfprog.scoring.linear import LinearPart

NAN = np.nan


def two_features():
    """x0 a line with indicator (fill 2), x1 a spline with knots 0, 1, 2, 3 (fill 1)."""
    knots = np.array([[NAN] * 4, [0.0, 1, 2, 3]])
    encoding = Encoding(knots, np.array([2.0, 1.0]), np.array([True, False]))
    coef = np.array([[0.5, 0, 0, 1.0], [0.1, 9.0, 0, 0]])
    center = np.array([[3.0, 0, 0, 0.25], [1.0, 0.5, 0, 0]])
    return LinearPart(encoding, coef, center, -1.0)


def test_margin_by_hand():
    # spline term of x1 = 1: (1 - 0)^3 / 9 = 1/9; of 0: 0
    part = two_features()
    X = np.array([[4.0, 1.0], [NAN, 0.0]])
    assert part.margin(X) == pytest.approx([-1 + 2 + 0.1 + 1, -1 + 1 + 1 + 0])


def test_contributions_by_hand():
    base, phi = two_features().contributions(np.array([[4.0, 1.0], [NAN, 0.0]]))
    assert base == pytest.approx(-1 + 1.5 + 0.25 + 0.1 + 4.5)
    assert phi == pytest.approx(
        np.array([[0.5 - 0.25, 1 - 4.5], [-0.5 + 0.75, -0.1 - 4.5]])
    )  # value, indicator and spline of a feature are one number


@given(st.integers(0, 2**32 - 1))
def test_base_and_contributions_are_the_margin(seed):
    rng = np.random.default_rng(seed)
    part = random_linear(rng, 12)
    X = np.where(rng.random((5, 12)) < 0.3, NAN, rng.uniform(-10, 120, (5, 12)))
    base, phi = part.contributions(X)
    assert base + phi.sum(axis=1) == pytest.approx(part.margin(X), abs=1e-9)


def test_arrays_come_back_as_they_were():
    part = random_linear(np.random.default_rng(1), 7)
    again = LinearPart.from_arrays(part.to_arrays("x."), "x.")
    X = np.random.default_rng(2).uniform(0, 50, (4, 7))
    assert again.margin(X).tolist() == part.margin(X).tolist()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x.coef", None),
        ("x.coef", np.zeros((7, 3))),
        ("x.center", np.full((7, 4), "a")),
        ("x.intercept", np.zeros(1)),
        ("x.coef", np.full((7, 4), NAN)),
        ("x.encoding.fill", None),
        ("x.encoding.fill", np.full(7, NAN)),
        ("x.encoding.knots", np.zeros((7, 3))),
    ],
)
def test_damaged_arrays_are_refused(name, value):
    arrays = random_linear(np.random.default_rng(1), 7).to_arrays("x.")
    arrays[name] = value
    if value is None:
        del arrays[name]
    with pytest.raises(BundleError, match=name.split(".")[1] + "|fill"):
        LinearPart.from_arrays(arrays, "x.")


@pytest.mark.slow
def test_contributions_are_those_of_shap():
    shap = pytest.importorskip("shap")
    from tests.fitted import drawn_cohort, fitted_procedure

    model, cohort = fitted_procedure().model, drawn_cohort()
    part = model.linear
    X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)
    terms = encode(part.encoding, X).reshape(cohort.n, -1)
    masker = shap.maskers.Independent(terms, max_samples=cohort.n)
    explainer = shap.LinearExplainer((part.coef.ravel(), part.intercept), masker)
    theirs = explainer.shap_values(terms[:200]).reshape(200, -1, 4).sum(axis=2)
    base, phi = part.contributions(X[:200])
    assert np.abs(phi).max() > 0.1
    assert phi == pytest.approx(theirs, abs=1e-9)
    assert base == pytest.approx(explainer.expected_value, abs=1e-9)
