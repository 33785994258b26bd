from __future__ import annotations

import numpy as np
import pytest

from tests.cohorts import make_cohort
from vfprog.data.participants import Counts, count_participants, kish_size, participant_of
from vfprog.data.splits import bootstrap_patients


def counts(cohort):
    return count_participants(participant_of(cohort), cohort.outcome.event)


def test_a_row_per_patient_is_counted_as_it_is():
    cohort = make_cohort(100, event=np.arange(100) < 30)
    assert counts(cohort) == Counts(100, 30, 70)
    assert counts(cohort).fewest == 30
    weight = np.random.default_rng(0).uniform(1, 3, 100)
    expected = weight.sum() ** 2 / (weight**2).sum()
    assert kish_size(weight, participant_of(cohort)) == pytest.approx(expected)


def test_copies_of_a_patient_are_one_patient():
    once = make_cohort(40, event=np.arange(40) < 15)
    copies = make_cohort(400, per_patient=10, event=np.arange(400) < 150)
    assert counts(copies) == counts(once) == Counts(40, 15, 25)
    assert kish_size(np.full(400, 1.7), participant_of(copies)) == pytest.approx(40)


def test_a_patient_with_an_event_in_one_episode_has_the_event():
    cohort = make_cohort(6, per_patient=2, event=[1, 0, 1, 1, 0, 0])
    assert counts(cohort) == Counts(3, 2, 1)


@pytest.mark.parametrize("per_patient", [1, 3])
def test_a_patient_drawn_twice_counts_twice(per_patient):
    cohort = make_cohort(90, per_patient=per_patient)
    times = bootstrap_patients(cohort.patient_id, seed=3)
    assert times.max() > 1
    sample = cohort.take(np.repeat(np.arange(90), times))
    assert counts(sample).patients == 90 // per_patient
    shuffled = sample.take(np.random.default_rng(1).permutation(sample.n))
    assert counts(shuffled) == counts(sample)
