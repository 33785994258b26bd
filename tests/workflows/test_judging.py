from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.bundles import hand_bundle
from tests.cohorts import make_cohort, quick_settings
from vfprog.data.outcomes import Outcome
from vfprog.errors import TrainingError
from vfprog.features.design import derive_features
from vfprog.scoring.bundle import load_bundle
from vfprog.workflows.judging import (
    answered_by,
    frozen_log_odds,
    judge_frozen,
    listed,
    rules_of,
    settings_of,
)
from vfprog.workflows.updating import decide


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return load_bundle(hand_bundle(tmp_path_factory.mktemp("hand") / "b"))


def test_a_few_names_are_listed():
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef")) == "a, b, c, d, e, ..."


def test_a_postprocedure_model_answers_for_those_with_a_value_from_the_procedure(bundle):
    cohort = make_cohort(120)
    cement = cohort.arrays.vertebrae["cement_volume_ml"].copy()
    cement[cohort.arrays.owner < 20] = np.nan
    vertebrae = {**cohort.arrays.vertebrae, "cement_volume_ml": cement}
    cohort = replace(cohort, arrays=replace(cohort.arrays, vertebrae=vertebrae))
    assert answered_by(bundle, "response_preprocedure", cohort) is cohort
    after = answered_by(bundle, "response_postprocedure", cohort)
    assert after.episode_id.tolist() == cohort.episode_id[20:].tolist()
    judged = judge_frozen(bundle, "response_postprocedure", cohort)
    assert judged.risks["episode_id"].tolist() == after.episode_id.tolist()


def test_too_few_are_not_judged_by_the_rule_of_the_subgroups(bundle):
    fewest = rules_of(bundle).fewest
    n = fewest.participants
    event = np.arange(n) < fewest.events
    judged = judge_frozen(bundle, "response_preprocedure", make_cohort(n, event=event))
    assert judged.notes[-1] == (
        f"response_preprocedure: {fewest.events} of the rarer outcome; a validation asks for 100: "
        "the figures are imprecise"
    )
    for few in (make_cohort(n - 1, event=event[:-1]), make_cohort(n, event=np.arange(n) < 9)):
        with pytest.raises(TrainingError, match="needed are 50, 10 and 10") as judged_too_few:
            judge_frozen(bundle, "response_preprocedure", few)
        with pytest.raises(TrainingError) as updated_on_too_few:
            decide(bundle, "response_preprocedure", few, quick_settings(), alpha=0.05, seed=1)
        assert str(updated_on_too_few.value) == str(judged_too_few.value)
    copies = make_cohort(490, per_patient=10, event=np.arange(490) < 200)
    words = "too few to judge a model on: 49 patients with a known outcome, 20 with and 29 without"
    with pytest.raises(TrainingError, match=words):
        judge_frozen(bundle, "response_preprocedure", copies)


def test_a_hundred_of_each_outcome_need_no_note(bundle):
    cohort = make_cohort(200, event=np.arange(200) < 100)
    judged = judge_frozen(bundle, "response_preprocedure", cohort)
    assert not any("imprecise" in note for note in judged.notes)


def test_the_log_odds_are_the_model_s(bundle):
    cohort = make_cohort(30)
    model = bundle.model("response_preprocedure")
    X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)
    assert frozen_log_odds(bundle, model.name, cohort) == pytest.approx(model.log_odds(X))


def test_a_dated_endpoint_is_judged_over_time_and_an_assessed_one_is_not(bundle):
    rng = np.random.default_rng(0)
    cohort = make_cohort(200, endpoint="new_fracture")
    status = rng.choice([0, 1, 2], 200, p=[0.6, 0.3, 0.1])
    time = np.where(status > 0, rng.integers(1, 300, 200), 365).astype(float)
    outcome = Outcome(time, np.ones(200, bool), status == 1, status, assessed_kind=False)
    judged = judge_frozen(bundle, "new_fracture_preprocedure", replace(cohort, outcome=outcome))
    assert set(judged.time_to_event["horizon_days"]) == {365}
    assert list(judged.time_to_event.columns[:3]) == ["model", "endpoint", "prediction_time"]
    assert judge_frozen(bundle, "response_preprocedure", make_cohort(60)).time_to_event.empty


def test_nobody_known_is_refused(bundle):
    cohort = make_cohort(30)
    unseen = replace(cohort.outcome, observed=np.zeros(30, bool), event=np.zeros(30, bool))
    with pytest.raises(TrainingError, match="no outcome is observed"):
        judge_frozen(bundle, "response_preprocedure", replace(cohort, outcome=unseen))


def test_the_outcome_weights_are_those_of_the_training(bundle):
    kept = bundle.manifest["provenance"]["settings"]
    assert settings_of(bundle).truncate == kept.get("truncate", quick_settings().truncate)
