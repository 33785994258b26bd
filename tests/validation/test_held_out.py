from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from tests.cohorts import make_cohort, quick_settings
from vfprog.features.design import derive_features
from vfprog.models.procedure import fit_procedure
from vfprog.validation.held_out import periods_of, sites_to_leave_out, split_of
from vfprog.validation.resampling import Refit, run_refit

KEY = ("response", "preprocedure")


@pytest.fixture(scope="module")
def cohort():
    """Three sites and four years; the last twenty patients have a second episode, elsewhere."""
    made = make_cohort(240, sites=3)
    patient = made.patient_id.copy()
    patient[220:] = patient[:20]
    date = np.datetime64("2018-01-01", "s") + np.arange(240) * np.timedelta64(6, "D")
    return replace(made, patient_id=patient, index_date=date)


@pytest.mark.parametrize("kind", ["fold", "site", "period"])
def test_no_patient_is_on_both_sides(cohort, kind):
    settings = quick_settings()
    held_out, others = split_of(Refit(*KEY, kind, 3, fold=1), cohort, settings)
    assert held_out.size
    assert others.size
    assert not set(cohort.patient_id[held_out]) & set(cohort.patient_id[others])


def test_sites_left_out_are_judged_whole(cohort):
    held_out, others = split_of(Refit(*KEY, "site", 3, fold=1), cohort, quick_settings())
    assert set(cohort.site_id[held_out]) == {"s1"}
    assert held_out.size == (cohort.site_id == "s1").sum()
    assert "s1" not in set(cohort.site_id[others])
    assert held_out.size + others.size < cohort.n  # second episodes of those held out are left out


def test_the_later_period_follows_the_settings(cohort):
    by_share = periods_of(cohort, quick_settings(temporal_share=0.25))
    assert by_share.start == cohort.index_date[180]
    by_date = periods_of(cohort, quick_settings(temporal_from=dt.date(2020, 1, 1)))
    assert (cohort.index_date[by_date.later] >= np.datetime64("2020-01-01")).all()
    assert by_date.n_both == 20


def test_groups_of_sites_are_left_out_only_if_wanted_and_if_there_are_two(cohort):
    assert sites_to_leave_out(cohort, quick_settings()) == [0, 1, 2]
    assert sites_to_leave_out(cohort, quick_settings(most_sites=2)) == [0, 1]
    assert sites_to_leave_out(cohort, quick_settings(internal_external=False)) == []
    one = replace(cohort, site_id=np.full(cohort.n, "s", dtype=object))
    assert sites_to_leave_out(one, quick_settings()) == []


def test_a_site_is_judged_by_a_model_that_never_saw_it(cohort):
    settings = quick_settings()
    refit = Refit(*KEY, "site", 3, fold=2)
    held_out, others = split_of(refit, cohort, settings)
    result = run_refit(refit, cohort, settings)
    model = fit_procedure(cohort.take(others), "preprocedure", settings, seed=3).model
    part = cohort.take(held_out)
    X = model.matrix(derive_features(part.arrays, cohort.dictionary), part.n)
    assert (result.rows == held_out).all()
    assert (result.risk["model"] == model.risk(X)).all()


@pytest.mark.parametrize(("at_big", "words"), [(230, "non-events"), (240, "nobody is left")])
def test_a_site_that_holds_nearly_everybody_fails_with_a_reason(at_big, words):
    made = make_cohort(240)
    names = np.where(np.arange(240) < at_big, "big", "small").astype(object)
    result = run_refit(Refit(*KEY, "site", 3), replace(made, site_id=names), quick_settings())
    assert words in result.failure
    assert result.rows is None


def test_a_period_without_dates_fails_with_a_reason(cohort):
    undated = replace(cohort, index_date=np.full(cohort.n, np.datetime64("NaT"), "datetime64[s]"))
    result = run_refit(Refit(*KEY, "period", 3), undated, quick_settings())
    assert result.failure == "no temporal validation: no date is recorded"
