import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from vfprog.features.encoder import encode, fit_encoding
from vfprog.models.encoder import ClinicalEncoder

NAN = np.nan


@parametrize_with_checks([ClinicalEncoder(), ClinicalEncoder(splines=False, indicator=False)])
def test_it_is_a_scikit_learn_transformer(estimator, check):
    check(estimator)


def table(n=60):
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"age_years": rng.normal(75, 9, n), "smoker": rng.integers(0, 2, n) * 1.0})
    X["sva_mm"] = NAN
    X["asa_class"] = 3.0
    X.loc[::4, "age_years"] = NAN
    return X


def test_names_and_numbers_of_the_kept_columns():
    X = table()
    encoder = ClinicalEncoder().fit(X)
    assert encoder.get_feature_names_out().tolist() == [
        "age_years",
        "age_years_spline1",
        "age_years_spline2",
        "age_years_missing",
        "smoker",
    ]
    used = X[["age_years", "smoker"]].to_numpy()
    encoded = encode(fit_encoding(used, continuous=np.array([True, False])), used)
    expected = np.column_stack([encoded[:, 0], encoded[:, 1, 0]])
    np.testing.assert_array_equal(encoder.transform(X), expected)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"splines": False}, ["age_years", "age_years_missing", "smoker"]),
        ({"splines": False, "indicator": False}, ["age_years", "smoker"]),
    ],
)
def test_terms_can_be_left_out(params, names):
    assert ClinicalEncoder(**params).fit(table()).get_feature_names_out().tolist() == names


def test_pandas_output_carries_the_names():
    out = ClinicalEncoder(splines=False).set_output(transform="pandas").fit_transform(table())
    assert out.columns.tolist() == ["age_years", "age_years_missing", "smoker"]
    assert not out.isna().to_numpy().any()


def test_a_value_first_missing_at_scoring_becomes_the_median():
    encoder = ClinicalEncoder(splines=False).fit([[1.0], [2.0], [6.0]])
    assert encoder.transform([[NAN]]).tolist() == [[2.0]]


def test_a_weight_is_a_number_of_copies():
    X = table()
    weight = np.arange(len(X)) % 3
    weighted = ClinicalEncoder().fit(X, sample_weight=weight)
    copied = ClinicalEncoder().fit(X.loc[np.repeat(X.index, weight)])
    np.testing.assert_array_equal(weighted.transform(X), copied.transform(X))


def test_a_table_in_which_nothing_varies_is_refused():
    with pytest.raises(ValueError, match=r"no column varies.*n_samples=3"):
        ClinicalEncoder().fit(np.ones((3, 2)))
    with pytest.raises(ValueError, match="no column varies"):
        ClinicalEncoder().fit([[1.0], [NAN], [NAN]], sample_weight=[1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="no column varies"):
        ClinicalEncoder().fit(np.full((3, 2), NAN))
