"""Setting rows aside in memory: which rows, why, and that their number adds up."""

from __future__ import annotations

import pandas as pd
import pytest

from vfprog.data.quarantine import has_row, set_aside, source_table
from vfprog.data.readers import read_for_screening
from vfprog.errors import Failure, InputError

EPISODES = """episode_id,patient_id,site_id,treatment,age_years,sex,line
e1,p1,s1,vertebroplasty,71.50,female,a
e2,p2,s1,vertebroplasty,9,female,b
e3,p3,s1,vertebroplasty,x,w,c
,,,,,,
e4,p4,s1,vertebroplasty,80,male,d
e4,p4,s1,vertebroplasty,80,male,e
"""
VISITS = """episode_id,day,vas
e1,30,2
e1,60,99
e2,30,3
e9,30,3
 e3 ,30,77
e4,30,1
"""


def read(folder, mapping=None, **tables):
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_for_screening(folder, mapping=mapping)


@pytest.fixture
def parts(tmp_path):
    found = read(tmp_path, episodes=EPISODES, visits=VISITS)
    return set_aside(found, found.failures)


def test_rows_in_error_and_their_followers_are_set_aside(parts):
    # e2 too young; e3 no age and no sex; row 5 empty; the second e4 a double
    assert parts.kept["episodes"].index.tolist() == [2, 6]
    assert parts.set_aside["episodes"]["line"].iloc[:, 0].tolist() == [3, 4, 5, 7]
    # row 3: no such VAS; 4: follows e2; 5: no such episode; 6: a reason of its own is enough
    assert parts.kept["visits"].index.tolist() == [2, 7]
    assert parts.set_aside["visits"]["line"].tolist() == [3, 4, 5, 6]


def test_every_reason_is_told(parts):
    told = parts.reasons.drop(columns=["row", "message"]).to_records(index=False).tolist()
    assert sorted(told) == sorted([
        ("episodes", 3, "age_years", "hard_range"), ("episodes", 4, "age_years", "number"),
        ("episodes", 4, "sex", "level"), ("episodes", 5, "file", "empty_row"),
        ("episodes", 7, "episode_id", "duplicate_id"), ("visits", 3, "vas", "hard_range"),
        ("visits", 4, "episode_id", "episode_set_aside"), ("visits", 5, "episode_id", "broken_key"),
        ("visits", 6, "vas", "hard_range"),
    ])  # fmt: skip
    assert parts.set_aside["episodes"]["reasons"].tolist() == [
        "hard_range (age_years)", "number (age_years); level (sex)", "empty_row (file)",
        "duplicate_id (episode_id)",
    ]  # fmt: skip
    follower = parts.reasons[parts.reasons["rule"] == "episode_set_aside"].iloc[0]
    assert (follower["row"], follower["message"]) == ("e2", "the episode 'e2' is set aside")


def test_rows_in_are_rows_kept_and_set_aside(parts):
    assert parts.reconciliation.to_records(index=False).tolist() == [
        ("episodes", 6, 2, 4), ("visits", 6, 2, 4),
    ]  # fmt: skip


def test_words_stay_as_they_were_written(parts):
    assert parts.kept["episodes"]["age_years"].tolist() == ["71.50", "80"]
    aside = parts.set_aside["episodes"]
    # a column of the source may be called like one of ours: ours stand first
    assert aside.columns.tolist()[:3] == ["line", "reasons", "episode_id"]
    assert aside.iloc[:, -1].fillna("-").tolist() == ["b", "c", "-", "e"]
    assert parts.set_aside["visits"]["episode_id"].tolist() == ["e1", "e2", "e9", " e3 "]


def test_nothing_is_set_aside_for_a_warning_a_column_or_a_block(tmp_path):
    found = read(tmp_path, episodes=EPISODES.splitlines()[0] + "\ne1,p1,s1,vertebroplasty,70,,\n")
    column = Failure("episodes", None, "vas", None, "missing_column", "absent")
    rows = "rows 2 to 2"
    failures = [
        column,
        Failure("episodes", "e1", "age_years", 70, "usual_range", "", "warning", 2),
        Failure("episodes", rows, "new_fracture", None, "event_block", "", "error", 2),
    ]
    parts = set_aside(found, failures)
    assert (len(parts.kept["episodes"]), len(parts.reasons)) == (1, 0)
    assert [failure.rule for failure in parts.remaining] == ["missing_column", "event_block"]
    assert [has_row(failure) for failure in failures] == [False, True, False]


def test_a_flat_table_sets_aside_the_row_of_a_vertebra_or_visit(tmp_path):
    mapping = {
        "columns": {"episode_id": "id", "treatment": {"constant": "vertebroplasty"},
                    "level": "seg", "height_loss_pct": "loss"},
        "follow_up": {"visits": {"vas": {30: "vas30"}}},
    }  # fmt: skip
    place = tmp_path / "flat.csv"
    place.write_text("id,seg,loss,vas30\na,L1,20,3\nb,L9,20,3\nc,L1,20,30\nd,L1,200,1\n")
    from vfprog.data.mapping import Mapping

    found = read_for_screening(place, mapping=Mapping.model_validate(mapping))
    parts = set_aside(found, found.failures)
    assert parts.kept["episodes"]["id"].tolist() == ["a"]
    assert dict(zip(parts.reasons["line"], parts.reasons["column"], strict=True)) == {
        3: "level", 4: "vas", 5: "height_loss_pct",
    }  # fmt: skip
    assert {source_table(found.source, f) for f in found.failures if f.line} == {"episodes"}


def test_rows_known_by_their_number_only_are_not_moved(tmp_path):
    episodes = "treatment,age_years\nvertebroplasty,5\nvertebroplasty,70\n"
    found = read(tmp_path, episodes=episodes, visits="episode_id,day,vas\n3,30,2\n")
    with pytest.raises(InputError, match="call episodes by their row number"):
        set_aside(found, found.failures)


def test_numbers_of_a_typed_file_keep_their_type(tmp_path):
    frame = pd.DataFrame({"episode_id": [1, 2, 3], "patient_id": [1, 2, 3], "site_id": "s",
                          "treatment": "vertebroplasty", "age_years": [70, 5, 80]})  # fmt: skip
    frame.to_parquet(tmp_path / "episodes.parquet")
    found = read_for_screening(tmp_path)
    parts = set_aside(found, found.failures)
    assert parts.kept["episodes"].dtypes.equals(frame.dtypes)
    assert parts.set_aside["episodes"]["age_years"].tolist() == [5]
    assert parts.set_aside["episodes"]["age_years"].dtype == frame["age_years"].dtype
