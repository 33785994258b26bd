from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.cohorts import make_cohort, quick_settings
from vfprog.models.procedure import cohort_weights
from vfprog.validation.held_out import sites_to_leave_out, split_of
from vfprog.validation.heterogeneity import by_site
from vfprog.validation.performance import performance
from vfprog.validation.resampling import Refit, RefitResult, run_refit
from vfprog.workflows.transport import EXTRA, internal_external, temporal

KEY = ("response", "preprocedure")
SETTINGS = quick_settings()


@pytest.fixture(scope="module")
def cohort():
    made = make_cohort(400, sites=4, unseen=0.1)
    date = np.datetime64("2018-01-01", "s") + np.arange(400) * np.timedelta64(4, "D")
    return replace(made, index_date=date)


def refits(cohort, settings=SETTINGS):
    places = sites_to_leave_out(cohort, settings)
    return [run_refit(Refit(*KEY, "site", 3, place), cohort, settings) for place in places]


@pytest.fixture(scope="module")
def done(cohort):
    results = refits(cohort)
    return results, *internal_external(cohort, SETTINGS, results)


def stacked_risk(cohort, results):
    risk = np.full(cohort.n, np.nan)
    for result in results:
        risk[result.rows] = result.risk["model"]
    return risk


def test_sites_are_judged_on_the_risks_of_models_that_never_saw_them(cohort, done):
    results, table, _ = done
    weight = cohort_weights(cohort, SETTINGS)
    known = weight > 0
    expected = by_site(
        cohort.outcome.event[known].astype(float), stacked_risk(cohort, results)[known],
        cohort.site_id[known], sample_weight=weight[known], groups=cohort.patient_id[known],
    )  # fmt: skip
    assert table.equals(expected)
    assert set(table.loc[table["role"] == "site", "site"]) == {"s0", "s1", "s2", "s3"}


def test_beside_the_headline_stand_the_pooled_figures(cohort, done):
    results, table, stacked = done
    plain = performance(cohort.outcome.event.astype(float), stacked_risk(cohort, results),
                        sample_weight=cohort_weights(cohort, SETTINGS))  # fmt: skip
    assert list(stacked.columns) == [*plain.columns, *EXTRA]
    assert stacked["metric"].tolist() == plain["metric"].tolist()
    rows = stacked.set_index("metric")
    pooled = table[(table["role"] == "pooled")].set_index("metric")
    ahead = table[(table["role"] == "prediction")].set_index("metric")
    for metric in pooled.index:
        assert rows.loc[metric, "estimate"] == pooled.loc[metric, "estimate"]
        assert rows.loc[metric, "i2"] == pooled.loc[metric, "i2"]
        assert rows.loc[metric, "prediction_lower"] == ahead.loc[metric, "lower"]
        assert rows.loc[metric, "prediction_lower"] < rows.loc[metric, "lower"]
        assert rows.loc[metric, "method"].startswith("random effects, REML")
    assert rows.loc["brier", "estimate"] == plain.set_index("metric").loc["brier", "estimate"]
    assert rows.loc["brier", ["i2", "prediction_lower"]].isna().all()
    assert (rows["design"] == "4 refits, each without one site or group of sites").all()


def test_a_site_without_a_refit_is_named_with_the_reason(cohort, done):
    results = [*done[0][:-1], RefitResult(done[0][-1].refit, failure="too few events")]
    gone = cohort.site_id[split_of(results[-1].refit, cohort, SETTINGS)[0]][0]
    table, stacked = internal_external(cohort, SETTINGS, results)
    row = table[(table["metric"] == "c_statistic") & (table["site"] == gone)].iloc[0]
    assert row["reason"] == "left out: no model without it: too few events"
    assert np.isnan(row["estimate"])
    assert row["n"] == ((cohort.site_id == gone) & cohort.outcome.observed).sum()
    assert stacked["design"].iloc[0].endswith("; 1 more failed")
    c = table[table["metric"] == "c_statistic"]
    assert c["role"].tolist() == ["site"] * 4 + ["pooled", "prediction"]
    assert c[c["role"] == "pooled"]["n_sites"].item() == 3


