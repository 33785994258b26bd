"""Dated facts of every episode: fractures, death, loss, crossover, and where bones broke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.simulate.draws import day_limits, flip, whole_days
from vfprog.simulate.fracture import BOTTOM, TOP, region_shares
from vfprog.simulate.hazards import YEAR, Hazards, disc_leak

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.patients import Patients


@dataclass(frozen=True)
class Course:
    """Days of what happens to n episodes, infinity where a thing never does.

    Parameters
    ----------
    fracture : ndarray of float, shape (n, 2)
        First and second new fracture.
    death : ndarray of float, shape (n,)
        Death.
    lost : ndarray of float, shape (n,)
        Loss to follow-up.
    end : ndarray of float, shape (n,)
        Administrative end of follow-up.
    """

    fracture: FloatArray
    death: FloatArray
    lost: FloatArray
    end: FloatArray

    def sees(self, day: FloatArray) -> BoolArray:
        """Return whether a living patient is still under observation on a day."""
        return (day < self.death) & (day < self.lost) & (day <= self.end)


def course_of(
    waiting: FloatArray,
    patients: Patients,
    hazard: Hazards,
    end: FloatArray,
    config: SimulationConfig,
) -> Course:
    """Return the dates of every episode.

    Parameters
    ----------
    waiting : ndarray of float, shape (n, 4)
        Standard exponential draws: first and further fracture, death, loss.
    patients : Patients
        After the procedure.
    hazard : Hazards
        Rates of fracture and death.
    end : ndarray of float, shape (n,)
        Administrative end of follow-up.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    Course
        The dates; a fracture never follows death.
    """
    again = config["fracture.again"]
    first = waiting[:, 0] / hazard.fracture
    gap = waiting[:, 1] / np.maximum(hazard.fracture * again, 1e-300)
    death_amount = waiting[:, 2] / hazard.death
    amounts = np.stack([first, first + gap], axis=1)
    days = np.where(amounts < death_amount[:, None], hazard.day_of(amounts), np.inf)
    lost = _lost(waiting[:, 3], patients, config)
    return Course(days, hazard.day_of(death_amount), lost, end)


def event_rows(
    rng: np.random.Generator,
    patients: Patients,
    course: Course,
    month_pain: FloatArray,
    config: SimulationConfig,
) -> Columns:
    """Return all events a registry sees, as columns ordered by episode and day.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    patients : Patients
        After the procedure.
    course : Course
        The dates.
    month_pain : ndarray of float, shape (n,)
        Pain at a month, which drives crossover.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    dict of str to ndarray
        ``owner``, ``day``, ``event`` (its place in the registry's list) and ``level`` (-1 = none).
    """
    n, everybody = patients.n, np.arange(patients.n, dtype=np.float64)
    crossing, repeat = _second_procedures(rng, patients, month_pain, config)
    stop = np.minimum(course.lost, course.end)
    seen = [
        np.where(course.fracture[:, 0] <= stop, course.fracture[:, 0], np.inf),
        np.where(course.fracture[:, 1] <= stop, course.fracture[:, 1], np.inf),
        np.where(course.death <= stop, course.death, np.inf),
        np.where((course.lost < course.death) & (course.lost <= course.end), course.lost, np.inf),
        np.where(course.sees(crossing), crossing, np.inf),
        np.where(course.sees(repeat), repeat, np.inf),
    ]
    levels = [_level(rng, patients, config), _level(rng, patients, config)]
    levels += [np.full(n, -1.0)] * 4
    day, owner = np.concatenate(seen), np.tile(everybody, len(seen))
    event = np.repeat(np.array([0.0, 0.0, 1.0, 2.0, 3.0, 4.0]), n)
    rows = np.flatnonzero(np.isfinite(day))
    # On one day what was done or broke comes before death and loss.
    final = np.isin(event[rows], (1.0, 2.0))
    rows = rows[np.lexsort((final, day[rows], owner[rows]))]
    level = np.concatenate(levels)
    return {"owner": owner[rows], "day": day[rows], "event": event[rows], "level": level[rows]}


def _lost(waiting: FloatArray, patients: Patients, config: SimulationConfig) -> FloatArray:
    x, o = patients.episodes, config.section("other_event")
    years = x["age_years"] - config["reference.age_years"]
    rate = o["lost_rate"] * np.exp(o["lost_age"] * years + o["lost_inpatient"] * x["inpatient"])
    with np.errstate(divide="ignore"):
        return np.ceil(waiting * YEAR / (rate * config["dropout"]))


def _second_procedures(
    rng: np.random.Generator, patients: Patients, month_pain: FloatArray, config: SimulationConfig
) -> tuple[FloatArray, FloatArray]:
    """Return days of crossover (painful conservative care) and of a repeat procedure."""
    n, o = patients.n, config.section("other_event")
    treated = patients.episodes["vertebroplasty"] == 1
    painful = month_pain >= o["crossover_pain"]
    crosses = (flip(rng, o["crossover"], n) == 1) & ~treated & painful
    repeats = (flip(rng, o["repeat"], n) == 1) & treated
    crossing = np.where(crosses, whole_days(rng, day_limits(o, "crossover"), n), np.inf)
    return crossing, np.where(repeats, whole_days(rng, day_limits(o, "repeat"), n), np.inf)


def _level(rng: np.random.Generator, patients: Patients, config: SimulationConfig) -> FloatArray:
    """Return where a new fracture lies: a neighbour of the index vertebrae, or further off."""
    f, n = config.section("fracture"), patients.n
    level, owner = patients.vertebrae["level"].astype(np.intp), patients.owner
    upper, lower = np.full(n, BOTTOM), np.full(n, TOP)
    np.minimum.at(upper, owner, level)
    np.maximum.at(lower, owner, level)
    below = rng.random(n) < 0.5
    neighbour = np.where((below & (lower < BOTTOM)) | (upper == TOP), lower + 1, upper - 1)
    near = rng.random(n) < f["adjacent"] + f["adjacent_disc_leak"] * disc_leak(patients)
    # Distant: draw from the levels beyond the neighbours by leaving those out of the shares.
    edges = np.concatenate([[0.0], np.cumsum(region_shares(config.section("vertebra")))])
    left = edges[np.maximum(upper - 1, 0)]
    gap = edges[np.minimum(lower + 2, BOTTOM + 1)] - left
    at = rng.random(n) * (edges[-1] - gap)
    far = np.searchsorted(edges, np.where(at < left, at, at + gap), side="right") - 1
    return np.where(near, neighbour, np.clip(far, TOP, BOTTOM)).astype(np.float64)
