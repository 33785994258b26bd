from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.bundles import hand_model
from tests.scoring.models import random_model, random_patient
from vfprog.explain.attribution import (
    attribution_table,
    bulk_lines,
    explanation_of_table,
    importance,
    line_values,
    shap_explanation,
)
from vfprog.features.design import derive_features
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.patient import read_patients

DICTIONARY = load_dictionary()


def arrays_of(*records):
    return read_patients(records, DICTIONARY).arrays


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    return arrays_of(*(random_patient(rng) for _ in range(40)))


def matrix(model, arrays):
    return model.matrix(derive_features(arrays, DICTIONARY), arrays.n)


@pytest.mark.parametrize("n_trees", [0, 8])
def test_lines_in_bulk_are_those_of_single_patients(arrays, n_trees):
    model = random_model(2, time="postprocedure", n_trees=n_trees)
    X = matrix(model, arrays)
    base, lines = bulk_lines(model, X)
    one_base, phi = model.feature_contributions(X)
    assert base == pytest.approx(one_base, abs=1e-12)
    assert lines == pytest.approx(model.fold(phi), abs=1e-9)


def test_the_table_adds_up_to_the_log_odds(arrays):
    model = random_model(4)
    ids = np.array([f"e{i}" for i in range(arrays.n)], dtype=object)
    table = attribution_table(model, arrays, DICTIONARY, ids)
    assert len(table) == arrays.n * len(model.lines)
    sums = table.groupby("episode_id", sort=False)["log_odds"].sum()
    base = table.groupby("episode_id", sort=False)["base_log_odds"].first()
    assert sums.index.tolist() == ids.tolist()
    assert (sums + base).to_numpy() == pytest.approx(
        model.log_odds(matrix(model, arrays)), abs=1e-9
    )
    assert set(table["endpoint"]) == {"response"}
    assert set(table["prediction_time"]) == {"preprocedure"}


def test_a_table_by_hand():
    model = hand_model("response", "preprocedure")
    record = {
        "vas_baseline": 8, "sex": "male", "pelvic_incidence_deg": 60, "lumbar_lordosis_deg": 50,
        "vertebrae": [{"level": "L1", "height_loss_pct": 20}, {"height_loss_pct": 40}],
    }  # fmt: skip
    table = attribution_table(model, arrays_of(record), DICTIONARY, np.array(["e"], dtype=object))
    rows = table.set_index("predictor")
    assert rows["base_log_odds"].unique() == pytest.approx([0.3])
    expected = {
        "vas_baseline": (8, 0.75 * 0.15 + 0.25 * 0.25, "pain"),
        "sex": (1, 0.75 * -0.1 * (1 - 0.25), "frailty"),
        "pi_ll_mismatch_deg": (10, 0.75 * -0.01 * (10 - 8), "alignment"),
        "height_loss_pct": (40, 0.75 * -0.006 * (40 - 30), "fracture"),
    }
    for name, (value, log_odds, concept) in expected.items():
        assert rows.loc[name, "value"] == value
        assert rows.loc[name, "log_odds"] == pytest.approx(log_odds)
        assert rows.loc[name, "concept"] == concept
    assert np.isnan(rows.loc["age_years", "value"])


def test_the_third_pelvic_angle_is_shown_as_derived():
    model = random_model(1)
    arrays = arrays_of(
        {"pelvic_tilt_deg": 20, "sacral_slope_deg": 35},
        {"pelvic_incidence_deg": 50},
        {"sex": "male"},
    )  # fmt: skip
    shown = line_values(model, arrays, derive_features(arrays, DICTIONARY))
    place = [line.predictor for line in model.lines].index("pelvic_incidence_deg")
    assert shown[:, place] == pytest.approx([55, 50, np.nan], nan_ok=True)


def long_table():
    """Two episodes, two predictors of one concept that cancel in the first."""
    rows = [("a", "x", "pain", 1.0), ("a", "y", "pain", -1.0), ("a", "z", "bone", 0.5),
            ("b", "x", "pain", 2.0), ("b", "y", "pain", 1.0), ("b", "z", "bone", -0.5)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["episode_id", "predictor", "concept", "log_odds"])
    return table.assign(endpoint="response", prediction_time="preprocedure")


def test_importance_by_hand():
    ranked = importance(long_table())
    assert ranked["predictor"].tolist() == ["x", "y", "z"]
    assert ranked["mean_abs_log_odds"].tolist() == [1.5, 1.0, 0.5]
    assert ranked["share"].to_numpy() == pytest.approx([1.5 / 3, 1 / 3, 0.5 / 3])


def test_importance_of_concepts_lets_opposites_cancel():
    ranked = importance(long_table(), by="concept")
    assert ranked["concept"].tolist() == ["pain", "bone"]
    assert ranked["mean_abs_log_odds"].tolist() == [1.5, 0.5]  # (|0| + |3|) / 2 and .5
    assert "predictor" not in ranked


@pytest.mark.parametrize("by", ["predictor", "concept"])
def test_shares_of_each_model_sum_to_one(arrays, by):
    ids = np.arange(arrays.n).astype(object)
    tables = [
        attribution_table(random_model(seed, endpoint), arrays, DICTIONARY, ids)
        for seed, endpoint in enumerate(("response", "new_fracture"))
    ]
    ranked = importance(pd.concat(tables, ignore_index=True), by)
    shares = ranked.groupby(["endpoint", "prediction_time"])["share"]
    assert shares.sum().to_numpy() == pytest.approx([1, 1])
    assert all(part.is_monotonic_decreasing for _, part in shares)


def test_importance_of_a_model_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="importance is undefined"):
        importance(long_table().assign(log_odds=0.0))


def test_importance_by_anything_else_is_refused():
    with pytest.raises(ValueError, match="by must be predictor or concept, got 'patient'"):
        importance(long_table(), by="patient")


@pytest.mark.slow
def test_an_explanation_for_shaps_own_figures(arrays):
    shap = pytest.importorskip("shap")
    model = random_model(4)
    explanation = shap_explanation(model, arrays, DICTIONARY)
    assert isinstance(explanation, shap.Explanation)
    assert explanation.shape == explanation.data.shape == (arrays.n, len(model.lines))
    total = explanation.sum(axis=1).values + explanation.base_values  # noqa: PD011  # shap's own
    assert total == pytest.approx(model.log_odds(matrix(model, arrays)), abs=1e-9)
    assert explanation.feature_names == [line.predictor for line in model.lines]


@pytest.mark.slow
def test_the_kept_table_is_the_explanation(arrays):
    pytest.importorskip("shap")
    model = random_model(4)
    ids = np.array([f"e{i}" for i in range(arrays.n)][::-1], dtype=object)
    table = attribution_table(model, arrays, DICTIONARY, ids)
    kept, made = explanation_of_table(table), shap_explanation(model, arrays, DICTIONARY)
    np.testing.assert_array_equal(kept.values, made.values)  # shap's own
    np.testing.assert_array_equal(kept.data, made.data)
    np.testing.assert_allclose(kept.base_values, made.base_values, rtol=0, atol=1e-15)
    assert kept.feature_names == made.feature_names
    with pytest.raises(ValueError, match=r"got \d+ rows"):
        explanation_of_table(pd.concat([table, table]))
    with pytest.raises(ValueError, match="in one order"):
        explanation_of_table(table.sample(frac=1, random_state=1))
    other = table.assign(prediction_time="another")
    with pytest.raises(ValueError, match="one model, got 2"):
        explanation_of_table(pd.concat([table, other]))