def test_a_site_without_events_does_not_stop_the_others(cohort):
    event = cohort.outcome.event & (cohort.site_id != "s2")
    outcome = replace(cohort.outcome, event=event, status=event.astype(int))
    without = replace(cohort, outcome=outcome)
    table, _ = internal_external(without, SETTINGS, refits(without))
    row = table[(table["metric"] == "c_statistic") & (table["site"] == "s2")].iloc[0]
    assert row["reason"].startswith("left out: 0 with and")
    assert table[table["role"] == "pooled"]["estimate"].notna().all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"site_id": np.full(400, "s", dtype=object)}, "one site only"),
        ({"site_id": np.full(400, "unknown", dtype=object)}, "no site is recorded"),
    ],
)
def test_one_site_says_why_nothing_is_pooled(cohort, change, words):
    table, stacked = internal_external(replace(cohort, **change), SETTINGS, [])
    for found in (table, stacked):
        assert found["estimate"].isna().all()
        assert (found["reason"] == f"no internal-external validation: {words}").all()


def test_what_was_not_asked_for_or_failed_throughout_says_so(cohort, done):
    off = quick_settings(internal_external=False, temporal_share=0)
    for table in (*internal_external(cohort, off, []), temporal(cohort, off, [])):
        assert table["reason"].str.endswith("not asked for").all()
    failed = [RefitResult(result.refit, failure="no event") for result in done[0]]
    table, _ = internal_external(cohort, SETTINGS, failed)
    assert table["reason"].str.endswith("no refit succeeded: no event").all()


def test_the_later_period_is_judged_with_its_own_weights(cohort):
    result = run_refit(Refit(*KEY, "period", 3), cohort, SETTINGS)
    table = temporal(cohort, SETTINGS, [result]).set_index("metric")
    later = cohort.take(np.arange(280, 400))
    weight = cohort_weights(later, SETTINGS)
    expected = performance(later.outcome.event.astype(float), result.risk["model"],
                           sample_weight=weight).set_index("metric")  # fmt: skip
    assert (result.rows == np.arange(280, 400)).all()
    assert table.loc["c_statistic", "estimate"] == expected.loc["c_statistic", "estimate"]
    assert table.loc["brier", "upper"] == expected.loc["brier", "upper"]
    words = "280 episodes before 2021-01-25, judged on 120 from then on"
    assert (table["design"] == words).all()


def unknown(cohort, rows):
    """The cohort with no outcome known in these rows."""
    observed = cohort.outcome.observed & ~np.isin(np.arange(cohort.n), rows)
    event = cohort.outcome.event & observed
    outcome = replace(cohort.outcome, observed=observed, event=event, status=event.astype(int))
    return replace(cohort, outcome=outcome)


def test_a_later_period_without_any_outcome_says_so(cohort):
    lost = unknown(cohort, np.arange(280, 400))
    result = run_refit(Refit(*KEY, "period", 3), lost, SETTINGS)
    assert result.rows is not None
    table = temporal(lost, SETTINGS, [result])
    words = "no temporal validation: later participants: no outcome is observed"
    assert table["reason"].str.startswith(words).all()


def test_sites_without_any_known_outcome_say_so(cohort, done):
    only = done[0][0]
    lost = unknown(cohort, only.rows)
    failed = [RefitResult(result.refit, failure="no event") for result in done[0][1:]]
    table, stacked = internal_external(lost, SETTINGS, [only, *failed])
    for found in (table, stacked):
        assert found["reason"].str.endswith("no outcome is known at the sites left out").all()


def test_without_dates_there_is_a_reason(cohort):
    undated = replace(cohort, index_date=np.full(400, np.datetime64("NaT"), "datetime64[s]"))
    result = run_refit(Refit(*KEY, "period", 3), undated, SETTINGS)
    table = temporal(undated, SETTINGS, [result])
    assert (table["reason"] == "no temporal validation: no date is recorded").all()


@pytest.mark.slow
def test_a_training_keeps_both(training):
    tables = training.tables
    kept = tables["validations"]
    assert set(kept["validation"]) == {"internal_external", "temporal"}
    assert set(kept["model"]) == set(training.fitted)
    # All episodes of this registry are of one day.
    later = kept[kept["validation"] == "temporal"]
    assert later["reason"].str.contains("all participants are of 2020-03-01").all()
    assert set(tables["internal_external"]["role"]) >= {"site", "pooled", "prediction"}
