from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from vfprog.models.imputation import ChainedEquations, Equation, impute
from vfprog.validation.rubin import pool_imputations


def drawn(n, seed, *, gone=0.3):
    """A number, a binary and an ordinal that go with it, with gaps; a complete number."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    binary = (rng.random(n) < expit(-2 + 1.5 * x)).astype(float)
    ordinal = np.clip(np.round(x + rng.normal(size=n)), -1, 2)
    whole = np.column_stack([x, binary, ordinal, x + rng.normal(size=n)])
    holed = whole.copy()
    for column in (0, 1, 2):
        chance = gone * 2 * expit(whole[:, 3])  # at random given the complete column
        holed[rng.random(n) < chance, column] = np.nan
    return whole, holed


@given(st.integers(0, 50))
def test_only_recorded_values_fill_gaps_and_nothing_else_moves(seed):
    _, holed = drawn(60, seed)
    filled = ChainedEquations(random_state=seed).fit_transform(holed)
    seen = ~np.isnan(holed)
    assert np.array_equal(filled[seen], holed[seen])
    assert not np.isnan(filled).any()
    for column in range(4):
        assert set(filled[:, column]) <= set(holed[seen[:, column], column])


def test_a_donor_is_one_of_the_nearest():
    score = np.arange(20.0)
    equation = Equation(np.array([0.0, 1.0]), score, 100 + score)
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(400), np.full(400, 7.2)])
    # Nearest to 7.2: 7, 8, 6, 9, 5.
    assert set(equation.draw(design, rng)) == {105.0, 106.0, 107.0, 108.0, 109.0}
    beyond = np.column_stack([np.ones(200), np.full(200, 99.0)])
    assert set(equation.draw(beyond, rng)) == {115.0, 116.0, 117.0, 118.0, 119.0}
    few = Equation(np.array([0.0, 1.0]), score[:2], score[:2])
    assert set(few.draw(beyond, rng)) == {0.0, 1.0}


def test_donors_that_tie_are_all_used():
    score = np.repeat([0.0, 1.0], 500)
    equation = Equation(np.array([0.0, 1.0]), score, np.arange(1000.0))
    for wanted, block in ((0.2, range(500)), (-3.0, range(500)), (0.9, range(500, 1000)),
                          (1.0, range(500, 1000)), (7.0, range(500, 1000))):  # fmt: skip
        design = np.column_stack([np.ones(3000), np.full(3000, wanted)])
        used = set(equation.draw(design, np.random.default_rng(1)))
        assert used <= set(map(float, block))
        assert len(used) > 450


def test_means_that_gaps_distort_are_recovered():
    whole, holed = drawn(20_000, 1)
    means = np.mean([ChainedEquations(random_state=k).fit_transform(holed).mean(axis=0)
                     for k in range(3)], axis=0)  # fmt: skip
    seen = np.nanmean(holed, axis=0)
    assert np.abs(seen - whole.mean(axis=0))[:3].min() > 0.02
    assert means == pytest.approx(whole.mean(axis=0), abs=0.015)


def test_new_rows_are_completed_by_the_equations_learned():
    _, holed = drawn(4000, 2)
    whole, other = drawn(4000, 3)
    engine = ChainedEquations(random_state=5)
    engine.fit_transform(holed)
    filled = engine.transform(other)
    assert np.array_equal(filled[~np.isnan(other)], other[~np.isnan(other)])
    assert filled.mean(axis=0) == pytest.approx(whole.mean(axis=0), abs=0.05)
    gone = np.isnan(other[:, 0])
    assert np.corrcoef(filled[gone, 0], whole[gone, 0])[0, 1] > 0.4
    assert np.array_equal(engine.transform(whole), whole)


def test_the_outcome_of_evaluation_rows_has_no_part():
    _, holed = drawn(300, 4)
    y = (np.arange(300) % 2).astype(float)
    one = impute(holed[:200], y[:200], holed[200:], n_imputations=2, random_state=1)
    two = impute(holed[:200], 1 - y[:200], holed[200:], n_imputations=2, random_state=1)
    assert np.array_equal(one.evaluation, two.evaluation)
    assert np.array_equal(one.blind, two.blind)
    assert not np.array_equal(one.development, two.development)
    assert not np.array_equal(one.evaluation[0], one.evaluation[1])


def test_the_outcome_of_development_rows_has():
    rng = np.random.default_rng(6)
    x = rng.normal(size=3000)
    y = (rng.random(3000) < expit(2 * x)).astype(float)
    holed = np.column_stack([np.where(rng.random(3000) < 0.4, np.nan, x)])
    completed = impute(holed, y, holed[:1], n_imputations=5, random_state=0).development
    slopes = [sm.Logit(y, sm.add_constant(X)).fit(disp=0).params[1] for X in completed]
    assert np.mean(slopes) == pytest.approx(2, abs=0.2)
    blind = ChainedEquations(random_state=0).fit_transform(holed)
    assert sm.Logit(y, sm.add_constant(blind)).fit(disp=0).params[1] < 1.4


def test_a_column_nobody_has_or_that_never_varies_does_no_harm():
    _, holed = drawn(100, 7)
    X = np.column_stack([holed, np.full(100, np.nan), np.where(np.arange(100) < 5, np.nan, 3.0)])
    engine = ChainedEquations(random_state=1)
    filled = engine.fit_transform(X)
    assert set(filled[:, 4]) == {0.0}
    assert set(filled[:, 5]) == {3.0}
    assert np.isfinite(engine.transform(X[:10])).all()


def glow(data):
    """Numbers of the women of GLOW; the words of three levels as two columns."""
    X = data[["age", "weight", "height"]].astype(float)
    for name in ("priorfrac", "momfrac"):
        X[name] = data[name].map({"Yes": 1.0, "No": 0.0})
    for word in ("Same", "Greater"):
        X[word] = data["raterisk"].map({"Less": 0.0, "Same": 0.0, "Greater": 0.0} | {word: 1.0})
    return X.to_numpy(), data["fracture"].map({"Yes": 1.0, "No": 0.0}).to_numpy()


@pytest.mark.slow
@pytest.mark.realdata
def test_glow_with_planted_gaps_gives_back_the_complete_coefficients(realdata):
    """A fifth of six columns deleted: 128 of 500 women are complete."""
    whole, y = glow(pd.read_csv(realdata / "glow" / "glow_mis_comp.csv"))
    holed, y_holed = glow(pd.read_csv(realdata / "glow" / "glow_mis_wmissing.csv"))
    assert np.array_equal(y, y_holed)
    complete = ~np.isnan(holed).any(axis=1)
    assert complete.sum() == 128
    truth = sm.Logit(y, sm.add_constant(whole)).fit(disp=0)
    alone = sm.Logit(y[complete], sm.add_constant(holed[complete])).fit(disp=0)
    completed = impute(holed, y, holed[:1], n_imputations=20, random_state=1).development
    fits = [sm.Logit(y, sm.add_constant(X)).fit(disp=0) for X in completed]
    pooled = [
        pool_imputations([f.params[k] for f in fits], [f.bse[k] for f in fits], complete_df=492)
        for k in range(8)
    ]
    found = np.array([one.estimate for one in pooled])
    # Within one standard error of the complete data, where complete cases are up to 1.8 away.
    distance = np.abs(found - truth.params) / truth.bse
    assert distance.max() < 1
    assert distance.mean() < np.mean(np.abs(alone.params - truth.params) / truth.bse)
    errors = np.array([one.standard_error for one in pooled])
    assert (truth.bse < errors).all()
    assert (errors < alone.bse).all()
    assert 0.1 < np.mean([one.missing_information for one in pooled]) < 0.4
