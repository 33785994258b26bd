"""Patterns of wide exports: what they match, what they must not, and what becomes of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vfprog.data.mapping import Mapping, load_mapping
from vfprog.data.patterns import Pattern, check_pattern, find_wide_columns
from vfprog.data.readers import read_registry
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import LEVELS

KEYS = {"episode_id": "id", "patient_id": "id", "site_id": {"constant": "s"},
        "treatment": {"constant": "vertebroplasty"}}  # fmt: skip
HEIGHTS = {"heights": {"height_loss_pct": "height_{level}_{day}d"}}


def read(tmp_path, text, columns=None, **options):
    path = tmp_path / "wide.csv"
    path.write_text(text, encoding="utf-8")
    mapping = Mapping.model_validate({"columns": {**KEYS, **(columns or {})}, **options})
    return read_registry(path, mapping=mapping)


def rows(frame, *columns):
    return frame[list(columns)].to_numpy().tolist()


# --- one pattern and one name


@pytest.mark.parametrize(
    ("pattern", "column", "expected"),
    [
        ("vas_{day}d", "vas_30d", (None, 30)),
        ("vas_{day}d", "vas_030d", (None, 30)),
        ("vas_{day}d", "vas_d", None),
        ("vas_{day}d", "vas_30", None),
        ("vas_{day}d", "vas_-7d", None),
        ("vas_{day}d", "VAS_30d", None),
        ("vas_{day}d", "xvas_30d", None),
        ("vas.{day}", "vasx30", None),
        ("vas_w{week}", "vas_w6", (None, 42)),
        ("vas_{month}mo", "vas_1mo", (None, 30)),
        ("vas_{month}mo", "vas_12mo", (None, 365)),
        ("vas_{year}y", "vas_2y", (None, 730)),
        ("height_{level}_{day}d", "height_l1_365d", ("L1", 365)),
        ("height_{level}_{day}d", "height_T12_0d", ("T12", 0)),
        ("height_{level}_{day}d", "height_t04_0d", ("T4", 0)),
        ("height_{level}_{day}d", "height_l6_0d", None),
        ("height_{level}_{day}d", "height_t3_0d", None),
        ("treated___{level}", "treated___t11", ("T11", None)),
        ("{level}{day}", "t1030", ("T10", 30)),
        ("{level}{day}", "l1365", ("L1", 365)),
    ],
)
def test_what_a_pattern_matches(pattern, column, expected):
    assert Pattern(pattern).match(column) == expected


@given(st.sampled_from(LEVELS), st.integers(0, 99_999), st.booleans())
def test_every_name_made_by_a_pattern_is_read_back(level, day, low):
    name = f"h_{level.lower() if low else level}_{day}d"
    assert Pattern("h_{level}_{day}d").match(name) == (level, day)


@pytest.mark.parametrize(
    ("column", "time", "level", "message"),
    [
        ("vas_30d", True, False, "needs one of"),
        ("vas_{day}_{week}", True, False, "needs one of"),
        ("vas_{dya}d", True, False, "unknown {dya}; known: {day}, {week}"),
        ("vas_{}d", True, False, "unknown {}"),
        ("vas_{level}_{day}", True, False, "tells no level"),
        ("h_{level}_{level}_{day}", True, None, "needs {level} once"),
        ("treated", False, True, "needs {level} once"),
        ("h_{level}_{day}", False, True, "tells no day"),
        (None, False, True, "a constant has no place"),
    ],
)
def test_patterns_with_the_wrong_holes_are_refused(column, time, level, message):
    with pytest.raises(ValueError, match=message):
        check_pattern(column, time=time, level=level)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"follow_up": {"visits": {"vas": "vas_30d"}}}, "needs one of"),
        ({"follow_up": {"visits": {"vas": {"column": "vas_{dya}d"}}}}, "unknown {dya}"),
        ({"follow_up": {"visits": {"vas": {"column": "vas_{day}d", "unti": "x"}}}}, "unti"),
        ({"follow_up": {"events": {"death": "died_{day}"}}}, "tells no day"),
        ({"follow_up": {"heights": {"height_loss_pct": "h_{day}d"}}}, "give either level"),
        ({"follow_up": {"heights": {"height_loss_pct": "h_{level}_{day}", "level": "L1"}}},
         "give either level"),
        ({"follow_up": {"heights": {"height_loss_pct": {30: "h"}}}}, "give either level"),
        ({"vertebrae": {"treated": "treated"}}, "needs {level} once"),
        ({"vertebrae": {"treated": "t_{level}"}, "columns": {"level": "lv"}}, "both in columns"),
    ],
)  # fmt: skip
def test_contradictions_are_configuration_errors(tmp_path, content, message):
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump({"columns": {"age_years": "a"}} | content))
    with pytest.raises(ConfigError, match=message):
        load_mapping(path)


# --- follow-up


def test_patterns_become_visits_films_and_events(tmp_path):
    text = (
        "id,vas_30d,vas_365d,rmdq_w6,height_l1_365d,height_T12_365d,fx_l2_day,died\n"
        "a,4,,-9,25,,,200\nb,,,12,,30,90,\nc,,,,,,,\n"
    )
    follow_up = {
        "visits": {"vas": "vas_{day}d", "rmdq": {"column": "rmdq_w{week}", "missing": [-9]}},
        "events": {"new_fracture": "fx_{level}_day", "death": "died"}, **HEIGHTS,
    }  # fmt: skip
    registry, failures = read(tmp_path, text, follow_up=follow_up)
    visits = registry.visits.fillna({"vas": -1, "rmdq": -1})
    assert sorted(rows(visits, "episode_id", "day", "vas", "rmdq")) == [
        ["a", 30, 4, -1], ["b", 42, -1, 12],
    ]  # fmt: skip
    films = rows(registry.heights, "episode_id", "level", "day", "height_loss_pct")
    assert sorted(films) == [["a", 9, 365, 25], ["b", 8, 365, 30]]
    events = registry.events.fillna({"level": -1})
    assert sorted(rows(events, "episode_id", "day", "event", "level")) == [
        ["a", 200, "death", -1], ["b", 90, "new_fracture", 10],
    ]  # fmt: skip
    assert [(f.rule, f.row, f.line) for f in failures] == [("after_death", "a", 2)]


def test_a_pattern_reads_what_the_same_days_one_by_one_read(tmp_path):
    days = (7, 30, 90, 365)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({f"vas_{d}d": rng.integers(0, 11, 40) for d in days})
    text = frame.where(rng.random(frame.shape) < 0.7).assign(id=range(40)).to_csv(index=False)
    one, _ = read(tmp_path, text, follow_up={"visits": {"vas": "vas_{day}d"}})
    each = {"visits": {"vas": {d: f"vas_{d}d" for d in days}}}
    two, _ = read(tmp_path, text, follow_up=each)
    assert len(one.visits) > 100
    pd.testing.assert_frame_equal(one.visits, two.visits)


def test_a_fault_names_the_line_and_the_column_of_the_source(tmp_path):
    text = (
        "id,vas_30d,vas_90d,height_l1_90d,height_l2_90d,cement_l1\n"
        "a,4,77,150,150,1\nb,99,x,20,20,55\n"
    )
    registry, failures = read(
        tmp_path, text, vertebrae={"cement_volume_ml": "cement_{level}"},
        follow_up={"visits": {"vas": "vas_{day}d"}, **HEIGHTS},
    )  # fmt: skip
    found = {
        (f.table, f.row, f.line, f"{f.value}".removesuffix(".0"), f.message.split("column ")[-1])
        for f in failures
    }
    assert found == {
        ("visits", "a", 2, "77", "'vas_90d' of the source)"),
        ("visits", "b", 3, "99", "'vas_30d' of the source)"),
        ("visits", "b", 3, "x", "'vas_90d' of the source)"),
        ("heights", "a", 2, "150", "'height_l1_90d' of the source)"),
        ("heights", "a", 2, "150", "'height_l2_90d' of the source)"),
        ("vertebrae", "b", 3, "55", "'cement_l1' of the source)"),
    }
    assert all(f.severity == "error" for f in failures)
    assert registry.vertebrae["cement_volume_ml"].isna().tolist() == [False, True]


def test_a_word_nobody_declared_names_its_column(tmp_path):
    spec = {"column": "op_{day}", "recode": {"J": True, "N": False}}
    _, failures = read(tmp_path, "id,op_30,op_90\na,J,?\n", follow_up={"visits": {"opioids": spec}})
    (failure,) = failures
    assert (failure.rule, failure.value) == ("level", "?")
    assert "(column 'op_90' of the source)" in failure.message


def test_a_pattern_without_a_column_names_its_neighbours(tmp_path):
    _, failures = read(
        tmp_path, "id,vas_30_d,high_l1\na,4,3\n", vertebrae={"height_loss_pct": "height_{level}"},
        follow_up={"visits": {"vas": "vas_{day}d"}}, ignore=["vas_30_d", "high_l1"],
    )  # fmt: skip
    assert [(f.table, f.column, f.value, f.rule) for f in failures] == [
        ("vertebrae", "height_loss_pct", "height_{level}", "missing_column"),
        ("visits", "vas", "vas_{day}d", "missing_column"),
    ]
    assert "did you mean 'vas_30_d'?" in failures[1].message
    assert "did you mean 'high_l1'?" in failures[0].message


def test_scoring_needs_no_follow_up_but_the_vertebrae(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("id\na\n")
    mapping = Mapping.model_validate({
        "columns": {"episode_id": "id"}, "vertebrae": {"height_loss_pct": "height_{level}"},
        "follow_up": {"visits": {"vas": "vas_{day}d"}, **HEIGHTS},
    })  # fmt: skip
    _, failures = read_registry(path, mapping=mapping, scoring=True)
    assert [(f.table, f.rule) for f in failures] == [("vertebrae", "missing_column")]


def test_two_columns_of_one_day_are_refused(tmp_path):
    text = "id,vas_30d,vas_030d,height_l1_9d,height_L1_9d\na,1,2,3,4\n"
    _, failures = read(tmp_path, text, follow_up={"visits": {"vas": "vas_{day}d"}, **HEIGHTS})
    assert [(f.table, f.rule, f.severity) for f in failures] == [
        ("visits", "duplicate_column", "error"), ("heights", "duplicate_column", "error"),
    ]  # fmt: skip
    assert failures[0].message == "'vas_30d' and 'vas_030d' both hold vas on day 30"
    assert failures[1].message.endswith("both hold height_loss_pct of L1 on day 9")


def test_two_patterns_for_one_column_are_refused(tmp_path):
    visits = {"vas": "x_{day}", "rmdq": "x_{day}"}
    with pytest.raises(ConfigError, match=r"vas and .*rmdq both read the column 'x_3'"):
        read(tmp_path, "id,x_3\na,1\n", follow_up={"visits": visits})


def test_all_matched_columns_are_mapped_and_the_rest_is_named(tmp_path):
    text = "id,vas_30d,vas_90d,vas_x,height_l6_30d,height_l1_30d\na,1,1,1,1,1\n"
    _, failures = read(tmp_path, text, follow_up={"visits": {"vas": "vas_{day}d"}, **HEIGHTS})
    assert [(f.column, f.rule) for f in failures] == [
        ("vas_x", "unmapped_column"), ("height_l6_30d", "unmapped_column"),
    ]  # fmt: skip


def test_an_ignored_column_matches_no_pattern(tmp_path):
    text = "id,vas_30d,vas_999d\na,1,2\n"
    registry, failures = read(tmp_path, text, ignore=["vas_999d"],
                              follow_up={"visits": {"vas": "vas_{day}d"}})  # fmt: skip
    assert failures == ()
    assert registry.visits["day"].tolist() == [30]


# --- what no predictor may read


GRIP = {"name": "grip_kg", "label": "Grip", "kind": "continuous", "unit": "kg",
        "hard_range": [0, 90], "concept": "frailty", "column": "vas_30d"}  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        ({"vas_baseline": "vas_30d"}, {}),
        ({}, {"extra_predictors": [GRIP]}),
        ({}, {"vertebrae": {"height_loss_pct": "height_{level}_365d"}}),
    ],
)
def test_no_predictor_reads_what_a_pattern_says_is_later(tmp_path, columns, options):
    text = "id,vas_30d,height_l1_365d\na,1,2\n"
    _, failures = read(tmp_path, text, columns, **options,
                       follow_up={"visits": {"vas": "vas_{day}d"}, **HEIGHTS})  # fmt: skip
    assert {f.rule for f in failures if f.severity == "error"} == {"not_yet_known"}


def test_day_0_belongs_to_the_baseline_where_the_mapping_says_so(tmp_path):
    text = "id,vas_0d,vas_30d,height_l1_0d,height_l1_365d\na,8,3,20,35\n"
    follow_up = {"visits": {"vas": "vas_{day}d"}, **HEIGHTS}
    registry, failures = read(tmp_path, text, {"vas_baseline": "vas_0d"}, follow_up=follow_up,
                              vertebrae={"height_loss_pct": "height_{level}_0d"})  # fmt: skip
    assert failures == ()
    assert registry.episodes["vas_baseline"].tolist() == [8]
    assert registry.visits["day"].tolist() == [30]
    assert rows(registry.vertebrae, "level", "height_loss_pct") == [[9, 20]]
    assert rows(registry.heights, "day", "height_loss_pct") == [[365, 35]]
    # nobody claims it: then it is the first visit
    registry, failures = read(tmp_path, text, follow_up=follow_up)
    assert registry.visits["day"].tolist() == [0, 30]


# --- vertebrae


def test_a_vertebra_is_where_more_than_a_no_is_recorded(tmp_path):
    text = (
        "id,height_t12,height_l1,treated_t12,treated_l1,leak_t12,leak_l1\n"
        "a,30,,1,0,disc,none\n"  # the "no" and the "none" of L1 are those of a form
        "b,,0,0,0,,\n"           # a height loss of 0 % was measured
        "c,,,No,yes,none,none\n"
        "d,,,false,0,none,none\n"
        "e,25,40,0.0,1.0,,\n"
    )  # fmt: skip
    registry, failures = read(tmp_path, text, vertebrae={
        "height_loss_pct": "height_{level}", "treated": "treated_{level}",
        "cement_leakage": "leak_{level}",
    })  # fmt: skip
    assert failures == ()
    found = registry.vertebrae.fillna(-1)
    assert rows(found, "episode_id", "level", "height_loss_pct", "treated", "cement_leakage") == [
        ["a", 8, 30, 1, 1], ["b", 9, 0, 0, -1], ["c", 9, -1, 1, 0],
        ["e", 8, 25, 0, -1], ["e", 9, 40, 1, -1],
    ]  # fmt: skip


def test_a_wrong_checkbox_is_reported_and_not_lost(tmp_path):
    _, failures = read(tmp_path, "id,t_l1\na,maybe\nb,0\n", vertebrae={"treated": "t_{level}"})
    (failure,) = failures
    assert (failure.table, failure.row, failure.line, failure.rule) == (
        "vertebrae", "a", 2, "binary",
    )  # fmt: skip
    assert "'t_l1'" in failure.message


def test_a_registry_s_own_vertebra_column_and_a_name_nobody_knows(tmp_path):
    signal = {"name": "signal_pct", "label": "Signal", "table": "vertebrae", "kind": "continuous",
              "hard_range": [0, 100], "concept": "fracture", "column": "sig_{level}"}  # fmt: skip
    text = "id,sig_l1,sig_l2,hight_l1\na,50,,3\n"
    registry, failures = read(tmp_path, text, extra_predictors=[signal],
                              vertebrae={"hight_loss_pct": "hight_{level}"})  # fmt: skip
    assert rows(registry.vertebrae, "level", "signal_pct") == [[9, 50]]
    assert [(f.rule, f.column) for f in failures] == [("unknown_name", "hight_loss_pct")]
    assert "did you mean 'height_loss_pct'?" in failures[0].message


def test_wide_columns_beside_a_table_of_their_own_are_refused(tmp_path):
    (tmp_path / "episodes.csv").write_text("episode_id,vas_30d\na,3\n")
    (tmp_path / "visits.csv").write_text("episode_id,day,vas\na,30,3\n")
    mapping = Mapping.model_validate({"follow_up": {"visits": {"vas": "vas_{day}d"}}})
    with pytest.raises(ConfigError, match="visits stand both in a table of their own"):
        read_registry(tmp_path, mapping=mapping)


def test_patterns_of_a_folder_read_its_episodes(tmp_path):
    (tmp_path / "episodes.csv").write_text("Fall,t_l1,vas_30d\n1,1,4\n2,0,5\n")
    mapping = Mapping.model_validate({
        "all_episodes": True, "vertebrae": {"treated": "t_{level}"},
        "tables": {"episodes": {"columns": {"episode_id": "Fall", "patient_id": "Fall",
                                            "site_id": {"constant": "s"}}}},
        "follow_up": {"visits": {"vas": "vas_{day}d"}},
    })  # fmt: skip
    registry, failures = read_registry(tmp_path, mapping=mapping)
    assert failures == ()
    assert rows(registry.vertebrae, "episode_id", "level") == [["1", 9]]
    assert rows(registry.visits, "episode_id", "vas") == [["1", 4], ["2", 5]]


def test_nothing_wide_is_nothing():
    found = find_wide_columns(Mapping.model_validate({"columns": KEYS}), ["vas_30d"])
    assert (found.columns, found.unmatched, found.failures, found.late) == ((), (), (), set())
