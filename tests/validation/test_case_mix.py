from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.case_mix import case_mix, expected_c_statistic
from vfprog.validation.discrimination import c_statistic


def brute(risk, weight):
    right = pairs = 0.0
    for i, p in enumerate(risk):
        for j, q in enumerate(risk):
            if i != j:
                share = weight[i] * weight[j] * p * (1 - q)
                pairs += share
                right += share * (1.0 if p > q else 0.5 if p == q else 0.0)
    return right / pairs


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9]), st.sampled_from([0.5, 1, 3])),
             min_size=2, max_size=12)
)  # fmt: skip
def test_every_pair_counted_one_by_one(rows):
    risk, weight = zip(*rows, strict=True)
    assert expected_c_statistic(risk, sample_weight=weight) == pytest.approx(brute(risk, weight))


def test_equal_risks_are_a_coin_and_one_patient_is_no_pair():
    assert expected_c_statistic([0.3, 0.3, 0.3]) == pytest.approx(0.5)
    with pytest.raises(UndefinedFigureError, match="no pair"):
        expected_c_statistic([0.3])


def test_outcomes_drawn_from_the_risks_meet_it():
    rng = np.random.default_rng(1)
    risk = expit(rng.normal(-1, 1.2, 40_000))
    y = (rng.random(risk.size) < risk).astype(float)
    assert c_statistic(y, risk).estimate == pytest.approx(expected_c_statistic(risk), abs=0.01)


def test_case_mix_tells_narrow_patients_from_a_wrong_model():
    rng = np.random.default_rng(2)
    margin = rng.normal(0, 1, 4000)
    found = {}
    for name, scale, slope in (("wide", 1, 1), ("narrow", 0.5, 1), ("misfit", 1, 0.5)):
        lp = scale * margin
        y = (rng.random(lp.size) < expit(slope * lp)).astype(float)
        c = c_statistic(y, expit(lp)).estimate
        table = case_mix(lp, y, np.ones(lp.size), c)
        found[name] = table.set_index("statistic")["value"]
    assert found["narrow"]["sd_linear_predictor"] == pytest.approx(0.5, rel=0.05)
    for name in ("wide", "narrow"):
        gap = found[name]["expected_c_statistic"] - found[name]["c_statistic"]
        assert gap == pytest.approx(0, abs=0.02)
    assert found["wide"]["expected_c_statistic"] - found["narrow"]["expected_c_statistic"] > 0.08
    assert found["misfit"]["expected_c_statistic"] == pytest.approx(
        found["wide"]["expected_c_statistic"]
    )
    assert found["misfit"]["expected_c_statistic"] - found["misfit"]["c_statistic"] > 0.08


def test_the_frequency_is_weighted_and_all_are_described():
    table = case_mix([0.0, 1.0, -1.0], [1, 0, 0], [3.0, 1.0, 0.0], 0.5)
    value = table.set_index("statistic")["value"]
    assert (value["n"], value["n_events"], value["outcome_frequency"]) == (3, 1, 0.75)
    assert value["mean_linear_predictor"] == 0
    with pytest.raises(UndefinedFigureError, match="case mix is undefined"):
        case_mix([0.0, 1.0], [1, 1], [1.0, 1.0], 0.5)
