"""Potential outcomes: what happens to everybody under each treatment, by one and the same chance.

Treatment moves means and rates, never a draw. A patient's outcome is therefore that of the world
of the treatment received (consistency), and two worlds differ by nothing but the treatment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vfprog.simulate.draws import any_of, day_limits, normal, whole_days
from vfprog.simulate.events import Course, course_of
from vfprog.simulate.fracture import read_height
from vfprog.simulate.hazards import YEAR, hazards
from vfprog.simulate.heights import LOSS_THRESHOLD, expected_log_loss, height_risk, true_heights
from vfprog.simulate.pain import (
    RESPONSE_DAY,
    RESPONSE_FALL,
    pain_course,
    recorded_pain,
    response_risk,
)
from vfprog.simulate.patients import Patients
from vfprog.simulate.schedule import FILM_DAYS, FILMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.pain import PainCourse
    from vfprog.simulate.people import Sites
    from vfprog.simulate.schedule import Schedule

ENDPOINTS = ("response", "height_loss", "new_fracture")


@dataclass(frozen=True)
class Chance:
    """All that is drawn after the decision, for n patients with m vertebrae, k visits, 3 films.

    Parameters
    ----------
    waiting : ndarray of float, shape (n, 4)
        Standard exponential: first and further fracture, death, loss.
    healing : ndarray of float, shape (n,)
        Uniform: when the fracture heals.
    lasting : ndarray of float, shape (n,)
        Standard normal: how pain goes on beyond what is known.
    passing : ndarray of float, shape (n, k)
        Standard normal: fluctuation of pain from visit to visit.
    loss : ndarray of float, shape (m,)
        Standard normal: further height loss.
    reading : ndarray of float, shape (m, 3)
        Standard normal: error of the films.
    visit_day, film_day : ndarray of float, shapes (n, k) and (n, 3)
        Days on which visits and films take place.
    """

    waiting: FloatArray
    healing: FloatArray
    lasting: FloatArray
    passing: FloatArray
    loss: FloatArray
    reading: FloatArray
    visit_day: FloatArray
    film_day: FloatArray


@dataclass(frozen=True)
class World:
    """What happens to n patients with m vertebrae under given treatments.

    Parameters
    ----------
    patients : Patients
        The patients, with the values of their procedure.
    course : Course
        Dates of what happens.
    pain, vas : ndarray of float, shape (n, k)
        Pain at the visits without new fractures and unbounded, and as it would be written down.
    readings : ndarray of float, shape (m, 3)
        Height loss as films would show it.
    visit_day, film_day : ndarray of float, shapes (n, k) and (n, 3)
        Days on which visits and films take place.
    risks, outcomes : dict of str to ndarray of float, shape (n,)
        By endpoint, the true risk and whether it comes true, in those who are all followed.
    """

    patients: Patients
    course: Course
    pain: FloatArray
    vas: FloatArray
    readings: FloatArray
    visit_day: FloatArray
    film_day: FloatArray
    risks: Columns
    outcomes: Columns


def draw_chance(
    streams: Sequence[np.random.Generator],
    patients: Patients,
    schedule: Schedule,
    config: SimulationConfig,
) -> Chance:
    """Return all draws of what comes after the decision.

    Parameters
    ----------
    streams : sequence of numpy.random.Generator
        Three sources of randomness: for events, pain and heights.
    patients : Patients
        The patients.
    schedule : Schedule
        The visits.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    Chance
        The draws.
    """
    events, pain, height = streams
    n, m, k, s = patients.n, len(patients.owner), len(schedule.days), config.section("schedule")
    films = [whole_days(height, day_limits(s, film), n) for film in FILMS]
    windows = zip(schedule.first, schedule.last, strict=True)
    visits = [whole_days(pain, (int(first), int(last)), n) for first, last in windows]
    return Chance(
        waiting=events.standard_exponential((n, 4)),
        healing=pain.random(n),
        lasting=pain.standard_normal(n),
        passing=pain.standard_normal((n, k)),
        loss=height.standard_normal(m),
        reading=normal(height, m * len(FILMS)).reshape(m, len(FILMS)),
        visit_day=np.stack(visits, axis=1),
        film_day=np.stack(films, axis=1),
    )


def world(
    patients: Patients,
    chance: Chance,
    end: FloatArray,
    schedule: Schedule,
    config: SimulationConfig,
    sites: Sites,
    *,
    risks: bool = True,
) -> World:
    """Return what happens to patients under the treatment they are given.

    Parameters
    ----------
    patients : Patients
        From `vfprog.simulate.procedure.under`.
    chance : Chance
        The draws.
    end : ndarray of float, shape (n,)
        Administrative end of follow-up.
    schedule : Schedule
        The visits.
    config : SimulationConfig
        Parameters.
    sites : Sites
        Sites with their effects.
    risks : bool
        Whether the true risks are computed, too.

    Returns
    -------
    World
        Outcomes, and their true risks.
    """
    hazard = hazards(patients, config, sites)
    course = course_of(chance.waiting, patients, hazard, end, config)
    expected = pain_course(patients, config, sites)
    pain = _pain(patients, expected, chance, config)
    broken = course.fracture[:, :1] <= chance.visit_day
    step = patients.episodes["pain_step"][:, None]
    vas = recorded_pain(pain + config["pain.new_fracture"] * broken, step)
    log_loss = expected_log_loss(patients, config, sites)
    readings = _readings(patients, log_loss, chance, config)
    true = {
        "response": response_risk(patients, expected, hazard, config),
        "height_loss": height_risk(patients, log_loss, hazard, config),
        "new_fracture": hazard.fracture_by(YEAR),
    } if risks else {}  # fmt: skip
    happened = World(patients, course, pain, vas, readings, chance.visit_day, chance.film_day,
                     true, {})  # fmt: skip
    return replace(happened, outcomes=_outcomes(happened, schedule))


def received(worlds: Mapping[int, World], arm: IntArray) -> World:
    """Return for each patient the world of the treatment received.

    Parameters
    ----------
    worlds : mapping of int to World
        Worlds by place of the treatment in `vfprog.simulate.procedure.ARMS`.
    arm : ndarray of int, shape (n,)
        Treatment of each patient, each with a world.

    Returns
    -------
    World
        The world that is seen.
    """
    arms = list(worlds)
    seen = worlds[arms[0]]
    for other in arms[1:]:
        seen = _where(arm == other, worlds[other], seen)
    return seen


def _where(flag: BoolArray, yes: World, no: World) -> World:
    """Return a world that is one where flagged and another elsewhere."""
    owner = no.patients.owner
    of_vertebra = flag[owner]

    def pick(a: FloatArray, b: FloatArray, flag: BoolArray = flag) -> FloatArray:
        return b if a is b else np.where(flag if b.ndim == 1 else flag[:, None], a, b)

    def columns(a: Columns, b: Columns, flag: BoolArray = flag) -> Columns:
        return {name: pick(a[name], b[name], flag) for name in b}

    return World(
        Patients(
            columns(yes.patients.episodes, no.patients.episodes),
            columns(yes.patients.vertebrae, no.patients.vertebrae, of_vertebra),
            owner,
        ),
        Course(
            pick(yes.course.fracture, no.course.fracture),
            pick(yes.course.death, no.course.death),
            pick(yes.course.lost, no.course.lost),
            no.course.end,
        ),
        pain=pick(yes.pain, no.pain),
        vas=pick(yes.vas, no.vas),
        readings=pick(yes.readings, no.readings, of_vertebra),
        visit_day=no.visit_day,
        film_day=no.film_day,
        risks=columns(yes.risks, no.risks),
        outcomes=columns(yes.outcomes, no.outcomes),
    )


def _pain(
    patients: Patients, expected: PainCourse, chance: Chance, config: SimulationConfig
) -> FloatArray:
    p = config.section("pain")
    own = expected.rest + p["course_sd"] * chance.lasting
    lasting = patients.episodes["true_pain"][:, None]
    share = expected.share(chance.visit_day, chance.healing)
    fluctuation = p["fluctuation_sd"] * chance.passing
    return np.asarray(share * lasting + own[:, None] + fluctuation, dtype=np.float64)


def _readings(
    patients: Patients, log_loss: FloatArray, chance: Chance, config: SimulationConfig
) -> FloatArray:
    loss = np.exp(log_loss + config["height.log_sd"] * chance.loss)
    heights = true_heights(patients, loss, config)
    return read_height(heights, config["vertebra.height_error"] * chance.reading)


def _outcomes(seen: World, schedule: Schedule) -> Columns:
    """Return whether each default endpoint comes true, were everybody followed."""
    x, v, course = seen.patients.episodes, seen.patients.vertebrae, seen.course
    month, year = schedule.place(RESPONSE_DAY), FILM_DAYS.index(YEAR)
    enough = x["vas_baseline"] >= RESPONSE_FALL
    fallen = x["vas_baseline"] - seen.vas[:, month] >= RESPONSE_FALL - 1e-9
    response = enough & fallen & (seen.visit_day[:, month] < course.death)
    cemented = seen.patients.of_owner("vertebroplasty") == 1
    start = np.where(cemented, seen.readings[:, 0], v["height_loss_pct"])
    lost = seen.readings[:, year] - start >= LOSS_THRESHOLD - 1e-9
    height = any_of(seen.patients.owner, lost, seen.patients.n) == 1
    return {
        "response": response.astype(np.float64),
        "height_loss": (height & (seen.film_day[:, year] < course.death)).astype(np.float64),
        "new_fracture": (course.fracture[:, 0] <= YEAR).astype(np.float64),
    }
