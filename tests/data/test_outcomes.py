import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.registries import fracture, height, make_registry, pain
from vfprog.data.outcomes import derive_outcome
from vfprog.errors import TrainingError
from vfprog.schema.endpoints import Endpoint

NO, YES, UNKNOWN = "no", "yes", "unknown"


def one(registry, endpoint):
    """(outcome, status, time) of the only episode."""
    outcome = derive_outcome(registry, endpoint).outcome
    word = UNKNOWN if not outcome.observed[0] else YES if outcome.event[0] else NO
    assert not (outcome.event & ~outcome.observed).any()
    return word, int(outcome.status[0]), float(outcome.time[0])


@pytest.mark.parametrize(
    ("visit", "events", "default", "censoring"),
    [
        (None, [("death", 20)], (NO, 2, 20), (UNKNOWN, 0, 20)),
        (None, [("death", 60)], (NO, 2, 60), (UNKNOWN, 0, 60)),  # last day of the window
        (None, [("death", 61)], (UNKNOWN, 0, 90), (UNKNOWN, 0, 90)),
        (25, [("death", 40)], (YES, 1, 25), (YES, 1, 25)),  # assessed before
        (None, [], (UNKNOWN, 0, 90), (UNKNOWN, 0, 90)),
        (None, [("lost_to_follow_up", 10)], (UNKNOWN, 0, 10), (UNKNOWN, 0, 10)),
        (None, [("lost_to_follow_up", 10), ("death", 40)], (NO, 2, 40), (UNKNOWN, 0, 40)),
    ],
)
def test_death_and_pain(visit, events, default, censoring):
    visits = [] if visit is None else [("a", visit, 1)]
    registry = make_registry("a", visits=visits, follow_up_end_day=90.0,
                             events=[("a", day, word) for word, day in events])  # fmt: skip
    assert one(registry, pain()) == default
    assert one(registry, pain(death="censor")) == censoring


@pytest.mark.parametrize(
    ("visit", "events", "policy", "composite", "censor"),
    [
        (30, [("crossover", 20)], (YES, 1, 30), (NO, 0, 20), (UNKNOWN, 0, 20)),
        (30, [("repeat_procedure", 29)], (YES, 1, 30), (NO, 0, 29), (UNKNOWN, 0, 29)),
        (30, [("crossover", 30)], (YES, 1, 30), (YES, 1, 30), (YES, 1, 30)),  # not before it
        (20, [("crossover", 25)], (YES, 1, 20), (YES, 1, 20), (YES, 1, 20)),
        (None, [("crossover", 30)], (UNKNOWN, 0, 90), (NO, 0, 30), (UNKNOWN, 0, 30)),
        (None, [("crossover", 31)], (UNKNOWN, 0, 90), (UNKNOWN, 0, 90), (UNKNOWN, 0, 90)),
        (None, [("crossover", 9), ("death", 20)], (NO, 2, 20), (NO, 0, 9), (UNKNOWN, 0, 9)),
        (None, [("crossover", 20), ("death", 20)], (NO, 2, 20), (NO, 0, 20), (UNKNOWN, 0, 20)),
    ],
)
def test_intercurrent_events_and_pain(visit, events, policy, composite, censor):
    visits = [] if visit is None else [("a", visit, 1)]
    registry = make_registry("a", visits=visits, follow_up_end_day=90.0,
                             events=[("a", day, word) for word, day in events])  # fmt: skip
    assert one(registry, pain()) == policy
    assert one(registry, pain(intercurrent="composite")) == composite
    assert one(registry, pain(intercurrent="censor")) == censor


@pytest.mark.parametrize(
    ("films", "events", "changes", "expected"),
    [
        ([], [("death", 455)], {}, (NO, 2, 455)),
        ([], [("death", 456)], {}, (UNKNOWN, 0, 500)),
        ([], [("death", 100)], {"death": "censor"}, (UNKNOWN, 0, 100)),
        ([(365, 40)], [("death", 400)], {}, (YES, 1, 365)),
        ([(365, 20)], [("crossover", 90)], {}, (NO, 0, 365)),
        ([(365, 20)], [("crossover", 90)], {"intercurrent": "composite"}, (YES, 1, 90)),
        ([(365, 40)], [("crossover", 90)], {"intercurrent": "censor"}, (UNKNOWN, 0, 90)),
        ([], [("crossover", 90)], {"intercurrent": "composite"}, (YES, 1, 90)),
    ],
)
def test_height_with_death_and_crossover(films, events, changes, expected):
    registry = make_registry("a", heights=[("a", "L1", *film) for film in films],
                             events=[("a", day, word) for word, day in events])  # fmt: skip
    assert one(registry, height(**changes)) == expected


