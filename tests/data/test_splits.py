import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from vfprog.data.splits import (
    bootstrap_patients,
    patient_folds,
    site_groups,
    split_periods,
    without_patients,
)
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


def sites(*names):
    return np.array(names, dtype=object)


def days(*words):
    return np.array(words, dtype="datetime64[s]")


def test_each_site_is_a_group_and_the_largest_comes_first():
    group = site_groups(sites("b", "a", "a", "", "unknown", "c", "a", "c"), most=20)
    assert group.tolist() == [2, 0, 0, -1, -1, 1, 0, 1]
    assert site_groups(sites("", "unknown"), most=5).tolist() == [-1, -1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=200), st.integers(2, 6))
def test_many_sites_are_dealt_out_evenly(numbers, most):
    names = np.array([f"s{i}" for i in numbers], dtype=object)
    group = site_groups(names, most=most)
    of_site = {}
    for name, number in zip(names, group, strict=True):
        assert of_site.setdefault(name, number) == number  # a site is never torn apart
    n_groups = min(most, len(of_site))
    size, largest = (
        np.bincount(group),
        np.bincount(np.unique(numbers, return_inverse=True)[1]).max(),
    )
    assert len(size) == n_groups
    assert np.ptp(size) <= largest  # dealing to the smallest keeps groups within one site


def test_a_registry_of_one_group_is_refused():
    with pytest.raises(ValueError, match="most must be at least 2, got 1"):
        site_groups(sites("a"), most=1)


def test_patients_held_out_are_nowhere_else():
    held_out = np.array([True, False, False, False])
    assert without_patients(patients([1, 1, 2, 3]), held_out).tolist() == [2, 3]


def test_the_later_period_starts_on_the_day_nearest_to_the_share():
    dates = days("2020-01-01", "2020-01-01", "2021-05-01", "2021-05-01", "2022-03-01")
    split = split_periods(dates, patients(range(5)), share=0.3)
    assert (str(split.start)[:10], split.earlier.tolist(), split.later.tolist()) == (
        "2022-03-01", [0, 1, 2, 3], [4],
    )  # fmt: skip
    half = split_periods(dates, patients(range(5)), share=0.5)
    assert half.later.tolist() == [2, 3, 4]


def test_a_patient_of_both_periods_is_learned_from_and_not_judged():
    dates = days("2020-01-01", "2022-01-01", "2022-02-01", "NaT", "2019-01-01")
    split = split_periods(
        dates, patients([1, 1, 2, 3, 4]), share=0.3, start=np.datetime64("2021-06-30")
    )
    assert split.earlier.tolist() == [0, 4]
    assert split.later.tolist() == [2]
    assert (split.n_both, split.n_undated) == (1, 1)


@pytest.mark.parametrize(
    ("dates", "start", "words"),
    [
        (["NaT", "NaT"], None, "no date is recorded"),
        (["2020-01-01", "2020-01-01"], None, "all participants are of 2020-01-01"),
        (["2020-01-01", "2021-01-01"], "2019-01-01", "no participant before 2019-01-01"),
        (["2020-01-01", "2021-01-01"], "2022-01-01", "first episode is from 2022-01-01 on"),
    ],
)
def test_periods_that_do_not_exist_say_why(dates, start, words):
    given_start = None if start is None else np.datetime64(start)
    with pytest.raises(TrainingError, match=f"no temporal validation: .*{words}"):
        split_periods(days(*dates), patients([1, 2]), share=0.3, start=given_start)
