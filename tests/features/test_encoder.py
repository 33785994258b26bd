import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as np_arrays
from scipy.interpolate import CubicSpline

from tests.features.strategies import NAN
from vfprog.features.encoder import (
    Encoding,
    encode,
    encoded_sum,
    fit_encoding,
    weighted_quantile,
)

KNOTS = np.array([1.0, 3.0, 4.0, 9.0])
YES, NO = np.array([True]), np.array([False])


def one_feature(knots=KNOTS, fill=2.0, has_indicator=True):
    return Encoding(np.array([knots], float), np.array([fill]), np.array([has_indicator]))


def harrell(x, t):
    """Return the two terms as in Regression Modeling Strategies, equation 2.25, one by one."""

    def plus(u):
        return u**3 if u > 0 else 0.0

    k = len(t)
    return [
        (
            plus(x - t[j])
            - plus(x - t[k - 2]) * (t[k - 1] - t[j]) / (t[k - 1] - t[k - 2])
            + plus(x - t[k - 1]) * (t[k - 2] - t[j]) / (t[k - 1] - t[k - 2])
        )
        / (t[k - 1] - t[0]) ** 2
        for j in range(k - 2)
    ]


def test_terms_by_hand():
    # x = 4: (4-1)^3 / 64 = 27/64 and (4-3)^3 / 64 = 1/64
    assert encode(one_feature(), np.array([[4.0]])).tolist() == [[[4, 27 / 64, 1 / 64, 0]]]


@given(st.floats(-50, 50))
def test_terms_equal_the_formula_of_the_book(x):
    terms = encode(one_feature(), np.array([[x]]))[0, 0, 1:3]
    np.testing.assert_allclose(terms, harrell(x, KNOTS), atol=1e-9, rtol=1e-9)


def test_terms_are_natural_cubic_splines():
    # A natural cubic spline is fixed by its values at the knots: scipy's must be the same curve.
    grid = np.linspace(1, 9, 81)
    terms = encode(one_feature(), grid[:, None])[:, 0, 1:3]
    at_knots = encode(one_feature(), KNOTS[:, None])[:, 0, 1:3]
    reference = CubicSpline(KNOTS, at_knots, bc_type="natural")
    np.testing.assert_allclose(terms, reference(grid), atol=1e-12)
    assert np.abs(reference(grid, 2)).max() > 0.1  # curved, or the test would say nothing


def test_terms_are_straight_beyond_the_outer_knots():
    low = encode(one_feature(), np.array([[-9.0], [-1.0], [1.0]]))[:, 0, 1:3]
    assert (low == 0).all()
    high = encode(one_feature(), np.array([[9.0], [20.0], [31.0]]))[:, 0, 1:3]
    np.testing.assert_allclose(high[1], (high[0] + high[2]) / 2, rtol=1e-12)


def test_a_missing_value_is_the_median_and_a_flag():
    with_flag = encode(one_feature(), np.array([[NAN]]))[0, 0]
    np.testing.assert_array_equal(with_flag, [2, 1 / 64, 0, 1])
    without = encode(one_feature(has_indicator=False), np.array([[NAN]]))[0, 0]
    np.testing.assert_array_equal(without, [2, 1 / 64, 0, 0])


def test_without_knots_the_feature_is_a_line():
    encoded = encode(one_feature(knots=[NAN] * 4), np.array([[-7.0], [1e6]]))
    assert encoded[:, 0].tolist() == [[-7, 0, 0, 0], [1e6, 0, 0, 0]]


def test_knots_stand_at_harrells_percentiles():
    # 0..100 once each: the 5th, 35th, 65th and 95th of 101 values are 5, 35, 65, 95
    encoding = fit_encoding(np.arange(101.0)[::-1, None], continuous=YES)
    assert encoding.knots.tolist() == [[5, 35, 65, 95]]
    assert encoding.fill.tolist() == [50]
    assert encoding.has_indicator.tolist() == [False]


def test_missing_values_are_not_observed():
    column = np.concatenate([np.arange(101.0), np.full(500, NAN)])[:, None]
    encoding = fit_encoding(column, continuous=YES)
    assert encoding.knots.tolist() == [[5, 35, 65, 95]]
    assert encoding.has_indicator.tolist() == [True]


