"""Predictors that know the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.data.screening.exports import flag, found, number, screened, tables_of
from vfprog.data.screening.leaks import _area, _lower, check_leaks, looks_late
from vfprog.schema.dictionary import Predictor, load_dictionary

LATE = ["bonemed_fu", "vas_30d", "VAS12M", "vasFU", "pain_m12", "status_discharge", "response",
        "vas_at_follow_up", "outcome2", "post_op_vas", "height_365_days", "day30_vas"]  # fmt: skip
EARLY = ["bmi_kg_m2", "fracture_age_days", "vas_baseline", "post_menopausal", "falls_last_12m",
         "t_score", "height_t12", "prior_death", "vas_pre", "mother_died", "mfi5"]  # fmt: skip


@pytest.mark.parametrize("name", LATE)
def test_names_of_what_comes_later(name):
    assert looks_late(name)


@pytest.mark.parametrize("name", [*EARLY, *(p.name for p in load_dictionary().predictors)])
def test_names_of_what_is_known(name):
    assert not looks_late(name)


def test_a_late_name_in_the_source_is_told():
    tables = tables_of(60)
    origins = {("episodes", "smoker"): "smoking_12m", ("vertebrae", "treated"): "postop_cement"}
    registry = screened(tables, events={}, origins=origins)
    (failure,) = check_leaks(registry)
    assert (failure.table, failure.column, failure.value) == ("episodes", "smoker", "smoking_12m")
    assert (failure.rule, failure.row, failure.severity) == ("not_yet_known", None, "warning")


def _with(make, *, n=400, extra=None, table="episodes"):
    tables = tables_of(n)
    ids = tables["episodes"]["episode_id"]
    rng = np.random.default_rng(0)
    event = pd.Series((rng.random(len(ids)) < 0.25).astype(float), index=pd.Index(ids))
    of_rows = event.reindex(tables[table]["episode_id"]).to_numpy()
    tables[table] = tables[table].assign(x=make(of_rows, rng))
    registry = screened(tables, extra=[extra or number("x", table=table)], events={"end": event})
    return found(check_leaks(registry), "encodes_outcome")


def _flipped(share):
    return lambda event, rng: np.where(rng.random(len(event)) < share, 1 - event, event)


@pytest.mark.parametrize("make", [
    _flipped(0),
    _flipped(0.05),
    lambda event, rng: -event,
    lambda event, rng: event * 3 + rng.normal(0, 1, len(event)),
    lambda event, rng: np.where(event == 1, 7.0, np.nan),
    lambda event, rng: np.where(event == 1, np.nan, rng.normal(0, 1, len(event))),
])  # fmt: skip
@pytest.mark.parametrize("table", ["episodes", "vertebrae"])
def test_a_predictor_that_tells_the_outcome(make, table):
    (failure,) = _with(make, table=table)
    assert (failure.table, failure.row, failure.column) == (table, None, "x")
    assert failure.severity == "warning"
    assert failure.value >= 0.88
    assert "tells end" in failure.message


def test_levels_that_tell_the_outcome():
    levels = Predictor(name="x", label="x", kind="nominal", levels=("a", "b", "c"), concept="bone")

    def middle(event, rng):
        return np.where(event == 1, "b", np.where(rng.random(len(event)) < 0.5, "a", "c"))

    (failure,) = _with(middle, extra=levels)
    assert "the level" in failure.message


def test_a_binary_predictor_as_written():
    assert len(_with(lambda event, rng: event == 1, extra=flag("x"))) == 1


@pytest.mark.parametrize("make", [
    _flipped(0.25),
    lambda event, rng: event + rng.normal(0, 1, len(event)),
    lambda event, rng: np.where(rng.random(len(event)) < 0.4 * event, np.nan, 1.0),
])  # fmt: skip
def test_a_good_predictor_passes(make):
    assert _with(make) == []


def test_few_events_say_nothing():
    tables = tables_of(60)
    event = pd.Series(0.0, index=pd.Index(tables["episodes"]["episode_id"]))
    event.iloc[:9] = 1
    tables["episodes"]["x"] = event.to_numpy()
    assert check_leaks(screened(tables, extra=[number("x")], events={"end": event})) == []


def test_the_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    event = rng.random(80) < 0.3
    score = np.round(rng.normal(size=80) + event, 1)
    assert _area(score, event) == pytest.approx(roc_auc_score(event, score))
    assert _area(-score, event) == pytest.approx(roc_auc_score(event, score))


def test_the_lower_bound_by_hand():
    # Ten and ten at an area of .8: Q1 is .8 / 1.2 and Q2 is 1.28 / 1.8.
    event = np.arange(20) < 10
    variance = (0.16 + 9 * (0.8 / 1.2 - 0.64) + 9 * (1.28 / 1.8 - 0.64)) / 100
    assert _lower(0.8, event) == pytest.approx(0.8 - 3 * variance**0.5)


@pytest.mark.parametrize("seed", range(3))
def test_clean_registries_pass(seed):
    assert check_leaks(screened(tables_of(600, seed=seed))) == []
