from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.cohorts import make_cohort, quick_settings
from vfprog.models.settings import load_settings
from vfprog.validation.resampling import plan_folds, run_refit
from vfprog.workflows.refitting import FOLD_SEED
from vfprog.workflows.refusals import refusals

TIMES = ("preprocedure", "postprocedure")


def with_events(n_events, n=200):
    return make_cohort(n, event=np.arange(n) % (n // n_events) == 0)


def test_few_events_and_no_predictor_are_refused_with_the_reason_of_a_training():
    few = with_events(8)
    arrays = few.arrays
    bare = replace(
        arrays, episodes={}, vertebrae={"cement_volume_ml": arrays.vertebrae["cement_volume_ml"]}
    )
    blind = replace(with_events(100), arrays=bare)
    found = refusals({"few": few, "blind": blind}, TIMES)
    assert list(found) == [f"{e}_{t}" for e in ("few", "blind") for t in TIMES]
    assert "8 events and 192 non-events" in found["few_preprocedure"] == found["few_postprocedure"]
    assert "no usable predictor at preprocedure" in found["blind_preprocedure"]
    assert found["blind_postprocedure"] == ""


def test_what_is_foretold_is_what_a_training_says():
    cohort, settings = with_events(10), quick_settings(outer_folds=10)
    foretold = refusals({"response": cohort}, TIMES[:1], settings)["response_preprocedure"]
    first = plan_folds("response", "preprocedure", settings, seed=1 + FOLD_SEED)[0]
    assert run_refit(first, cohort, settings).failure == foretold != ""


def test_ten_events_are_enough_for_a_model_but_not_for_its_folds():
    assert load_settings().min_class == 10
    why = refusals({"response": with_events(10)}, TIMES[:1])["response_preprocedure"]
    assert "9 events" in why
    assert refusals({"response": with_events(40)}, TIMES[:1])["response_preprocedure"] == ""