@pytest.mark.parametrize(
    ("column", "continuous", "splines"),
    [
        (np.repeat([0.0, 1.0, 2.0], 20), YES, True),  # three values cannot hold four knots
        (np.repeat([0.0, 9.0], [96, 4]), YES, True),
        (np.arange(60.0), NO, True),
        (np.arange(60.0), YES, False),
    ],
)
def test_no_knots_where_they_make_no_sense(column, continuous, splines):
    encoding = fit_encoding(column[:, None], continuous=continuous, splines=splines)
    assert np.isnan(encoding.knots).all()


def test_a_column_never_observed_is_named():
    X = np.array([[1.0, NAN], [2.0, NAN]])
    with pytest.raises(ValueError, match="column 1 has no observed value in 2 rows"):
        fit_encoding(X, continuous=np.array([True, True]))
    # A value that only stands in rows of weight 0 is not observed either.
    X[0, 1] = 5
    with pytest.raises(ValueError, match="column 1"):
        fit_encoding(X, continuous=np.array([True, True]), sample_weight=np.array([0.0, 1.0]))


@given(st.integers(0, 100_000))
def test_a_weight_is_a_number_of_copies(seed):
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((30, 3)) < 0.2, NAN, rng.integers(0, 15, (30, 3)))
    X[:2] = 3.0
    weight = rng.integers(0, 4, 30)
    weight[0] = 1
    continuous = np.array([True, True, False])
    weighted = fit_encoding(X, continuous=continuous, sample_weight=weight / 7)
    copied = fit_encoding(np.repeat(X, weight, axis=0), continuous=continuous)
    for name, array in weighted.to_arrays().items():
        np.testing.assert_array_equal(array, copied.to_arrays()[name], err_msg=name)


@given(np_arrays(float, st.integers(1, 40), elements=st.integers(-5, 5).map(float)))
def test_quantiles_equal_numpys(values):
    levels = (0.05, 0.35, 0.5, 0.65, 0.95)
    expected = np.quantile(values, levels, method="averaged_inverted_cdf")
    np.testing.assert_array_equal(weighted_quantile(values, levels), expected)
    np.testing.assert_array_equal(
        weighted_quantile(values, levels, np.full(len(values), 0.1)), expected
    )


@settings(max_examples=20)
@given(st.integers(0, 100_000))
def test_members_together_are_members_one_by_one(seed):
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((50, 4)) < 0.2, NAN, rng.normal(size=(50, 4)))
    X[:, 1] = X[:, 1] > 0
    continuous = np.array([True, False, True, True])
    members = [
        fit_encoding(X, continuous=continuous, sample_weight=rng.integers(0, 3, 50), splines=s)
        for s in (True, True, False)
    ]
    stacked = Encoding(
        *(np.stack([getattr(m, k) for m in members]) for k in ("knots", "fill", "has_indicator"))
    )
    alone = np.stack([encode(member, X[7]) for member in members])
    assert alone.shape == (3, 4, 4)
    np.testing.assert_array_equal(encode(stacked, X[7]), alone)
    np.testing.assert_array_equal(encode(stacked, X[7:8]), alone)
    np.testing.assert_array_equal(encode(members[0], X)[7], alone[0])


def test_the_encoding_survives_its_arrays():
    encoding = fit_encoding(np.arange(40.0)[:, None], continuous=YES)
    again = Encoding.from_arrays({k: v.tolist() for k, v in encoding.to_arrays().items()})
    X = np.array([[NAN], [3.3]])
    np.testing.assert_array_equal(encode(again, X), encode(encoding, X))
    assert again.has_indicator.dtype == bool


@pytest.mark.parametrize(
    "wrong", [{"fill": np.zeros(2)}, {"knots": np.zeros((1, 3))}, {"has_indicator": [True, True]}]
)
def test_arrays_that_do_not_belong_together_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Encoding.from_arrays(one_feature().to_arrays() | wrong)


@given(st.integers(0, 2**32 - 1))
def test_the_sum_is_that_of_the_columns_written_out(seed):
    rng = np.random.default_rng(seed)
    knots = np.sort(rng.uniform(0, 9, (6, 4)), axis=1)
    knots[rng.random(6) < 0.4] = NAN
    encoding = Encoding(knots, rng.uniform(0, 9, 6), rng.random(6) < 0.5)
    X = np.where(rng.random((5, 6)) < 0.3, NAN, rng.uniform(-5, 15, (5, 6)))
    coef = rng.normal(size=(6, 4))
    expected = (encode(encoding, X) * coef).sum(axis=(1, 2))
    assert encoded_sum(encoding, coef, X) == pytest.approx(expected, rel=1e-9, abs=1e-9)
