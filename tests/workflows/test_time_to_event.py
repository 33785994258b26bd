from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.cohorts import make_cohort
from vfprog.data.outcomes import Outcome
from vfprog.validation.survival_performance import survival_performance
from vfprog.workflows.time_to_event import is_dated, time_to_event, time_to_event_table


def dated_cohort(n=400, per_patient=1):
    """Fractures by a year, some censored, some dead first."""
    cohort = make_cohort(n, endpoint="new_fracture", per_patient=per_patient)
    rng = np.random.default_rng(1)
    time = np.minimum(rng.integers(1, 900, n), 365).astype(float)
    status = np.where(time < 365, rng.choice([0, 1, 1, 2], n), 0)
    observed = (status > 0) | (time >= 365)
    outcome = Outcome(time, observed, status == 1, status, assessed_kind=False)
    return replace(cohort, outcome=outcome), rng.uniform(0.05, 0.6, n)


def test_the_figures_are_those_of_the_library():
    cohort, risk = dated_cohort(per_patient=2)
    assert is_dated(cohort)
    table = time_to_event(cohort, risk)
    outcome = cohort.outcome
    expected = survival_performance(
        outcome.time, outcome.status, risk, horizon=365, groups=cohort.patient_id
    )
    found = table.set_index("metric")["estimate"]
    closed = expected.set_index("metric")["estimate"].dropna()
    assert found[closed.index].to_dict() == pytest.approx(closed.to_dict())
    assert {"uno_c", "auc", "brier", "observed_expected"} <= set(closed.index)
    assert set(table["horizon_days"]) == {365}
    assert set(table["n"]) == set(table["drawn_from"]) == {400}


def test_of_many_whole_patients_are_drawn():
    cohort, risk = dated_cohort(per_patient=2)
    table = time_to_event(cohort, risk, most=101)
    assert set(table["n"]) == {100}
    assert set(table["drawn_from"]) == {400}


def test_an_assessed_outcome_has_no_time():
    assert not is_dated(make_cohort(50))
    model = SimpleNamespace(endpoint=SimpleNamespace(name="response"))
    work = SimpleNamespace(
        fitted={"response_preprocedure": SimpleNamespace(model=model)},
        cohorts={"response": make_cohort(50)},
    )
    assert time_to_event_table(work).empty


def test_a_training_is_judged_on_its_first_repeat():
    cohort, risk = dated_cohort()
    model = SimpleNamespace(
        name="new_fracture_preprocedure", endpoint=cohort.endpoint, prediction_time="preprocedure"
    )
    work = SimpleNamespace(
        fitted={model.name: SimpleNamespace(model=model)}, cohorts={"new_fracture": cohort},
        risks={model.name: {"model": np.stack([risk, risk[::-1]])}},
    )  # fmt: skip
    table = time_to_event_table(work)
    assert set(table["model"]) == {model.name}
    estimate = table.set_index("metric").loc["uno_c", "estimate"]
    alone = time_to_event(cohort, risk).set_index("metric").loc["uno_c", "estimate"]
    assert estimate == pytest.approx(alone)
