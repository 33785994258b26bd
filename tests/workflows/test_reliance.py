from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vfprog.explain.attribution import attribution_table, importance
from vfprog.workflows.reliance import explained_rows, ranked_importance

MODEL = "response_preprocedure"


def test_all_are_explained_or_so_many_in_order():
    assert explained_rows(5).tolist() == [0, 1, 2, 3, 4]
    drawn = explained_rows(1000, most=30)
    assert len(set(drawn)) == 30
    assert (np.diff(drawn) > 0).all()
    assert (drawn != explained_rows(1000, most=30, random_state=1)).any()


@pytest.mark.slow
def test_the_importance_kept_is_that_of_the_model(training):
    cohort = training.cohorts["response"]
    model = training.fitted[MODEL].model
    table = attribution_table(model, cohort.arrays, cohort.dictionary, cohort.episode_id)
    for name, by in (("importance", "predictor"), ("importance_concepts", "concept")):
        expected = importance(table, by=by)
        kept = training.tables[name].query("model == @MODEL")
        assert kept[by].tolist() == expected[by].tolist()
        assert kept["mean_abs_log_odds"].to_numpy() == pytest.approx(
            expected["mean_abs_log_odds"].to_numpy()
        )
        assert kept["rank"].tolist() == list(range(1, len(kept) + 1))
        assert set(kept["n_refits"]) == {2}
        assert (kept["rank_lower"] <= kept["rank_upper"]).all()


@pytest.mark.slow
def test_ranks_spread_as_far_as_the_refits_disagree(training):
    cohort, model = training.cohorts["response"], training.fitted[MODEL].model
    one = ranked_importance(model, [model] * 3, cohort, by="concept")
    assert one["rank_lower"].tolist() == one["rank_upper"].tolist() == one["rank"].tolist()
    assert one["lower"].to_numpy() == pytest.approx(one["mean_abs_log_odds"].to_numpy())
    doubled = replace(model, blend=replace(model.blend, b=3 * model.blend.b))
    two = ranked_importance(model, [model, doubled], cohort, by="concept")
    size = two["mean_abs_log_odds"]
    # Linear between the two: the 5th percentile of (1, 3) is 1.1, the 95th 2.9.
    assert two["lower"].to_numpy() == pytest.approx(1.1 * size.to_numpy())
    assert two["upper"].to_numpy() == pytest.approx(2.9 * size.to_numpy())
    none = ranked_importance(model, [], cohort, by="concept")
    assert none[["lower", "upper", "rank_lower", "rank_upper"]].isna().all(axis=None)


@pytest.mark.slow
def test_a_refit_that_learned_nothing_relies_on_nothing_and_has_no_ranks(training):
    cohort, model = training.cohorts["response"], training.fitted[MODEL].model
    flat = replace(model, blend=replace(model.blend, b=0.0))
    found = ranked_importance(model, [model, flat], cohort, by="concept")
    assert found["n_refits"].tolist() == [2] * len(found)
    # The 5th percentile of (0, size) is 5 % of the size.
    assert found["lower"].to_numpy() == pytest.approx(0.05 * found["mean_abs_log_odds"].to_numpy())
    assert found["rank_lower"].tolist() == found["rank_upper"].tolist() == found["rank"].tolist()
    only = ranked_importance(model, [flat], cohort, by="concept")
    assert only[["rank_lower", "rank_upper"]].isna().all(axis=None)
    assert (only["upper"] == 0).all()
