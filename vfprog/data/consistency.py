"""Rules that tie values together: keys, days against death and follow-up, angles, cement."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.errors import Failure, Severity
from vfprog.features.procedure import OF_CEMENT, cement_untreated

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray
    from vfprog.schema.dictionary import Dictionary

# Pelvic incidence is the sum of tilt and slope; reading errors of three angles stay below this.
PELVIC_TOLERANCE_DEG = 10.0
_DATED = ("visits", "heights", "events")
_KEYED = ("vertebrae", *_DATED)


def check_consistency(tables: dict[str, pd.DataFrame], dictionary: Dictionary) -> list[Failure]:
    """Find values that contradict each other.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        The five typed tables.
    dictionary : Dictionary
        The predictors of the registry, for the order of levels.

    Returns
    -------
    list of Failure
        Everything found, rule by rule.
    """
    keys = pd.Index(tables["episodes"]["episode_id"].astype(object))
    first = pd.Series(range(len(keys)), index=keys)
    first = first[first.index.notna() & ~first.index.duplicated()]
    # Position of each row's episode; missing where the key is missing or broken.
    owners = {name: tables[name]["episode_id"].astype(object).map(first) for name in _KEYED}
    return [
        *_check_keys(tables, owners),
        *_check_vertebrae(tables, owners, dictionary),
        *_check_days(tables, owners),
        *_check_deaths(tables, owners),
        *_check_pelvis(tables["episodes"]),
    ]


def _failures(
    table: str,
    rows: pd.DataFrame,
    column: str,
    rule: str,
    message: str,
    severity: Severity = "error",
) -> list[Failure]:
    """Make one failure per row; ``message`` may name columns of the row."""
    named = [name for _, name, _, _ in Formatter().parse(message) if name]
    values = {name: rows[name].tolist() for name in {*named, column, "episode_id"}}
    absent = rows["episode_id"].isna()
    failures = []
    for place, (number, is_absent) in enumerate(zip(rows.index, absent, strict=True)):
        record = {name: values[name][place] for name in named}
        label = int(number) if is_absent else values["episode_id"][place]
        text = message.format(**record)
        value = values[column][place]
        failures.append(Failure(table, label, column, value, rule, text, severity, int(number)))
    return failures


def _check_keys(
    tables: dict[str, pd.DataFrame], owners: dict[str, pd.Series[Any]]
) -> list[Failure]:
    episodes = tables["episodes"]
    keys = episodes["episode_id"].astype(object)
    text = "the episode {episode_id!r} stands more than once"
    twice = episodes[keys.notna() & keys.duplicated()]
    failures = _failures("episodes", twice, "episode_id", "duplicate_id", text)
    for name, owner in owners.items():
        lost = tables[name][owner.isna() & tables[name]["episode_id"].notna()]
        text = "no episode is called {episode_id!r}"
        failures += _failures(name, lost, "episode_id", "broken_key", text)
    return failures


def _check_vertebrae(
    tables: dict[str, pd.DataFrame], owners: dict[str, pd.Series[Any]], dictionary: Dictionary
) -> list[Failure]:
    frame, owner = tables["vertebrae"], owners["vertebrae"]
    failures: list[Failure] = []
    if "level" in frame:
        known = owner.notna() & frame["level"].notna()
        names = dict(enumerate(dictionary["level"].levels))
        place = pd.DataFrame({"owner": owner, "level": frame["level"]})
        twice = frame[known & place.duplicated()].assign(level=lambda f: f["level"].map(names))
        text = "the vertebra {level} stands more than once in one episode"
        failures += _failures("vertebrae", twice, "level", "duplicate_level", text)
    if "treated" not in frame:
        return failures
    treated = frame["treated"].to_numpy(dtype=np.float64)
    for column in OF_CEMENT:
        if column in frame:
            given = frame[column].to_numpy(dtype=np.float64)
            cemented = frame[cement_untreated(given, treated)]
            text = f"{column} is given for a vertebra that was not treated"
            failures += _failures(
                "vertebrae", cemented, column, "untreated_cement", text, "warning"
            )
    arms = tables["episodes"]["treatment"].astype(object).to_numpy()
    idle = np.isin(arms, ["conservative", "sham"]).astype(np.float64)
    odd = frame[(frame["treated"] == 1) & (_of_owner(idle, owner) == 1)]
    text = "the vertebra is called treated, but the episode is not one of vertebroplasty"
    return failures + _failures("vertebrae", odd, "treated", "treatment_conflict", text, "warning")


def _of_owner(values: FloatArray, owner: pd.Series[Any]) -> FloatArray:
    """Return the episode's value for each row, NaN where it has no episode."""
    places = owner.fillna(-1).to_numpy(dtype=np.intp)
    taken: FloatArray = np.append(values, np.nan)[places]
    return taken


def _check_days(
    tables: dict[str, pd.DataFrame], owners: dict[str, pd.Series[Any]]
) -> list[Failure]:
    last_days = tables["episodes"]["follow_up_end_day"].to_numpy(dtype=np.float64)
    failures: list[Failure] = []
    for name in _DATED:
        frame = tables[name]
        early = frame[frame["day"] < 0]
        text = "day {day:g} lies before the index date"
        failures += _failures(name, early, "day", "before_index", text, "warning")
        last = _of_owner(last_days, owners[name])
        late = frame.assign(last=last)[frame["day"] > last]
        text = "day {day:g} lies after the end of follow-up on day {last:g}"
        failures += _failures(name, late, "day", "after_follow_up", text, "warning")
    return failures


def _check_deaths(
    tables: dict[str, pd.DataFrame], owners: dict[str, pd.Series[Any]]
) -> list[Failure]:
    events, owner = tables["events"], owners["events"]
    died = (events["event"] == "death") & owner.notna()
    again = events[died][owner[died].duplicated()]
    text = "the episode has more than one death"
    failures = _failures("events", again, "event", "duplicate_death", text)
    death_days = np.full(len(tables["episodes"]), np.inf)
    places = owner[died].to_numpy(dtype=np.intp)
    np.fmin.at(death_days, places, events["day"][died].to_numpy(dtype=np.float64))
    for name in _DATED:
        death = _of_owner(death_days, owners[name])
        late = tables[name].assign(death=death)[tables[name]["day"] > death]
        text = "day {day:g} lies after the death on day {death:g}"
        failures += _failures(name, late, "day", "after_death", text)
    return failures


def _check_pelvis(episodes: pd.DataFrame) -> list[Failure]:
    columns = ["pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg"]
    if not set(columns) <= set(episodes.columns):
        return []
    incidence, tilt, slope = (episodes[column] for column in columns)
    gap = incidence - tilt - slope
    odd = episodes[gap.abs() > PELVIC_TOLERANCE_DEG]
    text = (
        "pelvic incidence should be the sum of pelvic tilt and sacral slope, but "
        "{pelvic_incidence_deg:g} is not {pelvic_tilt_deg:g} + {sacral_slope_deg:g}"
    )
    return _failures("episodes", odd, columns[0], "pelvic_identity", text, "warning")
