"""Episodes drawn together, with their potential outcomes; batches joined patient by patient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vfprog.simulate.events import Course
from vfprog.simulate.patients import Patients
from vfprog.simulate.procedure import ARMS, plan, under
from vfprog.simulate.worlds import World, draw_chance, received, world

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.people import Sites
    from vfprog.simulate.schedule import Schedule


@dataclass(frozen=True)
class Batch:
    """Episodes of which no patient has two, with all that was drawn for them.

    Parameters
    ----------
    seen : World
        What happened under the treatment received.
    entry : ndarray of float, shape (n,)
        Day of entry since the registry opened.
    person : ndarray of int, shape (n,)
        Position of the patient.
    truth : dict of str to ndarray of float, shape (n,)
        True risks and potential outcomes.
    """

    seen: World
    entry: FloatArray
    person: IntArray
    truth: Columns


def follow(
    streams: Sequence[np.random.Generator],
    patients: Patients,
    arm: IntArray,
    who: tuple[IntArray, FloatArray, FloatArray],
    schedule: Schedule,
    config: SimulationConfig,
    sites: Sites,
    arms: Sequence[int],
) -> Batch:
    """Return what becomes of patients after the decision, and what would have become of them.

    Parameters
    ----------
    streams : sequence of numpy.random.Generator
        Sources of randomness for procedure, events, pain and heights: a switch of one part leaves
        the draws of the others as they were.
    patients : Patients
        Before the decision.
    arm : ndarray of int, shape (n,)
        Treatment received, as its place in `ARMS`.
    who : tuple of ndarray
        Position of the patient, day of entry and end of follow-up.
    schedule : Schedule
        The visits.
    config : SimulationConfig
        Parameters.
    sites : Sites
        Sites with their effects.
    arms : sequence of int
        Treatments whose potential outcomes and true risks are wanted, those received among them;
        none if what happens is enough.

    Returns
    -------
    Batch
        The episodes.
    """
    procedure_rng, *chance_rngs = streams
    person, entry, end = who
    planned = plan(procedure_rng, patients, config)
    chance = draw_chance(chance_rngs, patients, schedule, config)

    def live(arm: IntArray, *, risks: bool) -> World:
        given = under(patients, planned, arm)
        return world(given, chance, end, schedule, config, sites, risks=risks)

    if not arms:
        return Batch(live(arm, risks=False), entry, person, {})
    worlds = {a: live(np.full(patients.n, a), risks=True) for a in arms}
    seen = received(worlds, arm)
    truth = {f"risk_{name}": risk for name, risk in seen.risks.items()}
    for a, other in worlds.items():
        truth |= {f"risk_{name}_{ARMS[a]}": risk for name, risk in other.risks.items()}
    for a, other in worlds.items():
        truth |= {f"{name}_{ARMS[a]}": event for name, event in other.outcomes.items()}
    return Batch(seen, entry, person, truth)


def closed(first: Batch, rows: IntArray, gap: FloatArray) -> Batch:
    """Return first episodes, some of them closed on the day before a second one begins."""
    end = first.seen.course.end.copy()
    end[rows] = np.minimum(end[rows], gap - 1)
    course = replace(first.seen.course, end=end)
    return replace(first, seen=replace(first.seen, course=course))


def joined(batches: list[Batch]) -> Batch:
    """Return all episodes as one batch, those of one patient next to each other."""
    person = np.concatenate([b.person for b in batches])
    order = np.argsort(person, kind="stable")
    place = np.argsort(order, kind="stable")
    start = np.cumsum([0] + [b.seen.patients.n for b in batches[:-1]])
    parts = zip(batches, start, strict=True)
    owner = np.concatenate([place[b.seen.patients.owner + s] for b, s in parts])
    by_owner = np.argsort(owner, kind="stable")

    def rows(pick: Callable[[World], FloatArray], index: IntArray = order) -> FloatArray:
        return np.concatenate([pick(b.seen) for b in batches])[index]

    def columns(pick: Callable[[Batch], Columns], index: IntArray = order) -> Columns:
        parts = [pick(b) for b in batches]
        return {name: np.concatenate([p[name] for p in parts])[index] for name in parts[0]}

    seen = World(
        Patients(
            columns(lambda b: b.seen.patients.episodes),
            columns(lambda b: b.seen.patients.vertebrae, by_owner),
            owner[by_owner],
        ),
        Course(
            rows(lambda w: w.course.fracture),
            rows(lambda w: w.course.death),
            rows(lambda w: w.course.lost),
            rows(lambda w: w.course.end),
        ),
        pain=rows(lambda w: w.pain),
        vas=rows(lambda w: w.vas),
        readings=rows(lambda w: w.readings, by_owner),
        visit_day=rows(lambda w: w.visit_day),
        film_day=rows(lambda w: w.film_day),
        risks=columns(lambda b: b.seen.risks),
        outcomes=columns(lambda b: b.seen.outcomes),
    )
    entry = np.concatenate([b.entry for b in batches])[order]
    return Batch(seen, entry, person[order], columns(lambda b: b.truth))
