"""Days that do not fit the calendar: visits still to come, episodes that begin after death."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.data.checks import capped
from vfprog.errors import Failure

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

_DATED = ("visits", "heights", "events")


def check_dates(screened: Screened, *, today: pd.Timestamp | None = None) -> list[Failure]:
    """Find days that the calendar or the patient's other episodes rule out.

    Future and early index dates, and days before the index date, after follow-up or after the
    death of the same episode, are found where the tables are read.

    Parameters
    ----------
    screened : Screened
        The registry.
    today : pandas.Timestamp, optional
        The day after which nothing can be recorded; default today.

    Returns
    -------
    list of Failure
        Rule ``date_order``. Days still to come are warnings; an episode that begins after its
        patient's death is an error.
    """
    now = np.datetime64(today or pd.Timestamp.today(), "D")
    begins = screened.typed["episodes"]["index_date"].to_numpy().astype("datetime64[D]")
    room = _days(now - begins)
    return capped([*_still_to_come(screened, room), *_after_death(screened, begins)])


def _days(span: np.ndarray) -> FloatArray:
    days = span.astype(np.float64)
    days[np.isnat(span)] = np.nan
    return days


def _still_to_come(screened: Screened, room: FloatArray) -> list[Failure]:
    """Report days beyond today; ``room`` is how many days each episode has had."""
    past = np.where(room >= 0, room, np.nan)  # a future index date has its own failure
    ends = screened.typed["episodes"]["follow_up_end_day"].to_numpy(dtype=np.float64)
    failures = _late(screened, "episodes", "follow_up_end_day", ends, past)
    for name in _DATED:
        frame = screened.typed[name]
        if len(frame):
            allowed = np.append(past, np.nan)[screened.owners[name]]
            days = frame["day"].to_numpy(dtype=np.float64)
            failures += _late(screened, name, "day", days, allowed)
    return failures


def _late(
    screened: Screened, table: str, column: str, days: FloatArray, allowed: FloatArray
) -> list[Failure]:
    places = np.flatnonzero(days > allowed)
    if not places.size:
        return []
    rows = screened.rows(table)
    return [
        rows.place(_to_come(table, column, days[i], days[i] - allowed[i]), i)
        for i in map(int, places)
    ]


def _to_come(table: str, column: str, day: float, beyond: float) -> Failure:
    text = f"day {day:g} after the index date is {beyond:g} days from now"
    return Failure(table, None, column, float(day), "date_order", text, "warning")


def _after_death(screened: Screened, begins: np.ndarray) -> list[Failure]:
    """Report episodes that begin after a death recorded in another episode of the patient."""
    died, place = _deaths(screened)
    patients = screened.typed["episodes"]["patient_id"]
    if not died.any():
        return []
    owner = screened.owners["events"]
    who = pd.factorize(patients.to_numpy(dtype=object))[0]
    events = screened.typed["events"]
    days = events["day"].to_numpy(dtype=np.float64)[place].astype("timedelta64[D]")
    dates = begins[owner[place]] + days
    first = _first_death(who, who[owner[place]], dates)
    late = np.flatnonzero(begins > first)
    if not late.size:
        return []
    rows = screened.rows("episodes")
    gaps = _days(begins - first)
    return [rows.place(_impossible(begins[i], gaps[i]), i) for i in map(int, late)]


def _impossible(begin: np.datetime64, gap: float) -> Failure:
    text = f"the episode begins {gap:g} days after the death of the patient in another episode"
    return Failure("episodes", None, "index_date", str(begin), "date_order", text)


def _deaths(screened: Screened) -> tuple[BoolArray, IntArray]:
    """Return which events are deaths with a day and an episode that has a date, and their rows."""
    events = screened.typed["events"]
    died = (events["event"] == "death").to_numpy(dtype=bool) & events["day"].notna().to_numpy()
    died = died & (screened.owners["events"] >= 0)
    return died, np.flatnonzero(died)


def _first_death(who: IntArray, dead: IntArray, dates: np.ndarray) -> np.ndarray:
    """Return for each episode the day its patient first died, NaT where nobody did."""
    known = (dead >= 0) & ~np.isnat(dates)
    never = np.iinfo(np.int64).max
    first = np.full(int(who.max(initial=-1)) + 2, never)
    np.minimum.at(first, dead[known], dates[known].astype(np.int64))
    of_episode = np.where(who >= 0, first[who], never)
    days = of_episode.astype("datetime64[D]")
    days[of_episode == never] = np.datetime64("NaT")
    return days
