from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from vfprog.serving.fhir.times import effective_of, moment_of, period_of, today


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026-01-14", date(2026, 1, 14), date(2026, 1, 14)),
        ("2026-01-14T23:30:00-05:00", date(2026, 1, 14), date(2026, 1, 14)),
        ("2026-01-14T23:30:00.123456Z", date(2026, 1, 14), date(2026, 1, 14)),
    ],
)
def test_a_date_says_as_much_as_it_says(text: str, first: date, last: date) -> None:
    moment = moment_of(text)
    assert (moment.first, moment.last) == (first, last)
    assert moment.day == (first if first == last else None)


@pytest.mark.parametrize(
    "text", [None, 2026, 1736900000, "", "soon", "2026-13", "2026-02-30", "2026-01-14T25:00:00Z",
             "20260114", "0000"],
)  # fmt: skip
def test_what_is_no_date_is_none(text) -> None:
    assert moment_of(text) is None


@pytest.mark.parametrize(
    ("one", "other", "after"),
    [
        ("2026-01-14T08:00:00Z", "2026-01-14T09:30:00+02:00", True),  # 8:00 against 7:30
        ("2026-01-14T09:30:00+02:00", "2026-01-14T08:00:00Z", False),
        ("2026-01-14T23:00:00-05:00", "2026-01-15T03:00:00Z", True),  # 4:00 against 3:00
        ("2026-01-15", "2026-01-14T08:00:00Z", True),
        ("2026-01-14", "2026-01-14T08:00:00Z", False),
        ("2026-01-14T08:00:00Z", "2026-01-14", False),
        ("2026-01", "2026-01-14", False),
        ("2026-01-14", "2025", True),
    ],
)
def test_instants_are_compared_with_their_zones_and_days_as_days(one, other, after: bool) -> None:
    assert moment_of(one).surely_after(moment_of(other)) is after


@pytest.mark.parametrize(
    ("element", "content", "day"),
    [
        ("effectiveDateTime", "2026-01-14", date(2026, 1, 14)),
        ("effectiveInstant", "2026-01-14T08:00:00Z", date(2026, 1, 14)),
        ("effectivePeriod", {"start": "2026-01-10", "end": "2026-01-14"}, date(2026, 1, 14)),
        ("effectivePeriod", {"start": "2026-01-10"}, date(2026, 1, 10)),
        ("effectivePeriod", {}, None),
        ("effectiveTiming", {"event": ["2026-01-14", "2026-01-10"]}, date(2026, 1, 14)),
        ("effectiveTiming", {"event": ["2026-01-14", "2026-02-30"]}, None),
        ("effectiveTiming", {"repeat": {"boundsPeriod": {"end": "2026-01-14"}}},
         date(2026, 1, 14)),
        ("effectiveTiming", {"code": {"text": "daily"}}, None),
    ],
)  # fmt: skip
def test_every_form_of_r4_is_read(element: str, content, day: date | None) -> None:
    name, moment = effective_of({element: content})
    assert name == element
    assert (moment.day if moment else None) == day


def test_an_observation_may_have_no_date() -> None:
    assert effective_of({}) == ("", None)


def test_the_start_of_a_period_is_its_start() -> None:
    period = {"start": "2026-01-10", "end": "2026-01-14"}
    assert period_of(period, end=False).day == date(2026, 1, 10)
    assert period_of("2026", end=False) is None


@pytest.fixture
def zone(monkeypatch, request) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("zone", "hours"), [("XXX-14", 14), ("XXX12", -12)], indirect=["zone"])
@pytest.mark.usefixtures("zone")
def test_today_is_that_of_the_hospital(hours: int) -> None:
    before, found, after = datetime.now(UTC), today(), datetime.now(UTC)
    shift = timedelta(hours=hours)
    assert (before + shift).date() <= found <= (after + shift).date()
