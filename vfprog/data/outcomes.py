"""Outcomes of episodes: known or not, event or not, and when; weights are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.events import first_fracture
from vfprog.data.followup import Assessment, FollowUp, follow_up, numbers, positions
from vfprog.data.heights import assess_heights
from vfprog.data.pain import assess_pain, baseline_exclusions
from vfprog.errors import TrainingError

if TYPE_CHECKING:
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.schema.endpoints import Endpoint

CENSORED, EVENT, DIED = 0, 1, 2


@dataclass(frozen=True)
class Outcome:
    """Outcome of n episodes at the horizon.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        Dated outcomes: day of event, death or end of observation, at most the horizon. Assessed
        outcomes: day of the assessment, of death, or of the end of observation.
    observed : ndarray of bool, shape (n,)
        Whether the outcome at the horizon is known.
    event : ndarray of bool, shape (n,)
        The outcome; False where not observed.
    status : ndarray of int, shape (n,)
        1 event, 2 death that settles the outcome as "no", 0 everything else: observed "no",
        censored, not assessed.
    assessed_kind : bool
        True for outcomes seen at a visit or on a film (weighted by the inverse probability of
        being assessed), False for dated ones (weighted by 1 / G).
    settled : ndarray of bool, shape (n,), optional
        Assessed outcomes known without an assessment; default: those with status 2.
    """

    time: FloatArray
    observed: BoolArray
    event: BoolArray
    status: IntArray
    assessed_kind: bool
    settled: BoolArray | None = None

    def take(self, rows: IntArray) -> Outcome:
        """Return the outcomes at the given positions, which may repeat."""
        settled = None if self.settled is None else self.settled[rows]
        return Outcome(self.time[rows], self.observed[rows], self.event[rows], self.status[rows],
                       self.assessed_kind, settled)  # fmt: skip

    @property
    def known_unassessed(self) -> BoolArray:
        """The episodes whose outcome is known whether or not anybody assessed it."""
        return self.status == DIED if self.settled is None else self.settled


@dataclass(frozen=True)
class DerivedOutcome:
    """Outcomes of all episodes of a registry, and which of them an endpoint may use.

    Parameters
    ----------
    outcome : Outcome
        Arrays in the order of ``registry.episodes``.
    exclusions : tuple of (str, str, ndarray of bool)
        Step of the participant flow, reason, and the episodes excluded there, in order.
    intercurrent : ndarray of bool, shape (n,)
        Episodes with a crossover or repeat procedure by the horizon.
    notes : tuple of str
        What a reader of the results must know.
    """

    outcome: Outcome
    exclusions: tuple[tuple[str, str, BoolArray], ...]
    intercurrent: BoolArray
    notes: tuple[str, ...] = ()


def derive_outcome(registry: Registry, endpoint: Endpoint) -> DerivedOutcome:
    """Return the outcome of every episode by the rule of one endpoint.

    An outcome the registry coded itself under the endpoint's name takes precedence; one coded
    under its family's name is used when the table the rule reads is empty.

    Parameters
    ----------
    registry : Registry
        A checked registry.
    endpoint : Endpoint
        Rule, horizon, and what death and intercurrent events mean.

    Returns
    -------
    DerivedOutcome
        Outcomes, exclusions and notes. Eligibility is not applied here.

    Raises
    ------
    TrainingError
        The endpoint is coded by the registry, and the registry has no such outcome.
    """
    facts = follow_up(registry)
    crossed = facts.intercurrent <= _horizon(endpoint)
    assessment = _assess(registry, endpoint)
    if assessment is not None:
        outcome = _assessed(endpoint, assessment, facts)
        return DerivedOutcome(outcome, assessment.exclusions, crossed, assessment.notes)
    fracture, exclusions, notes = first_fracture(registry, endpoint)
    outcome = _dated(endpoint, fracture, facts)
    late = int(((fracture <= _horizon(endpoint)) & (fracture > facts.end)).sum())
    if late:
        notes = (*notes, f"{late} fractures after loss to or end of follow-up do not count")
    return DerivedOutcome(outcome, exclusions, crossed, (*facts.notes, *notes))


def _horizon(endpoint: Endpoint) -> float:
    """Return the horizon; where none is stated nothing can be placed before it."""
    return -np.inf if endpoint.horizon_days is None else float(endpoint.horizon_days)


def _assess(registry: Registry, endpoint: Endpoint) -> Assessment | None:
    """Return what was assessed or coded; None for a dated outcome."""
    name = _coded_name(registry, endpoint)
    if name is not None:
        return _coded(registry, endpoint, name)
    if endpoint.kind == "coded":
        raise TrainingError(
            f"{endpoint.name}: the registry must code this outcome itself; its mapping names none"
        )
    if endpoint.kind == "pain":
        return assess_pain(registry, endpoint)
    return assess_heights(registry, endpoint) if endpoint.kind == "height" else None


def _coded_name(registry: Registry, endpoint: Endpoint) -> str | None:
    if registry.outcomes is None:
        return None
    there = set(registry.outcomes["endpoint"])
    if endpoint.name in there:
        return endpoint.name
    tables = {"pain": registry.visits, "height": registry.heights, "event": registry.events}
    # The registry's own definition cannot stand for a variant that its tables can tell.
    if endpoint.family in there and endpoint.kind in tables and tables[endpoint.kind].empty:
        return endpoint.family
    return None


def _coded(registry: Registry, endpoint: Endpoint, name: str) -> Assessment:
    if registry.outcomes is None:
        raise TrainingError(f"{endpoint.name}: the registry has no coded outcomes")
    table = registry.outcomes[registry.outcomes["endpoint"] == name]
    value = np.full(len(registry.episodes), np.nan)
    np.fmax.at(value, positions(registry, table), numbers(table, "event"))
    known = ~np.isnan(value)
    exclusions: tuple[tuple[str, str, BoolArray], ...] = ()
    if endpoint.kind == "pain":
        # A response the registry coded needs no baseline, yet a low one still rules it out.
        exclusions = baseline_exclusions(registry, endpoint)[1:]
    return Assessment(
        np.where(known, float(endpoint.horizon_days or 0), np.nan),
        known,
        value == 1,
        exclusions,
        (f"outcome {name} as coded by the registry",),
    )


def _assessed(endpoint: Endpoint, seen: Assessment, facts: FollowUp) -> Outcome:
    """Combine an assessment with death and intercurrent events."""
    last = _horizon(endpoint) if endpoint.window_days is None else endpoint.window_days[1]
    crossed = _crossed(endpoint, seen, facts)
    died = ~seen.known & (facts.death <= last) & ~crossed
    composite = crossed & (endpoint.intercurrent == "composite")
    settled = composite | (died & (endpoint.death == "no_event"))
    observed = settled | (seen.known & ~crossed)
    event = np.where(composite, endpoint.family != "response", seen.event & seen.known & ~crossed)
    time = np.where(seen.known, seen.day, np.where(died, facts.death, facts.end))
    time = np.where(crossed, facts.intercurrent, time)
    status = np.where(event, EVENT, np.where(settled & died, DIED, CENSORED)).astype(np.intp)
    return Outcome(time, observed, event.astype(bool), status, assessed_kind=True, settled=settled)


def _crossed(endpoint: Endpoint, seen: Assessment, facts: FollowUp) -> BoolArray:
    """Return where a crossover decides: before the assessment, or by the horizon without one."""
    if endpoint.intercurrent == "treatment_policy":
        return np.zeros(len(seen.known), dtype=bool)
    before = np.where(
        seen.known,
        facts.intercurrent < np.nan_to_num(seen.day),
        facts.intercurrent <= _horizon(endpoint),
    )
    return (before & (facts.intercurrent <= facts.death)).astype(bool)


def _dated(endpoint: Endpoint, fracture: FloatArray, facts: FollowUp) -> Outcome:
    """Return the first of event, death and end of observation, seen from the horizon.

    On one day an event comes before death, and both before censoring. What happened after the
    end of observation does not count: only those who had it would be seen.
    """
    never = np.full(len(fracture), np.inf)
    crossed = facts.intercurrent
    hit = np.minimum(fracture, crossed if endpoint.intercurrent == "composite" else never)
    end = np.minimum(facts.end, crossed if endpoint.intercurrent == "censor" else never)
    death = facts.death if endpoint.death == "no_event" else never
    end = np.minimum(end, facts.death if endpoint.death == "censor" else never)
    horizon = _horizon(endpoint)
    event = (hit <= horizon) & (hit <= death) & (hit <= end)
    died = ~event & (death <= horizon) & (death <= end)
    observed = event | died | (end >= horizon)
    time = np.where(event, hit, np.where(died, death, np.minimum(end, horizon)))
    status = np.where(event, EVENT, np.where(died, DIED, CENSORED)).astype(np.intp)
    return Outcome(time, observed, event, status, assessed_kind=False)
