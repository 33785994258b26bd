from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.bundles import PATIENT, hand_bundle
from tests.scoring.models import random_parts, random_patient
from vfprog.batch import score
from vfprog.batch.score import bulk_log_odds, score_arrays, score_frame
from vfprog.errors import InputError
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.patient import read_patients
from vfprog.scoring.predict import predict

ENDPOINTS = ("response", "height_loss", "new_fracture")


@pytest.fixture(scope="module")
def hand(tmp_path_factory):
    return load_bundle(hand_bundle(tmp_path_factory.mktemp("hand") / "b"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    parts = random_parts(11, members=0)
    return load_bundle(write_bundle(parts, tmp_path_factory.mktemp("random") / "b"))


def assert_same(bundle, scores, records):
    """Every risk and prediction time is that of predict."""
    for place, prediction in enumerate(predict(bundle, records)):
        given = {p.endpoint: p for p in prediction.prognoses}
        for endpoint in bundle.endpoints:
            risk = scores[f"{endpoint}_risk"].iloc[place]
            time = scores[f"{endpoint}_prediction_time"].iloc[place]
            if endpoint in given:
                assert risk == pytest.approx(given[endpoint].risk, abs=1e-9)
                assert time == given[endpoint].prediction_time
            else:
                assert np.isnan(risk)
                assert time is None or pd.isna(time)


def some_patients(n, seed=0):
    rng = np.random.default_rng(seed)
    records = [random_patient(rng, known=rng.uniform(0.1, 1)) for _ in range(n)]
    records[0]["vas_baseline"], records[1]["vas_baseline"] = 2.5, None
    return records


def test_scores_are_those_of_predict(bundle):
    records = some_patients(60)
    frame = pd.DataFrame(records)
    frame["vertebrae"] = [json.dumps(v) if i % 2 else v for i, v in enumerate(frame["vertebrae"])]
    assert_same(bundle, score_frame(bundle, frame), records)


@pytest.mark.slow
def test_scores_are_those_of_predict_where_xgboost_answers(tmp_path, monkeypatch):
    from tests.fitted import fitted_parts

    called = []

    def counted(booster, X, **options):
        called.append(len(X))
        return bulk_margin(booster, X, **options)

    bulk_margin = score.bulk_margin
    monkeypatch.setattr(score, "bulk_margin", counted)
    bundle = load_bundle(write_bundle(fitted_parts(), tmp_path / "b"))
    for after in (True, False, None):
        rng = np.random.default_rng(5)
        records = [random_patient(rng, after=after, known=rng.uniform(0.1, 1)) for _ in range(300)]
        assert_same(bundle, score_frame(bundle, pd.DataFrame(records)), records)
    assert min(called) >= 200  # and not nothing at all


@pytest.mark.slow
def test_bulk_log_odds_are_those_of_the_model_bit_for_bit_in_the_trees(tmp_path):
    from tests.fitted import drawn_arrays, fitted_parts
    from vfprog.features.design import derive_features

    bundle = load_bundle(write_bundle(fitted_parts(), tmp_path / "b"))
    model = bundle.model("response_postprocedure")
    X = model.matrix(derive_features(drawn_arrays(400, 3), bundle.dictionary), 400)
    assert bulk_log_odds(bundle, model.name, X) == pytest.approx(model.log_odds(X), abs=1e-12)


def test_a_row_without_a_meaning_has_no_risk(hand):
    arrays = read_patients([{"vas_baseline": 2}, {"vas_baseline": 8}], hand.dictionary).arrays
    scores = score_arrays(hand, arrays)
    assert list(scores) == [
        "response_risk", "response_prediction_time",
        "new_fracture_risk", "new_fracture_prediction_time",
        "response_reason", "new_fracture_reason", "outside_development", "trained_on",
    ]  # fmt: skip
    assert set(scores["trained_on"]) == {"simulated"}
    assert scores["response_risk"].to_numpy() == pytest.approx([np.nan, 0.6165669], nan_ok=True)
    assert pd.isna(scores["response_prediction_time"][0])
    assert scores["response_prediction_time"][1] == "preprocedure"
    assert scores["response_reason"].fillna("").tolist() == ["not_applicable", ""]
    assert scores["new_fracture_reason"].isna().all()
    assert scores["outside_development"].isna().all()  # this bundle keeps nothing to compare with
    assert scores["new_fracture_risk"].notna().all()


def test_index_and_episode_are_carried_over(hand):
    frame = pd.DataFrame(
        {"episode_id": ["b", "a"], "site_id": ["x", "y"], "age_years": [70, 80]}, index=[7, 7]
    )
    scores = score_frame(hand, frame)
    assert scores.index.tolist() == [7, 7]
    assert scores.columns[0] == "episode_id"
    assert scores["episode_id"].tolist() == ["b", "a"]
    assert "episode_id" not in score_frame(hand, frame.drop(columns="episode_id"))


@pytest.mark.parametrize("empty", [None, "", "[]", np.nan, []])
def test_vertebrae_may_be_absent(hand, empty):
    record = {k: v for k, v in PATIENT.items() if k != "vertebrae"}
    scores = score_frame(hand, pd.DataFrame([record | {"vertebrae": empty}, PATIENT]))
    assert scores["response_risk"][0] == pytest.approx(predict(hand, record)["response"].risk)
    assert scores["response_risk"][1] == pytest.approx(predict(hand, PATIENT)["response"].risk)


def test_all_failures_of_a_table_come_at_once(hand):
    frame = pd.DataFrame(
        {
            "age_years": [70, 700, 70, 70],
            "vertebrae": ["[{", "[]", '{"level": "L1"}', '[{"level": "L9"}]'],
        }
    )
    with pytest.raises(InputError) as caught:
        score_frame(hand, frame)
    found = {(str(f.row), f.column) for f in caught.value.failures}
    assert found == {
        ("0", "vertebrae"), ("1", "age_years"), ("2", "vertebrae"), ("3].vertebrae[0", "level"),
    }  # fmt: skip


def test_an_empty_table_has_columns_and_no_rows(hand):
    scores = score_frame(hand, pd.DataFrame({"age_years": []}))
    assert scores.shape == (0, 8)