@pytest.mark.parametrize(
    ("events", "end", "changes", "expected"),
    [
        ([("new_fracture", 100)], 500, {}, (YES, 1, 100)),
        ([("new_fracture", 365)], 500, {}, (YES, 1, 365)),  # exactly at the horizon
        ([("new_fracture", 366)], 500, {}, (NO, 0, 365)),
        ([], 365, {}, (NO, 0, 365)),  # followed exactly to the horizon
        ([], 364, {}, (UNKNOWN, 0, 364)),
        ([("lost_to_follow_up", 200)], 500, {}, (UNKNOWN, 0, 200)),
        ([("lost_to_follow_up", 400)], 500, {}, (NO, 0, 365)),
        ([("death", 365)], 500, {}, (NO, 2, 365)),
        ([("death", 366)], 500, {}, (NO, 0, 365)),
        ([("death", 100)], 500, {"death": "censor"}, (UNKNOWN, 0, 100)),
        ([("death", 400)], 500, {"death": "censor"}, (NO, 0, 365)),
        ([("new_fracture", 100), ("death", 100)], 500, {}, (YES, 1, 100)),  # same day
        ([("new_fracture", 101), ("death", 100)], 500, {}, (NO, 2, 100)),
        ([("new_fracture", 100), ("lost_to_follow_up", 100)], 500, {}, (YES, 1, 100)),
        ([("new_fracture", 101), ("lost_to_follow_up", 100)], 500, {}, (UNKNOWN, 0, 100)),
        ([("death", 101), ("lost_to_follow_up", 100)], 500, {}, (UNKNOWN, 0, 100)),
        ([("death", 100), ("lost_to_follow_up", 100)], 500, {}, (NO, 2, 100)),
        ([("new_fracture", 0)], 500, {}, (NO, 0, 365)),
        ([("new_fracture", 90)], np.nan, {}, (YES, 1, 90)),
        ([], np.nan, {}, (UNKNOWN, 0, 0)),
        ([("crossover", 50), ("new_fracture", 100)], 500, {}, (YES, 1, 100)),
        ([("crossover", 50)], 500, {"intercurrent": "composite"}, (YES, 1, 50)),
        ([("crossover", 366)], 500, {"intercurrent": "composite"}, (NO, 0, 365)),
        ([("crossover", 50), ("death", 40)], 500, {"intercurrent": "composite"}, (NO, 2, 40)),
        ([("crossover", 50), ("new_fracture", 100)], 500, {"intercurrent": "censor"},
         (UNKNOWN, 0, 50)),
        ([("crossover", 50), ("new_fracture", 50)], 500, {"intercurrent": "censor"}, (YES, 1, 50)),
        ([("crossover", 365)], 500, {"intercurrent": "censor"}, (NO, 0, 365)),
    ],
)  # fmt: skip
def test_new_fracture(events, end, changes, expected):
    registry = make_registry("a", events=[("a", day, word, "T8") for word, day in events],
                             follow_up_end_day=float(end))  # fmt: skip
    assert one(registry, fracture(**changes)) == expected


def test_fractures_after_the_end_are_noted():
    registry = make_registry("ab", events=[("a", 90, "new_fracture")], follow_up_end_day=[80, 400])
    derived = derive_outcome(registry, fracture())
    assert derived.notes == ("1 fractures after loss to or end of follow-up do not count",)


def coded(*rows):
    return pd.DataFrame(rows, columns=["episode_id", "endpoint", "event"])


def test_a_coded_outcome_takes_precedence():
    outcomes = coded(("a", "response", 0), ("b", "response", 1), ("c", "response", np.nan))
    registry = make_registry("abcd", visits=[("a", 30, 0)], outcomes=outcomes,
                             events=[("d", 9, "death")],
                             vas_baseline=[8, np.nan, 8, 2])  # fmt: skip
    derived = derive_outcome(registry, pain())
    assert derived.outcome.observed.tolist() == [True, True, False, True]
    assert derived.outcome.event.tolist() == [False, True, False, False]
    assert derived.outcome.status.tolist() == [0, 1, 0, 2]
    assert derived.outcome.assessed_kind
    ((_, reason, excluded),) = derived.exclusions
    assert reason == "vas_baseline below 3"
    assert excluded.tolist() == [False, False, False, True]


def test_the_familys_code_serves_a_variant_only_where_the_table_is_empty():
    outcomes = coded(("a", "response", 0))
    variant = pain(name="response_b", rule={"below": 4})
    assert one(make_registry("a", outcomes=outcomes), variant)[0] == NO
    with_visits = make_registry("a", outcomes=outcomes, visits=[("a", 30, 1)])
    assert one(with_visits, variant)[0] == YES


