from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.cohorts import make_cohort, quick_settings
from vfprog.data.splits import patient_folds
from vfprog.errors import TrainingError
from vfprog.models.settings import load_settings
from vfprog.scoring.model import expit
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.imputed import (
    AVERAGED,
    MULTIPLE,
    SINGLE,
    ImputedFold,
    compare_imputations,
    run_imputed_fold,
    run_imputed_folds,
)

SETTINGS = quick_settings(imputations=3)


def held_out(cohort, n_folds=3):
    fold = patient_folds(cohort.patient_id, cohort.outcome.event, n_folds=n_folds, seed=1)
    return [np.flatnonzero(fold == k) for k in range(n_folds)]


def test_one_imputation_is_none():
    with pytest.raises(Exception, match="one imputation cannot be pooled"):
        load_settings(imputations=1)


def test_nothing_of_those_left_out_is_learned():
    cohort = make_cohort(240, missing=0.3, unseen=0.1)
    rows = np.arange(80)
    one = run_imputed_fold(cohort, rows, "preprocedure", SETTINGS, seed=1)
    assert one.multiple.shape == (3, 80)
    event = cohort.outcome.event.copy()
    event[rows] = ~event[rows] & cohort.outcome.observed[rows]
    other = replace(cohort, outcome=replace(cohort.outcome, event=event))
    two = run_imputed_fold(other, rows, "preprocedure", SETTINGS, seed=1)
    assert np.array_equal(one.single, two.single)
    assert np.array_equal(one.multiple, two.multiple)


def test_without_gaps_imputations_agree_and_nothing_is_missing():
    cohort = make_cohort(300, missing=0.0)
    folds = list(run_imputed_folds(cohort, held_out(cohort), "preprocedure", SETTINGS, seed=1))
    for fold in folds:
        # The solver stops within its tolerance, which the layout of an array can move.
        assert np.ptp(fold.multiple, axis=0).max() == pytest.approx(0, abs=1e-4)
        assert fold.multiple[0] == pytest.approx(fold.single, abs=1e-4)
    table = compare_imputations(cohort, folds, SETTINGS).set_index(["imputation", "metric"])
    for metric in ("c_statistic", "brier", "calibration_slope"):
        by = [table.loc[(name, metric), "estimate"] for name in (SINGLE, MULTIPLE, AVERAGED)]
        assert by == pytest.approx([by[0]] * 3, abs=1e-4)
        assert table.loc[(MULTIPLE, metric), "missing_information"] == pytest.approx(0, abs=1e-6)


def test_figures_are_pooled_and_those_of_the_averaged_risk_stand_beside():
    cohort = make_cohort(200, unseen=0.0)
    rng = np.random.default_rng(1)
    truth = np.where(cohort.outcome.event, 0.8, -0.8)
    multiple = truth + rng.normal(size=(4, 200))
    rows = np.arange(200)
    folds = [ImputedFold(rows[:90], multiple[0, :90], multiple[:, :90]),
             ImputedFold(rows[90:], multiple[0, 90:], multiple[:, 90:])]  # fmt: skip
    table = compare_imputations(cohort, folds, SETTINGS).set_index(["imputation", "metric"])
    y = cohort.outcome.event.astype(float)
    place = {"folds": (rows >= 90).astype(int)}
    c = [c_statistic(y, expit(one), **place).estimate for one in multiple]
    pooled = expit(np.mean(np.log(c) - np.log1p(-np.array(c))))
    assert table.loc[(MULTIPLE, "c_statistic"), "estimate"] == pytest.approx(float(pooled))
    averaged = c_statistic(y, expit(multiple.mean(axis=0)), **place).estimate
    assert table.loc[(AVERAGED, "c_statistic"), "estimate"] == pytest.approx(averaged)
    assert averaged > pooled
    assert table.loc[(SINGLE, "c_statistic"), "estimate"] == pytest.approx(c[0])
    assert "Rubin's rules over 4 imputations" in table.loc[(MULTIPLE, "brier"), "method"]


def test_too_few_events_are_refused():
    event = np.zeros(100, bool)
    event[:12] = True
    cohort = make_cohort(100, event=event)
    with pytest.raises(TrainingError, match="fewer than 10"):
        run_imputed_fold(cohort, np.arange(6), "preprocedure", SETTINGS, seed=1)


@pytest.mark.slow
def test_where_much_is_missing_the_risks_of_imputations_differ_and_still_discriminate():
    cohort = make_cohort(900, missing=0.4, seed=2)
    folds = list(run_imputed_folds(cohort, held_out(cohort), "preprocedure", SETTINGS, seed=1,
                                   n_jobs=2))  # fmt: skip
    table = compare_imputations(cohort, folds, SETTINGS).set_index(["imputation", "metric"])
    for name in (SINGLE, MULTIPLE, AVERAGED):
        assert 0.58 < table.loc[(name, "c_statistic"), "estimate"] < 0.85
    assert table.loc[(MULTIPLE, "calibration_slope"), "missing_information"] > 0.02
