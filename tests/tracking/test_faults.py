from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfprog.records import Artifact, Metric, Param, RunRecords, Table
from vfprog.tracking.faults import LONGEST_TAG, check_records

if TYPE_CHECKING:
    from pathlib import Path


def faults(*records: object, **tags: str) -> list[str]:
    try:
        check_records(RunRecords("one", tags, list(records)))  # type: ignore[arg-type]
    except ValueError as error:
        return str(error).splitlines()[1:]
    return []


def test_good_records_pass() -> None:
    table = Table("validation/by_site", pd.DataFrame({"a": [math.nan]}))
    assert faults(Metric("brier", 0.2, 0.1, 0.3), Param("data.seed", None), table) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_undefined_estimate_is_refused_with_its_name(value: float) -> None:
    (fault,) = faults(Metric("calibration_slope", value))
    assert fault.startswith(f"run 'one': metric 'calibration_slope' has estimate {value}:")


def test_an_undefined_limit_is_refused_and_none_is_not() -> None:
    (fault,) = faults(Metric("ici", 0.02, None, math.nan))
    assert "metric 'ici' has upper nan" in fault


def test_all_faults_of_all_runs_come_at_once(tmp_path: Path) -> None:
    child = RunRecords("two", {}, [Metric("ici", math.nan), Artifact(tmp_path / "gone.json")])
    parent = RunRecords("one", {"mlflow.note.content": "x" * (LONGEST_TAG + 1)}, [], [child])
    with pytest.raises(ValueError, match="nothing was sent") as caught:
        check_records(parent)
    lines = str(caught.value).splitlines()[1:]
    assert [line.split(":")[0] for line in lines] == ["run 'one'", "run 'two'", "run 'two'"]
    assert "5001 characters" in lines[0]
    assert "gone.json does not exist" in lines[2]


def test_a_name_given_twice_is_refused() -> None:
    assert "metric 'brier' stands 2 times" in faults(Metric("brier", 0.2), Metric("brier", 0.3))[0]


def test_a_limit_counts_as_a_metric_of_its_own() -> None:
    clash = faults(Metric("brier", 0.2, 0.1, 0.3), Metric("brier.lower", 0.1))
    assert clash == ["run 'one': metric 'brier.lower' stands 2 times"]


def test_a_table_and_a_metric_may_share_a_name() -> None:
    assert faults(Metric("ici", 0.1), Table("ici", pd.DataFrame())) == []


@pytest.mark.parametrize("name", ["../escape", "/etc/x", "a//b", "", "a b", "x" * 251, "a\n"])
def test_a_table_name_that_is_no_file_stem_is_refused(name: str) -> None:
    (fault,) = faults(Table(name, pd.DataFrame()))
    assert "is not allowed" in fault


@pytest.mark.slow
@given(st.text(max_size=30))
def test_an_accepted_metric_name_is_accepted_by_the_store(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name

    if not faults(Metric(name, 0.5)):
        _validate_metric_name(name)
