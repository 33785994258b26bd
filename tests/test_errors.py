"""Failures and the errors that carry them."""

from __future__ import annotations

import pickle

import pytest

from vfprog.errors import BundleError, ConfigError, Failure, InputError, TrainingError, VfprogError

AGE = Failure("episodes", "e7", "age_years", 9, "hard_range", "must lie between 18 and 110, got 9")
SEX = Failure("patient", None, "sex", "f", "level", "expected one of female, male, got 'f'")


def test_a_failure_says_where_and_what() -> None:
    assert str(AGE) == "episodes[e7].age_years: must lie between 18 and 110, got 9"
    assert str(SEX) == "patient.sex: expected one of female, male, got 'f'"


def test_a_failure_is_one_row_of_a_table() -> None:
    assert AGE.as_dict() == {
        "table": "episodes", "row": "e7", "column": "age_years", "value": 9, "rule": "hard_range",
        "message": "must lie between 18 and 110, got 9", "severity": "error", "line": None,
    }  # fmt: skip


def test_an_input_error_carries_all_failures_from_any_iterable() -> None:
    error = InputError(failure for failure in (AGE, SEX))
    assert error.failures == (AGE, SEX)
    assert str(error) == f"{AGE}\n{SEX}"


def test_an_input_error_survives_the_way_back_from_a_worker_process() -> None:
    error = pickle.loads(pickle.dumps(InputError([AGE, SEX])))  # noqa: S301  # our own bytes
    assert isinstance(error, InputError)
    assert error.failures == (AGE, SEX)


@pytest.mark.parametrize("kind", [BundleError, ConfigError, TrainingError])
def test_every_error_is_ours_and_a_value_error(kind: type[VfprogError]) -> None:
    assert issubclass(kind, VfprogError)
    assert issubclass(kind, ValueError)