def test_a_coded_dated_outcome_is_of_the_assessed_kind():
    outcomes = coded(("a", "new_fracture", 1))
    derived = derive_outcome(make_registry("ab", outcomes=outcomes), fracture())
    assert derived.outcome.assessed_kind
    assert derived.outcome.observed.tolist() == [True, False]


def test_an_endpoint_of_kind_coded_needs_its_code():
    endpoint = Endpoint(name="back_to_work", label="b", kind="coded", horizon_days=90)
    assert one(make_registry("a", outcomes=coded(("a", "back_to_work", 1))), endpoint)[0] == YES
    for outcomes in (None, coded(("a", "response", 1))):
        with pytest.raises(TrainingError, match="must code this outcome itself"):
            derive_outcome(make_registry("a", outcomes=outcomes), endpoint)


def test_take_repeats_rows():
    registry = make_registry("abc", events=[("b", 9, "new_fracture"), ("c", 7, "death")])
    outcome = derive_outcome(registry, fracture()).outcome.take(np.array([2, 1, 1]))
    assert outcome.status.tolist() == [2, 1, 1]
    assert outcome.time.tolist() == [7, 9, 9]
    assert outcome.event.tolist() == [False, True, True]
    assert outcome.known_unassessed.tolist() == [True, False, False]


DAYS = st.integers(0, 500).map(float)
EPISODES = st.sampled_from("abcd")
VISITS = st.lists(st.tuples(EPISODES, DAYS, st.integers(0, 10)), max_size=12)
FILMS = st.lists(
    st.tuples(EPISODES, st.sampled_from(["L1", "L2"]), DAYS, st.integers(0, 80)), max_size=12
)
WORDS = st.sampled_from(["new_fracture", "death", "lost_to_follow_up", "crossover"])
EVENTS = st.lists(
    st.tuples(EPISODES, DAYS, WORDS, st.sampled_from(["T12", "T5", None])), max_size=8
)
ENDPOINTS = st.sampled_from(
    [make(death=death, intercurrent=policy) for make in (pain, height, fracture)
     for death in ("no_event", "censor") for policy in ("treatment_policy", "composite", "censor")]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(VISITS, FILMS, EVENTS, ENDPOINTS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(visits, films, events, endpoint, random):
    vertebrae = [(x, level, 20.0) for x in "abcd" for level in ("L1", "L2")]
    rows = {"vertebrae": vertebrae, "visits": visits, "heights": films, "events": events}
    before = derive_outcome(make_registry("abcd", **rows), endpoint).outcome
    shuffled = {name: random.sample(table, len(table)) for name, table in rows.items()}
    names = random.sample("abcd", 4)
    after = derive_outcome(make_registry(names, **shuffled), endpoint).outcome
    after = after.take(np.array([names.index(x) for x in "abcd"]))
    for field in ("time", "observed", "event", "status"):
        assert getattr(before, field).tolist() == getattr(after, field).tolist()
    assert not (before.event & ~before.observed).any()
    assert ((before.status == 1) == before.event).all()


@settings(max_examples=60, deadline=None)
@given(VISITS, FILMS, EVENTS, ENDPOINTS, st.integers(456, 2000).map(float))
def test_what_is_seen_outside_the_window_changes_nothing(visits, films, events, endpoint, late):
    before = derive_outcome(
        make_registry("abcd", visits=visits, heights=films, events=events), endpoint
    )
    more = make_registry(
        "abcd",
        visits=[*visits, *((x, late, 0) for x in "abcd")],
        heights=[*films, *((x, "L1", late, 80) for x in "abcd")],
        events=events,
    )
    after = derive_outcome(more, endpoint)
    for field in dataclasses.fields(before.outcome):
        assert np.array_equal(
            getattr(before.outcome, field.name), getattr(after.outcome, field.name)
        )


def test_without_a_horizon_no_death_or_crossover_comes_before_it():
    endpoint = Endpoint(name="chronic", label="c", kind="coded", intercurrent="composite")
    coded = pd.DataFrame({"episode_id": ["a", "b"], "endpoint": "chronic", "event": [1.0, 0.0]})
    events = [("b", 9, "crossover"), ("c", 9, "death")]
    registry = make_registry("abcd", events=events, outcomes=coded)
    derived = derive_outcome(registry, endpoint)
    assert derived.outcome.observed.tolist() == [True, True, False, False]
    assert derived.outcome.event.tolist() == [True, False, False, False]
    assert not derived.intercurrent.any()
