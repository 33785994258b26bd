import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.registries import make_registry
from vfprog.data.followup import follow_up, nearest, numbers, positions, words


def test_follow_up_reads_first_death_crossover_and_the_earlier_end():
    registry = make_registry(
        "abcd",
        events=[("a", 90, "death"), ("b", 200, "crossover"), ("b", 40, "repeat_procedure"),
                ("c", 300, "lost_to_follow_up"), ("d", 0, "repeat_procedure")],
        follow_up_end_day=[500.0, 500.0, 500.0, 120.0],
    )  # fmt: skip
    facts = follow_up(registry)
    assert facts.death.tolist() == [90, np.inf, np.inf, np.inf]
    assert facts.intercurrent.tolist() == [np.inf, 40, np.inf, np.inf]
    assert facts.end.tolist() == [500, 500, 300, 120]
    assert facts.notes == ()


def test_last_known_contact_stands_for_a_missing_end():
    registry = make_registry(
        "abcd",
        visits=[("a", 30, 2), ("a", 7, 2)],
        heights=[("a", "L1", 90, 20), ("b", "L1", 60, 20)],
        events=[("b", 80, "new_fracture")],
        follow_up_end_day=[np.nan, np.nan, np.nan, 10.0],
    )
    facts = follow_up(registry)
    assert facts.end.tolist() == [90, 80, 0, 10]
    assert facts.notes[0].startswith("follow_up_end_day is missing in 3 episodes")


@pytest.mark.parametrize(
    ("days", "values", "expected"),
    [
        ([20, 40], [5, 6], (20, 5)),  # equally near: the earlier
        ([40, 20], [6, 5], (20, 5)),
        ([13, 61], [5, 6], None),  # outside the window
        ([14, 60], [5, 6], (14, 5)),  # its limits count
        ([29, 30], [np.nan, 6], (30, 6)),
        ([30, 45], [np.nan, 6], (45, 6)),  # a visit without a VAS is no assessment
        ([30, 30], [4, 7], (30, 5.5)),  # one day, two values: their mean
    ],
)
def test_nearest(days, values, expected):
    key, day, value = nearest(
        np.zeros(len(days), dtype=np.intp),
        np.array(days, dtype=float),
        np.array(values, dtype=float),
        target=30,
        window=(14, 60),
    )
    if expected is None:
        assert key.size == 0
    else:
        assert (key.tolist(), day.tolist(), value.tolist()) == ([0], [expected[0]], [expected[1]])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 80), st.integers(0, 10)), max_size=25))
def test_nearest_agrees_with_a_loop(rows):
    expected = {}
    for key in range(4):
        mine = [(abs(d - 30), d) for k, d, _ in rows if k == key and 14 <= d <= 60]
        if mine:
            day = min(mine)[1]
            expected[key] = (day, np.mean([v for k, d, v in rows if k == key and d == day]))
    columns = np.array(rows, dtype=float).reshape(-1, 3).T
    found = nearest(columns[0].astype(np.intp), columns[1], columns[2], target=30, window=(14, 60))
    got = {int(k): (d, v) for k, d, v in zip(*found, strict=True)}
    assert got.keys() == expected.keys()
    for key, (day, value) in expected.items():
        assert got[key] == (day, pytest.approx(value))


def test_positions_of_rows_without_episode_are_refused():
    registry = make_registry("ab")
    table = pd.DataFrame({"episode_id": ["b", "zz"]})
    with pytest.raises(ValueError, match="1 rows belong to no episode, the first to 'zz'"):
        positions(registry, table)
    assert positions(registry, table.iloc[:1]).tolist() == [1]
    assert positions(registry, table.iloc[:0]).tolist() == []


def test_columns_a_table_lacks_are_missing():
    table = pd.DataFrame({"x": [1.0, None], "w": ["u", None]})
    assert np.isnan(numbers(table, "y")).tolist() == [True, True]
    assert words(table, "v").tolist() == ["", ""]
    assert words(table, "w").tolist() == ["u", ""]
