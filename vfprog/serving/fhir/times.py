"""When something was so: dates, instants, periods and timings of FHIR R4, as far as they are told.

A date may be known to the year, the month, the day or the moment. Two moments are compared as
instants, whatever their time zones; where one is known to the day only, days are compared, as the
clock of whoever wrote them showed them.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

_PARTS = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(T.+)?)?)?")
_DECEMBER = 12


@dataclass(frozen=True)
class Moment:
    """A time as far as it is known.

    Parameters
    ----------
    first, last : datetime.date
        First and last day it may be; the same where the day is known.
    instant : datetime.datetime or None
        The moment with its time zone; None where it is known to the day at best.
    """

    first: date
    last: date
    instant: datetime | None = None

    @property
    def day(self) -> date | None:
        """The day; None where only the month or the year is known."""
        return self.first if self.first == self.last else None

    def surely_after(self, other: Moment) -> bool:
        """Return whether this is later than another, however the unknown parts may be.

        Parameters
        ----------
        other : Moment
            The other.

        Returns
        -------
        bool
            True only where it cannot be otherwise.
        """
        if self.instant is not None and other.instant is not None:
            return self.instant > other.instant
        return self.first > other.last


def today() -> date:
    """Return the day by the clock of this machine, whose zone the variable TZ sets.

    A hospital east of Greenwich writes dates that are tomorrow's in UTC.

    Returns
    -------
    datetime.date
        The day.
    """
    return datetime.now().astimezone().date()


def moment_of(text: Any) -> Moment | None:
    """Return what a date, dateTime or instant says.

    Parameters
    ----------
    text : object
        Text of FHIR, such as ``2026``, ``2026-01``, ``2026-01-14`` or
        ``2026-01-14T08:00:00+01:00``.

    Returns
    -------
    Moment or None
        The time; None where there is none, or none that can be read.

    Examples
    --------
    >>> moment_of("2024-02").last
    datetime.date(2024, 2, 29)
    >>> late, early = moment_of("2026-01-14T09:30:00+02:00"), moment_of("2026-01-14T08:00:00Z")
    >>> early.surely_after(late)
    True
    >>> moment_of("in spring") is None
    True
    """
    parts = _PARTS.fullmatch(text) if isinstance(text, str) else None
    if parts is None:
        return None
    year, month, day = (None if part is None else int(part) for part in parts.groups()[:3])
    try:
        first = date(year or 0, month or 1, day or 1)
        instant = None if parts[4] is None else datetime.fromisoformat(text)
    except ValueError:  # no such day, no such time
        return None
    last = first.replace(month=month or _DECEMBER)
    if day is None:
        last = last.replace(day=calendar.monthrange(last.year, last.month)[1])
    return Moment(first, last, instant if instant is not None and instant.tzinfo else None)


def period_of(period: Any, *, end: bool) -> Moment | None:
    """Return the end of a Period, or its start; the other where only that is given.

    Parameters
    ----------
    period : object
        A Period.
    end : bool
        Whether the end is asked for.

    Returns
    -------
    Moment or None
        The time; None where there is none.
    """
    if not isinstance(period, dict):
        return None
    order = ("end", "start") if end else ("start", "end")
    given = next((period[name] for name in order if period.get(name)), None)
    return moment_of(given)


def effective_of(resource: dict[str, Any]) -> tuple[str, Moment | None]:
    """Return when an Observation was made: of a period its end, of a timing its last event.

    Parameters
    ----------
    resource : dict
        The Observation.

    Returns
    -------
    element : str
        Name of the element that says so; empty where none does.
    moment : Moment or None
        The time; None where none is given, or where what is given says none.
    """
    for name in ("effectiveDateTime", "effectiveInstant"):
        if name in resource:
            return name, moment_of(resource[name])
    if "effectivePeriod" in resource:
        return "effectivePeriod", period_of(resource["effectivePeriod"], end=True)
    if "effectiveTiming" in resource:
        return "effectiveTiming", _timing(resource["effectiveTiming"])
    return "", None


def _timing(timing: Any) -> Moment | None:
    """Return the latest event of a Timing, or the end of its bounds."""
    events = [moment_of(event) for event in timing.get("event") or ()]
    known = [event for event in events if event is not None]
    if len(known) < len(events):
        return None
    if known:
        return max(known, key=lambda event: event.last)
    return period_of((timing.get("repeat") or {}).get("boundsPeriod"), end=True)
