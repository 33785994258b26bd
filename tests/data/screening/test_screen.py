from __future__ import annotations

import importlib
import pkgutil

import pytest

import vfprog.data.screening
from vfprog.data.catalogue import CATALOGUE
from vfprog.data.readers import read_for_screening
from vfprog.data.screening import screen as screen_module
from vfprog.data.screening.screen import OUTCOME_CHECKS, TABLE_CHECKS, screen
from vfprog.errors import Failure
from vfprog.simulate import simulate, write

ALL = (*TABLE_CHECKS, *OUTCOME_CHECKS)


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = write(simulate(200, seed=3), tmp_path_factory.mktemp("screen") / "r")
    return read_for_screening(folder)


def test_every_check_of_the_package_is_run():
    names = [info.name for info in pkgutil.iter_modules(vfprog.data.screening.__path__)]
    modules = [importlib.import_module(f"vfprog.data.screening.{name}") for name in names]
    written = {
        name for module in modules for name, thing in vars(module).items()
        if name.startswith("check_") and getattr(thing, "__module__", "") == module.__name__
    }  # fmt: skip
    # A reference needs a bundle, so that the workflow runs it; the units run the days.
    assert {check.__name__ for check in ALL} == written - {"check_reference", "check_days"}
    assert len(set(ALL)) == len(ALL)


def test_what_is_found_is_of_the_catalogue(read):
    assert {failure.rule for failure in screen(read, {})} <= set(CATALOGUE)


def test_checks_of_outcomes_are_left_out_without_outcomes(read, monkeypatch):
    found = Failure("episodes", None, "sex", None, "event_block", "seen")
    monkeypatch.setattr(screen_module, "TABLE_CHECKS", ())
    monkeypatch.setattr(screen_module, "OUTCOME_CHECKS", (lambda screened: [found],))
    assert screen(read, {}) == []
    assert screen(read, {"response": read.typed["episodes"]["age_years"]}) == [found]


def test_a_column_is_called_by_the_name_of_the_source_too(read, monkeypatch):
    found = Failure("episodes", None, "sex", None, "code_shift", "is coded otherwise")
    monkeypatch.setattr(screen_module, "TABLE_CHECKS", (lambda screened: [found],))
    read.translated.origins["episodes", "sex"] = "gender"
    try:
        (named,) = screen(read, {})
    finally:
        del read.translated.origins["episodes", "sex"]
    assert named.message == "is coded otherwise (column 'gender' of the source)"
