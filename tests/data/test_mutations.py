"""Spoil clean registries in every way we know: the right code and rows, and silence elsewhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.cohorts import quick_settings
from tests.data.corrupting import (
    LAYOUTS,
    Expected,
    Export,
    clean_export,
    judge,
    verdict,
    write_export,
)
from tests.data.detection import PAGE, codes_table, detection_table, filled
from tests.data.mutations import DEFECTS, KNOWN_MISSES, MUTATIONS
from vfprog.errors import Failure
from vfprog.workflows.check import check
from vfprog.workflows.train import train

# One of the small ones of each kind is run with the quick tests.
QUICK = ("an age of 9", "a typing error in PI", "visits without the prefix of the key")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of clean simulated data."""
    folder = tmp_path_factory.mktemp("model")
    source, _ = write_export(clean_export("parquet", 700, 99), folder / "registry")
    settings = quick_settings()
    train(
        source, folder / "bundle", endpoints=["response"], settings=settings, resamples=0, n_jobs=1
    )
    return folder / "bundle"


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_corruption_is_reported_with_its_code_and_rows(mutation, tmp_path, request):
    reference = request.getfixturevalue("model") if mutation.beside_model else None
    said = judge(mutation, tmp_path, reference)
    if mutation.name in KNOWN_MISSES:
        assert said, f"{mutation.name} is found now: take it off the list of misses"
    else:
        assert said == "", f"{mutation.defect}, {mutation.name}: {said}"


@pytest.mark.parametrize("name", QUICK)
def test_some_corruptions_in_the_quick_tests(name, tmp_path):
    mutation = next(mutation for mutation in MUTATIONS if mutation.name == name)
    assert judge(mutation, tmp_path) == ""


def test_ninety_five_in_a_hundred_are_found():
    names = [mutation.name for mutation in MUTATIONS]
    assert len(set(names)) == len(names) >= 60
    assert set(KNOWN_MISSES) <= set(names)
    found = 1 - len(KNOWN_MISSES) / len(names)
    assert found >= 0.95, "\n".join(f"{name}: {why}" for name, why in KNOWN_MISSES.items())


def test_every_defect_layout_and_table_is_covered():
    assert len(DEFECTS) >= 15
    assert {mutation.layout for mutation in MUTATIONS} == set(LAYOUTS)
    tables = {mutation.spoil()[1].table for mutation in MUTATIONS if mutation.n <= 700}
    assert {"episodes", "vertebrae", "visits", "heights", "events"} <= tables


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_layout_is_a_fault_by_itself(layout, tmp_path):
    source, mapping = write_export(clean_export(layout, 700, 1), tmp_path / "clean")
    report = check(source, mapping=mapping)
    assert [str(f) for f in report.failures if f.severity != "note"] == []


def _alarms(seed: int, folder: Path, n: int) -> list[Failure]:
    layout = ("csv", "parquet", "semicolon")[seed % 3]
    source, _ = write_export(clean_export(layout, n, seed), folder / f"{seed}")
    return [f for f in check(source).failures if f.severity != "note"]


def test_two_clean_registries_give_no_alarm(tmp_path):
    assert [str(f) for seed in (1001, 1002) for f in _alarms(seed, tmp_path, 600)] == []


@pytest.mark.slow
def test_fifty_clean_registries_give_two_warnings_at_most(tmp_path):
    alarms = [f for seed in range(2000, 2050) for f in _alarms(seed, tmp_path, 1500)]
    assert [f for f in alarms if f.severity == "error"] == []
    assert len(alarms) <= 2, "\n".join(map(str, alarms))


# --- the judge itself


def failure(line: int | None, **changes: object) -> Failure:
    said = {"table": "visits", "row": line, "column": "vas", "value": 1, "rule": "hard_range",
            "message": "", "line": line}  # fmt: skip
    return Failure(**(said | changes))


EXPECTED = Expected(frozenset({"hard_range"}), "visits", "vas", frozenset({2, 3, 4}))


@pytest.mark.parametrize(
    ("failures", "said"),
    [
        ([failure(2), failure(3), failure(4)], ""),
        ([failure(2), failure(3), failure(4), failure(9), failure(10)], ""),
        ([], "no hard_range"),
        ([failure(2, rule="number")], "no hard_range"),
        ([failure(2, table="heights")], "visits.vas is not named, but heights.vas"),
        ([failure(2), failure(4)], "1 of 3 rows are not told"),
        ([failure(i) for i in range(2, 8)], "3 wrong rows beside 3"),
        ([failure(None)], "3 of 3 rows are not told"),
    ],
)
def test_the_judge_wants_code_column_and_rows(failures, said):
    assert verdict(EXPECTED, tuple(failures)) == said


@pytest.mark.parametrize(
    ("rows", "found"),
    [("rows 102 to 201", True), ("rows 110 to 201", True), ("rows 2 to 201", False), (102, False)],
)
def test_the_judge_wants_the_block(rows, found):
    expected = Expected(frozenset({"event_block"}), block=(102, 201))
    said = verdict(expected, (failure(102, rule="event_block", row=rows),))
    assert (said == "") == found


def test_a_corruption_does_not_touch_the_clean_registry():
    before = {n: f.copy() for n, f in clean_export("csv", 700, 1).tables.items()}
    MUTATIONS[0].spoil()
    for name, frame in clean_export("csv", 700, 1).tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_an_export_adds_its_own_predictors():
    export = Export({"episodes": pd.DataFrame({"episode_id": ["a"], "age_years": [70]})})
    export.add_predictor("case_no", [1])
    assert export.mapping["tables"]["episodes"]["columns"] == {
        "episode_id": "episode_id", "age_years": "age_years",
    }  # fmt: skip
    assert [extra["name"] for extra in export.mapping["extra_predictors"]] == ["case_no"]


def test_the_page_shows_the_codes_and_the_detection_of_now():
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page), "python -m tests.data.detection writes the tables anew"
    assert page.count(codes_table()) == page.count(detection_table()) == 1
