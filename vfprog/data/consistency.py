"""Rules that tie values together: keys, days against death and follow-up, angles, cement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.errors import Failure, Severity

if TYPE_CHECKING:
    from vfprog.schema.dictionary import Dictionary

# Pelvic incidence is the sum of tilt and slope; reading errors of three angles stay below this.
PELVIC_TOLERANCE_DEG = 10.0
_DATED = ("visits", "heights", "events")


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
    return [
        *_check_keys(tables),
        *_check_vertebrae(tables, dictionary),
        *_check_days(tables),
        *_check_deaths(tables),
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
    keys = zip(rows["episode_id"], rows["episode_id"].isna(), rows.index, strict=True)
    labels = [int(number) if absent else key for key, absent, number in keys]
    return [
        Failure(table, label, column, record[column], rule, message.format(**record), severity)
        for label, record in zip(labels, rows.to_dict("records"), strict=True)
    ]


def _check_keys(tables: dict[str, pd.DataFrame]) -> list[Failure]:
    keys = tables["episodes"]["episode_id"]
    twice = tables["episodes"][keys.notna() & keys.duplicated()]
    text = "the episode {episode_id!r} stands more than once"
    failures = _failures("episodes", twice, "episode_id", "duplicate_id", text)
    for name in ("vertebrae", *_DATED):
        own = tables[name]["episode_id"]
        lost = tables[name][own.notna() & ~own.isin(keys)]
        text = "no episode is called {episode_id!r}"
        failures += _failures(name, lost, "episode_id", "broken_key", text)
    return failures


def _check_vertebrae(tables: dict[str, pd.DataFrame], dictionary: Dictionary) -> list[Failure]:
    frame = tables["vertebrae"]
    failures: list[Failure] = []
    if "level" in frame:
        place = ["episode_id", "level"]
        twice = frame[frame[place].notna().all(axis=1) & frame.duplicated(place)]
        names = dict(enumerate(dictionary["level"].levels))
        twice = twice.assign(level=twice["level"].map(names))
        text = "the vertebra {level} stands more than once in one episode"
        failures += _failures("vertebrae", twice, "level", "duplicate_level", text)
    if "treated" not in frame:
        return failures
    for column in ("cement_volume_ml", "cement_leakage"):
        if column in frame:
            cemented = frame[(frame["treated"] == 0) & (frame[column] > 0)]
            text = f"{column} is given for a vertebra that was not treated"
            failures += _failures(
                "vertebrae", cemented, column, "untreated_cement", text, "warning"
            )
    arm = frame["episode_id"].map(_by_episode(tables["episodes"], "treatment"))
    odd = frame.assign(arm=arm)[(frame["treated"] == 1) & arm.isin(["conservative", "sham"])]
    text = "the vertebra is called treated, but the treatment of the episode is {arm}"
    return failures + _failures("vertebrae", odd, "treated", "treatment_conflict", text, "warning")


def _by_episode(frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    single = frame.dropna(subset=["episode_id"]).drop_duplicates("episode_id")
    return single.set_index("episode_id")[column]


def _check_days(tables: dict[str, pd.DataFrame]) -> list[Failure]:
    last_days = _by_episode(tables["episodes"], "follow_up_end_day")
    failures: list[Failure] = []
    for name in _DATED:
        frame = tables[name]
        early = frame[frame["day"] < 0]
        text = "day {day:g} lies before the index date"
        failures += _failures(name, early, "day", "before_index", text, "warning")
        dated = frame.assign(last=frame["episode_id"].map(last_days).astype("float64"))
        text = "day {day:g} lies after the end of follow-up on day {last:g}"
        late = dated[dated["day"] > dated["last"]]
        failures += _failures(name, late, "day", "after_follow_up", text, "warning")
    return failures


def _check_deaths(tables: dict[str, pd.DataFrame]) -> list[Failure]:
    deaths = tables["events"][tables["events"]["event"] == "death"]
    again = deaths[deaths["episode_id"].notna() & deaths["episode_id"].duplicated()]
    text = "the episode has more than one death"
    failures = _failures("events", again, "event", "duplicate_death", text)
    death_day = _by_episode(deaths.sort_values("day"), "day")
    for name in _DATED:
        frame = tables[name]
        dated = frame.assign(death=frame["episode_id"].map(death_day).astype("float64"))
        text = "day {day:g} lies after the death on day {death:g}"
        late = dated[dated["day"] > dated["death"]]
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
