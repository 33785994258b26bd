import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from vfprog.data.splits import bootstrap_patients, patient_folds
from vfprog.errors import TrainingError


def patients(numbers):
    return np.array([f"p{i:03d}" for i in numbers], dtype=object)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=8, max_size=80),
    st.integers(2, 4),
    st.integers(0, 9),
)
def test_folds_group_patients_and_balance_events(rows, n_folds, seed):
    number, event = np.array(rows).T
    ids, event = patients(number), event.astype(bool)
    with_event = {i for i, e in zip(ids, event, strict=True) if e}
    without = set(ids) - with_event
    assume(min(len(with_event), len(without)) >= n_folds)
    fold = patient_folds(ids, event, n_folds=n_folds, seed=seed)
    of_patient = dict(zip(ids, fold, strict=True))
    assert all(of_patient[i] == f for i, f in zip(ids, fold, strict=True))
    for group in (with_event, without):
        sizes = np.bincount([of_patient[i] for i in group], minlength=n_folds)
        assert np.ptp(sizes) <= 1
    assert np.ptp(np.bincount(list(of_patient.values()), minlength=n_folds)) <= 1


def test_folds_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(1)
    ids, event = patients(rng.integers(0, 40, 100)), rng.random(100) < 0.3
    order = rng.permutation(100)
    fold = patient_folds(ids, event, n_folds=5, seed=7)
    assert (
        patient_folds(ids[order], event[order], n_folds=5, seed=7).tolist() == fold[order].tolist()
    )
    assert patient_folds(ids, event, n_folds=5, seed=8).tolist() != fold.tolist()


def test_event_rates_are_as_even_as_scikit_learns():
    rng = np.random.default_rng(2)
    ids, event = patients(rng.integers(0, 150, 300)), rng.random(300) < 0.25
    theirs = np.empty(300, dtype=int)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    for number, (_, test) in enumerate(splitter.split(event, event, ids)):
        theirs[test] = number

    def spread(fold):
        return np.ptp([event[fold == f].sum() for f in range(5)])

    ours = patient_folds(ids, event, n_folds=5, seed=0)
    assert spread(ours) <= spread(theirs) + 4
    assert np.ptp(np.bincount(ours)) <= 8  # of 60 rows


@pytest.mark.parametrize(("n_events", "word"), [(2, "an event"), (9, "no event")])
def test_too_few_of_a_class_is_refused(n_events, word):
    event = np.arange(11) < n_events
    with pytest.raises(TrainingError, match=f"3 folds need 3 patients with {word}, there are 2"):
        patient_folds(patients(range(11)), event, n_folds=3, seed=0)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="at least 2, got 1"):
        patient_folds(patients([1, 2]), np.array([True, False]), n_folds=1, seed=0)
    with pytest.raises(TrainingError, match="no patients"):
        bootstrap_patients(patients([]), seed=0)


def test_bootstrap_draws_patients_with_all_their_rows():
    ids = patients([0, 1, 1, 2, 2, 2, 3])
    total = np.zeros(4)
    for seed in range(400):
        often = bootstrap_patients(ids, seed=seed)
        per_patient = often[[0, 1, 3, 6]]
        assert per_patient.sum() == 4
        assert often.tolist() == np.repeat(per_patient, [1, 2, 3, 1]).tolist()
        total += per_patient
    # Each patient is drawn once on average; the standard error of 400 means is .043.
    assert total / 400 == pytest.approx(np.ones(4), abs=0.17)
    assert bootstrap_patients(ids, seed=3).tolist() == bootstrap_patients(ids, seed=3).tolist()
