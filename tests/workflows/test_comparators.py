from __future__ import annotations

import numpy as np
import pytest

from vfprog.data.splits import patient_folds
from vfprog.models.procedure import cohort_weights
from vfprog.validation.comparison import paired_differences
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.performance import performance

pytestmark = pytest.mark.slow

MODEL = "response_postprocedure"


def folds_of(training, cohort):
    """The folds of the one repeat, dealt anew."""
    settings = training.settings
    return patient_folds(cohort.patient_id, cohort.outcome.event, n_folds=settings.outer_folds,
                         seed=training.seed + 1000)  # fmt: skip


@pytest.fixture(scope="module")
def tables(training):
    names = ("comparators", "comparator_differences", "comparator_decision_curves")
    return [training.tables[name][training.tables[name]["model"] == MODEL] for name in names]


def test_every_comparator_has_its_figures_or_a_reason(training, tables):
    figures = tables[0]
    kinds = figures.drop_duplicates("comparator").set_index("comparator")["kind"]
    assert {"unpenalised_logistic", "prevalence", "of_score", "alignment_flags"} <= set(kinds.index)
    assert (kinds == "single").sum() > 5
    undefined = figures["estimate"].isna() | figures["lower"].isna()
    assert (figures.loc[undefined, "reason"] != "").all()
    assert (figures["made_for"] != "").all()
    lacking = figures[figures["comparator"] == "alignment_flags"]
    assert (lacking["reason"] == "none of its items is recorded").all()
    li = figures[figures["comparator"] == "published_li_2021"]
    assert li["reason"].str.startswith("not recorded: posterior fascia oedema").all()


def test_a_predictor_not_known_in_time_is_no_comparator(training):
    figures = training.tables["comparators"]
    cement = figures[figures["comparator"] == "single_cement_volume_ml"]
    assert set(cement["model"]) == {MODEL}


def test_a_prevalence_ranks_nobody(tables):
    rows = tables[0][tables[0]["comparator"] == "prevalence"].set_index("metric")
    assert np.isnan(rows.loc["c_statistic", "estimate"])
    assert rows.loc["c_statistic", "reason"].startswith("undefined: all participants of a fold")
    assert abs(rows.loc["scaled_brier", "estimate"]) < 0.05
    differences = tables[1][tables[1]["comparator"] == "prevalence"]
    assert "c_statistic" not in set(differences["metric"])
    assert "brier" in set(differences["metric"])


def test_a_score_is_ranked_by_itself(training, tables):
    cohort = training.cohorts["response"]
    weight = cohort_weights(cohort, training.settings)
    pain = cohort.arrays.episodes["vas_baseline"]
    row = tables[0].set_index(["comparator", "metric"]).loc[("of_score", "c_statistic")]
    low = np.where(cohort.arrays.episodes["t_score"] < -3, 1, 0)
    points = low + np.select([pain >= 5, pain < 5], [1, -1], 0)  # all else is not recorded
    y, folds = cohort.outcome.event.astype(float), folds_of(training, cohort)
    own = c_statistic(y, (points + 2) / 5, sample_weight=weight, folds=folds)
    assert row["estimate"] == pytest.approx(own.estimate)
    assert row["method"].endswith("of the score itself, pairs within folds")
    assert row["note"].startswith("counted as 0, for they are not recorded")


def test_differences_are_those_of_the_figures(training, tables):
    figures, differences, _ = tables
    cohort, risks = training.cohorts["response"], training.risks[MODEL]
    weight = cohort_weights(cohort, training.settings)
    known = weight > 0
    y = cohort.outcome.event[known].astype(float)
    shared = {"sample_weight": weight[known], "groups": cohort.patient_id[known]}
    shared["folds"] = folds_of(training, cohort)[known]
    ours = performance(y, risks["model"][:, known], **shared).set_index("metric")["estimate"]
    theirs = figures[figures["comparator"] == "unpenalised_logistic"].set_index("metric")[
        "estimate"
    ]
    found = differences.set_index(["comparator", "metric"])
    for metric in ("c_statistic", "brier", "net_benefit_at_0.3"):
        row = found.loc[("unpenalised_logistic", metric)]
        assert row["difference"] == pytest.approx(ours[metric] - theirs[metric])
    learner = paired_differences(y, risks["model"][:, known], risks["logistic"][:, known], **shared)
    row = found.loc[("logistic", "brier")]
    assert row["lower"] == pytest.approx(learner.set_index("metric").loc["brier", "lower"])
    assert {"treat_all", "treat_none"} <= set(differences["comparator"])


def test_decision_curves_are_of_one_grid(tables):
    curves = tables[2]
    assert {"model", "treat_all", "treat_none", "logistic", "unpenalised_logistic", "prevalence",
            "of_score"} == set(curves["strategy"])  # fmt: skip
    grids = {tuple(part["threshold"]) for _, part in curves.groupby("strategy")}
    assert len(grids) == 1
    assert curves[["net_benefit", "lower", "upper", "label"]].notna().all(axis=None)
