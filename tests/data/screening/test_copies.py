"""The same rows and the same persons several times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import found, number, screened, tables_of
from vfprog.data.screening.copies import check_copies
from vfprog.data.screening.linkage import link

COLUMNS = ["age_years", "bmi_kg_m2", "t_score", "vas_baseline", "pelvic_incidence_deg", "sva_mm"]


def _with_episodes(tables, episodes):
    return screened({**tables, "episodes": episodes}, events={})


def _again(tables, places, **changes):
    """Append some episodes again, at the end, under names of their own."""
    extra = tables["episodes"].iloc[places].reset_index(drop=True)
    extra["episode_id"] = [f"X{i}" for i in range(len(extra))]
    return pd.concat([tables["episodes"], extra.assign(**changes)], ignore_index=True)


def _stack(tables, copies, *, changed, seed=0):
    """Stack copies of all episodes with a share of the values of some columns drawn anew."""
    rng = np.random.default_rng(seed)
    parts = []
    for copy in range(copies):
        part = tables["episodes"].copy()
        for name in COLUMNS:
            where = rng.random(len(part)) < changed
            part.loc[where, name] = rng.choice(part[name].dropna(), int(where.sum()))
        parts.append(part.assign(copy=copy))
    stack = pd.concat(parts, ignore_index=True)
    stack["episode_id"] = stack["copy"].astype(str) + stack["episode_id"]
    return stack.drop(columns="copy")


@pytest.mark.parametrize("patient", ["same", "other"])
def test_an_episode_entered_twice_is_named_with_the_row_it_repeats(patient):
    tables = tables_of(200)
    changes = {"patient_id": ["Q1", "Q2"]} if patient == "other" else {}
    episodes = _again(tables, [4, 9], **changes)
    failures = check_copies(_with_episodes(tables, episodes))
    assert [(f.row, f.value, f.rule) for f in failures] == [
        ("X0", 6, "duplicate_rows"), ("X1", 11, "duplicate_rows"),
    ]  # fmt: skip
    assert [f.line for f in failures] == [len(episodes), len(episodes) + 1]
    assert "repeats row 6 (E000005)" in failures[0].message


def test_an_episode_entered_twice_with_one_slip_is_still_found():
    tables = tables_of(200)
    failures = check_copies(
        _with_episodes(tables, _again(tables, [4], age_years=55.5, patient_id="Q"))
    )
    assert [(f.row, f.value) for f in found(failures, "duplicate_rows")] == [("X0", 6)]
    assert "nearly all columns" in failures[0].message


def test_a_second_episode_of_a_patient_is_no_copy():
    tables = tables_of(200)
    later = tables["episodes"]["index_date"].iloc[[4, 9]].reset_index(drop=True)
    episodes = _again(tables, [4, 9], index_date=later + pd.Timedelta(days=200))
    assert check_copies(_with_episodes(tables, episodes)) == []


@pytest.mark.parametrize("table", ["vertebrae", "visits", "heights", "events"])
def test_rows_of_follow_up_entered_twice(table):
    tables = tables_of(100)
    frame = tables[table]
    place = 3 if table != "events" else int(np.argmax(frame["event"] == "lost_to_follow_up"))
    tables[table] = pd.concat([frame, frame.iloc[[place]]])
    (failure,) = check_copies(screened(tables, events={}))
    assert (failure.table, failure.rule, failure.severity) == (table, "duplicate_rows", "warning")
    assert (failure.value, failure.line) == (place + 2, len(frame) + 2)
    assert failure.row == frame["episode_id"].iloc[place]


def test_two_fractures_of_a_vertebra_in_a_day_are_a_note():
    tables = tables_of(100)
    events = tables["events"]
    fracture = events[events["event"] == "new_fracture"].iloc[[0]]
    tables["events"] = pd.concat([events, fracture])
    (failure,) = check_copies(screened(tables, events={}))
    assert failure.severity == "note"


@pytest.mark.parametrize("changed", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("copies", [2, 5])
def test_a_stack_of_imputed_copies_is_counted_in_persons(changed, copies):
    tables = tables_of(150)
    stack = _stack(tables, copies, changed=changed)
    stack["patient_id"] = stack["episode_id"]
    stack = stack.sample(frac=1, random_state=1)
    (failure,) = found(check_copies(_with_episodes(tables, stack)), "stacked_copies")
    assert (failure.row, failure.column, failure.severity) == (None, "*", "error")
    slack = {0.0: 0, 0.1: 0.02, 0.3: 0.1}[changed]
    assert failure.value == pytest.approx(len(tables["episodes"]), rel=slack, abs=0)
    assert f"{len(stack)} rows are {failure.value} different" in failure.message


def test_copies_that_share_their_patient_are_a_warning():
    tables = tables_of(150)
    stack = _stack(tables, 3, changed=0.1)
    (failure,) = found(check_copies(_with_episodes(tables, stack)), "stacked_copies")
    assert (failure.severity, failure.value) == ("warning", len(tables["episodes"]))


def test_few_coarse_columns_do_not_tell_persons_apart():
    rng = np.random.default_rng(0)
    episodes = pd.DataFrame({
        "episode_id": [f"e{i}" for i in range(400)], "site_id": "s", "treatment": "vertebroplasty",
        "age_years": rng.integers(60, 90, 400), "smoker": rng.random(400) < 0.2,
    })  # fmt: skip
    assert check_copies(screened({"episodes": episodes}, events={})) == []
    assert check_copies(screened({"episodes": episodes.iloc[:1]}, events={})) == []
    assert check_copies(screened({"episodes": episodes.iloc[:0]}, events={})) == []


def test_a_constant_table_links_nothing():
    episodes = pd.DataFrame({"episode_id": list("abc"), "site_id": "s", "treatment": "sham",
                             "age_years": 70})  # fmt: skip
    typed = screened({"episodes": episodes}, events={}).typed["episodes"]
    linkage = link(typed, ["age_years"])
    assert linkage.twin.tolist() == linkage.near.tolist() == [0, 1, 2]
    assert (linkage.distinct, linkage.compared, linkage.shares_patient) == (3, 3, False)


@pytest.mark.parametrize("n", [60, 300])
@pytest.mark.parametrize("seed", range(4))
def test_clean_registries_pass(n, seed):
    failures = check_copies(screened(tables_of(n, seed=seed), events={}))
    assert [f for f in failures if f.severity != "note"] == []


@pytest.mark.realdata
@pytest.mark.parametrize("shuffled", [False, True])
def test_ten_imputations_are_159_patients(realdata, shuffled):
    imputed = _low_back_pain(realdata, "lbpmilr.csv")
    if shuffled:
        imputed = imputed.sample(frac=1, random_state=3)
    (failure,) = found(check_copies(_flat(imputed)), "stacked_copies")
    assert (failure.value, failure.severity) == (159, "error")
    by_id = imputed.assign(patient_id=imputed["id"])
    (failure,) = found(check_copies(_flat(by_id)), "stacked_copies")
    assert (failure.value, failure.severity) == (159, "warning")


@pytest.mark.realdata
def test_the_159_patients_themselves_pass(realdata):
    assert check_copies(_flat(_low_back_pain(realdata, "lbp_orig.csv"))) == []


def _low_back_pain(realdata, file):
    return pd.read_csv(realdata / "low_back_pain" / file).rename(columns=str.lower)


def _flat(frame):
    frame = frame.assign(episode_id=[f"e{i}" for i in range(len(frame))])
    keys = {"episode_id", "patient_id", "id", "impnr", "chronic"}
    extra = [number(name) for name in frame.columns if name not in keys]
    keep = [name for name in frame.columns if name not in {"id", "impnr", "chronic"}]
    return screened({"episodes": frame[keep]}, extra=extra, events={})
