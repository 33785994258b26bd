import numpy as np
import pandas as pd
import pytest

from tests.data.registries import fracture, height, make_registry, pain
from vfprog.data.cohort import build_cohort, characteristics
from vfprog.errors import TrainingError


def eight():
    return make_registry(
        "abcdefgh",
        treatment=["vertebroplasty"] * 6 + ["sham", None],
        vas_baseline=[8, 8, np.nan, 2, 8, 8, 8, 8],
        visits=[("a", 30, 2), ("b", 30, 8), ("c", 30, 1), ("g", 30, 1), ("h", 30, 1)],
        events=[("e", 20, "death"), ("b", 12, "crossover")],
        age_years=[70.0, 80, 75, 75, 90, np.nan, 75, 75],
    )


def test_flow_counts_every_step():
    flow = build_cohort(eight(), pain()).flow
    assert flow.columns.tolist() == ["step", "n", "excluded", "reason"]
    rows = [tuple(row) for row in flow.itertuples(index=False)]
    assert rows == [
        ("all episodes", 8, 0, ""),
        ("in population", 6, 2, "treatment is not vertebroplasty"),
        ("baseline recorded", 5, 1, "vas_baseline is missing"),
        ("eligible", 4, 1, "vas_baseline below 3"),
        (
            "outcome observed",
            3,
            1,
            "not assessed between day 14 and 60; those seen stand for them",
        ),
        ("of these, died first", 1, 0, "observed: non-response"),
        ("of these, events", 1, 0, ""),
        ("crossover or repeat procedure by the horizon", 1, 0, "treatment policy"),
    ]


def test_cohort_keeps_its_parts_together():
    cohort = build_cohort(eight(), pain())
    assert cohort.episode_id.tolist() == ["a", "b", "e", "f"]
    assert cohort.patient_id.tolist() == ["pa", "pb", "pe", "pf"]
    assert (cohort.n, cohort.n_events, cohort.simulated) == (4, 1, False)
    assert cohort.arrays.episodes["age_years"][:3].tolist() == [70, 80, 90]
    assert cohort.outcome.status.tolist() == [1, 0, 2, 0]
    assert cohort.arrays.owner.tolist() == [0, 1, 2, 3]
    taken = cohort.take(np.array([2, 0, 0]))
    assert taken.episode_id.tolist() == ["e", "a", "a"]
    assert taken.arrays.episodes["age_years"].tolist() == [90, 70, 70]
    assert taken.outcome.event.tolist() == [False, True, True]
    assert (taken.n, taken.n_events) == (3, 2)
    assert taken.index_date[0] == np.datetime64("2020-01-01")


@pytest.mark.parametrize(
    ("population", "all_episodes", "expected"),
    [
        (("vertebroplasty",), False, ["a", "b", "e", "f"]),
        (("sham",), False, ["g"]),
        (("vertebroplasty", "sham"), False, ["a", "b", "e", "f", "g"]),
        ((), False, ["a", "b", "e", "f", "g", "h"]),
        (("vertebroplasty",), True, ["a", "b", "e", "f", "g", "h"]),
    ],
)
def test_population(population, all_episodes, expected):
    registry = eight()
    object.__setattr__(registry, "all_episodes", all_episodes)
    cohort = build_cohort(registry, pain(population=population))
    assert cohort.episode_id.tolist() == expected


def test_flow_of_a_dated_and_of_a_film_outcome():
    registry = make_registry(
        "abc", events=[("a", 9, "new_fracture"), ("b", 9, "death"), ("c", 99, "lost_to_follow_up")]
    )
    flow = build_cohort(registry, fracture()).flow.set_index("step")
    assert flow.loc["outcome observed", ["n", "excluded"]].tolist() == [2, 1]
    assert flow.loc["outcome observed", "reason"].startswith("censored before day 365")
    assert flow.loc["of these, died first", ["n", "reason"]].tolist() == [1, "observed: no event"]
    with_films = make_registry("abc", vertebrae=[("a", "L1", 20), ("b", "L1", 9)])
    flow = build_cohort(with_films, height()).flow.set_index("step")
    assert flow.loc["eligible", ["n", "excluded"]].tolist() == [2, 1]
    assert flow.loc["outcome observed", "n"] == 0


def test_an_empty_cohort_says_where_its_episodes_went():
    registry = make_registry("abc", vas_baseline=[1, 2, np.nan])
    with pytest.raises(
        TrainingError, match=r"1 excluded: vas_baseline is missing; 2 excluded: vas"
    ):
        build_cohort(registry, pain())


def test_missing_identifiers():
    registry = make_registry("ab", patient_id=["p", None], site_id=[None, "s"])
    cohort = build_cohort(registry, pain())
    assert cohort.patient_id.tolist() == ["p", "b"]
    assert cohort.site_id.tolist() == ["", "s"]
    bare = registry.episodes.drop(columns=["patient_id", "site_id", "index_date"])
    object.__setattr__(registry, "episodes", bare)
    cohort = build_cohort(registry, pain())
    assert cohort.patient_id.tolist() == ["a", "b"]
    assert cohort.site_id.tolist() == ["", ""]
    assert np.isnat(cohort.index_date).all()


def test_characteristics_by_hand():
    registry = make_registry(
        "abcd",
        visits=[("a", 30, 2), ("b", 30, 8), ("c", 30, 8)],
        age_years=[70.0, 80, np.nan, 90],
        sex=[0.0, 0, 1, 1],
        smoker=[1.0, 0, np.nan, np.nan],
        vertebrae=[("a", "T12", 10), ("a", "L1", 30), ("b", "L1", np.nan), ("d", "L1", 50)],
    )
    table = characteristics(build_cohort(registry, pain()))
    cells = table.set_index(["predictor", "level", "statistic"])
    age = cells.loc[("age_years", "", "mean")]
    assert age[["overall", "event", "no_event", "not_observed"]].tolist() == [80, 70, 80, 90]
    assert age["missing_percent"] == 25
    assert cells.loc[("age_years", "", "sd"), "overall"] == pytest.approx(10)
    assert np.isnan(cells.loc[("age_years", "", "sd"), "event"])  # one patient has no spread
    assert cells.loc[("age_years", "", "q1"), "overall"] == 75
    assert cells.loc[("sex", "male", "n"), ["overall", "event", "no_event"]].tolist() == [2, 0, 1]
    assert cells.loc[("sex", "male", "percent"), ["overall", "no_event"]].tolist() == [50, 50]
    assert cells.loc[("smoker", "yes", "percent"), "overall"] == 50
    assert np.isnan(cells.loc[("smoker", "yes", "n"), "not_observed"])
    # Vertebrae, not episodes: 10 and 30 in the responder, 50 in the one not assessed.
    loss = cells.loc[("height_loss_pct", "", "mean")]
    assert loss[["overall", "event", "not_observed"]].tolist() == [30, 20, 50]
    assert loss["missing_percent"] == 25
    absent = table[table["predictor"] == "bmi_kg_m2"]
    assert absent[["statistic", "overall", "missing_percent"]].to_numpy().tolist() == [
        ["n", 0, 100]
    ]
    assert list(pd.unique(table["predictor"])) == [p.name for p in registry.dictionary.predictors]
