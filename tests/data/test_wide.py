"""Wide columns as tables, and the column of the source a fault stands in."""

from __future__ import annotations

import pandas as pd
import pytest

from vfprog.data.mapping import Mapping
from vfprog.data.patterns import find_wide_columns
from vfprog.data.wide import WideTables, nominal_day, origins_of_cells, origins_of_days
from vfprog.errors import Failure
from vfprog.schema.dictionary import load_dictionary

MAPPING = Mapping.model_validate({
    "columns": {"episode_id": "id"},
    "vertebrae": {"height_loss_pct": "h_{level}"},
    "follow_up": {
        "visits": {"vas": "vas_{day}"},
        "heights": {"height_loss_pct": {30: "film30", 90: "film90"}, "level": "lv"},
        "events": {"death": "died", "new_fracture": "fx_{level}"},
    },
})  # fmt: skip
RAW = pd.DataFrame(
    {"id": ["a", "b"], "vas_30": ["99", "4"], "vas_90": ["99", None], "h_l1": ["7", None],
     "h_t12": ["200", "5"], "film30": ["300", None], "film90": ["10", "20"], "lv": ["L1", "L2"],
     "died": [None, "-5"], "fx_l3": ["-7", None]},
    index=pd.RangeIndex(2, 4), dtype="str",
)  # fmt: skip


@pytest.fixture
def built():
    wide = find_wide_columns(MAPPING, RAW.columns)
    building = WideTables(RAW, RAW["id"], MAPPING, load_dictionary())
    return wide, building.build(wide), building.failures


def test_every_table_keeps_the_lines_of_the_source(built):
    _, tables, failures = built
    assert failures == []
    assert {name: frame.index.tolist() for name, frame in tables.items()} == {
        "vertebrae": [2, 2, 3], "visits": [2, 3, 2], "heights": [2, 2, 3], "events": [3, 2],
    }  # fmt: skip
    assert tables["vertebrae"]["level"].tolist() == ["T12", "L1", "T12"]
    assert tables["heights"]["level"].tolist() == ["L1", "L1", "L2"]
    assert tables["events"]["event"].tolist() == ["death", "new_fracture"]


@pytest.mark.parametrize(
    ("table", "column", "value", "line", "expected"),
    [
        ("vertebrae", "height_loss_pct", "200", 2, "h_t12"),
        ("vertebrae", "height_loss_pct", 5.0, 3, "h_t12"),
        ("heights", "height_loss_pct", 300.0, 2, "film30"),
        ("heights", "height_loss_pct", 20, 3, "film90"),
        ("visits", "vas", 4.0, 3, "vas_30"),
        ("visits", "vas", 5.0, 3, None),
        ("visits", "vas", 4.0, 2, None),
        ("visits", "vas", None, None, None),
        ("visits", "day", 30.0, 2, None),
        ("episodes", "vas_baseline", 4.0, 2, None),
    ],
)
def test_the_column_a_fault_stands_in(built, table, column, value, line, expected):
    wide, tables, _ = built
    failure = Failure(table, "x", column, value, "hard_range", "m", line=line)
    assert origins_of_cells([failure], tables, wide) == [expected]


def test_the_same_value_twice_in_one_row_is_told_apart(built):
    wide, tables, _ = built
    failure = Failure("visits", "a", "vas", 99.0, "hard_range", "m", line=2)
    assert origins_of_cells([failure, failure], tables, wide) == ["vas_30", "vas_90"]


def test_the_day_of_an_event_is_its_column(built):
    wide, tables, _ = built
    found = [Failure("events", "b", "day", -5.0, "hard_range", "m", line=3),
             Failure("events", "a", "day", -7.0, "hard_range", "m", line=2)]  # fmt: skip
    assert origins_of_cells(found, tables, wide) == ["died", "fx_l3"]


def test_a_nominal_day_after_a_death_is_a_warning_that_names_the_columns(built):
    wide, tables, _ = built
    found = [Failure("visits", "a", "day", 30.0, "after_death", "late", line=2),
             Failure("heights", "b", "day", 90.0, "after_death", "late", line=3),
             Failure("heights", None, "day", 1200, "after_death", "many"),
             Failure("events", "a", "day", 30.0, "after_death", "late", line=2)]  # fmt: skip
    origins = origins_of_days(found, tables, wide)
    assert origins == ["'vas_30'", "'film90'", None, None]
    told = [nominal_day(f, o, wide) for f, o in zip(found, origins, strict=True)]
    assert [f.severity for f in told] == ["warning", "warning", "warning", "error"]
    assert told[0].message.startswith("late; the day is the nominal one of 'vas_30'")
    assert told[2].message == "many"
