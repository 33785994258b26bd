"""Which Conditions are the fracture asked about: present, confirmed, and of one episode.

A chart lists old fractures beside the one that hurts. The youngest says when the episode began;
others belong to it where they began within a stated time of it. Whatever is left out is noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.times import moment_of, period_of
from vfprog.serving.fhir.values import codings, levels_of, listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from vfprog.serving.fhir.mapping import FhirMapping
    from vfprog.serving.fhir.resources import Placed
    from vfprog.serving.fhir.times import Moment

_TERMS = "http://terminology.hl7.org/CodeSystem/"
_STATES = {
    "clinicalStatus": (f"{_TERMS}condition-clinical", {"active", "recurrence", "relapse"}),
    "verificationStatus": (f"{_TERMS}condition-ver-status", {"confirmed"}),
}


@dataclass(frozen=True)
class Fracture:
    """A present fracture.

    Parameters
    ----------
    source : Placed
        The Condition.
    levels : tuple of str
        Its vertebrae; empty where none is named.
    onset : datetime.date or None
        When it began; None where that is not known to the day.
    element : str
        Name of the element that gives the onset.
    """

    source: Placed
    levels: tuple[str, ...]
    onset: date | None
    element: str


@dataclass(frozen=True)
class Fractures:
    """The fractures of a chart.

    Parameters
    ----------
    index : tuple of Fracture
        Those of the episode asked about.
    other_levels : frozenset of str
        Vertebrae only other fractures are of: old, healed, not confirmed.
    notes : tuple of str
        What was used where there is a choice, and what was left out.
    unused : tuple of str
        The Conditions that are no fracture of a vertebra.
    """

    index: tuple[Fracture, ...]
    other_levels: frozenset[str]
    notes: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def levels(self) -> frozenset[str]:
        """Vertebrae of the episode."""
        return frozenset(level for one in self.index for level in one.levels)

    @property
    def onset(self) -> date | None:
        """When the youngest fracture began; None where no day is known."""
        return max((one.onset for one in self.index if one.onset is not None), default=None)


def read_fractures(
    conditions: Iterable[Placed], mapping: FhirMapping, day: date, oldest_days: float
) -> Fractures:
    """Choose the fractures of the episode.

    Parameters
    ----------
    conditions : iterable of Placed
        All Conditions.
    mapping : FhirMapping
        Codes, levels and how long one episode may take.
    day : datetime.date
        Day of the prediction.
    oldest_days : float
        Age beyond which a fracture is none the models know.

    Returns
    -------
    Fractures
        The fractures, and notes of all that were left out.
    """
    notes: list[str] = []
    unused: list[str] = []
    present: list[Fracture] = []
    others: list[Fracture] = []
    for placed in conditions:
        if not _is_fracture(placed, mapping):
            code = listed(placed.resource.get("code"))
            unused.append(f"{placed.expression}.code: {code} is not used")
            continue
        found = _fracture(placed, mapping, day)
        reason = (
            _elsewhere(found, mapping)
            or _absent(placed.resource, day)
            or _too_old(found, day, oldest_days)
        )
        (present if reason is None else others).append(found)
        if reason is not None:
            notes.append(f"{placed.expression}: left out, {reason}")
    index, apart, said = _of_one_episode(present, mapping.same_episode_days)
    notes += [*said, *(note for one in index for note in _unknown(one))]
    levels = {level for one in index for level in one.levels}
    other = {level for one in (*others, *apart) for level in one.levels} - levels
    return Fractures(tuple(index), frozenset(other), tuple(notes), tuple(unused))


def _is_fracture(placed: Placed, mapping: FhirMapping) -> bool:
    codes = [mapping.fracture_of(coding) for coding in codings(placed.resource.get("code"))]
    known = [code for code in codes if code is not None]
    if known and all(code.any_bone for code in known):
        return bool(levels_of(placed.resource.get("bodySite"), mapping))
    return bool(known)


def _fracture(placed: Placed, mapping: FhirMapping, day: date) -> Fracture:
    element, onset = _onset(placed.resource)
    known = onset.day if onset is not None and onset.last <= day else None
    codes = [mapping.fracture_of(coding) for coding in codings(placed.resource.get("code"))]
    named = levels_of(placed.resource.get("bodySite"), mapping)
    meant = dict.fromkeys(code.level for code in codes if code is not None and code.level)
    return Fracture(placed, tuple(named or meant), known, element)


def _elsewhere(fracture: Fracture, mapping: FhirMapping) -> str | None:
    """Return why a fracture is of a vertebra the models do not know; None where it may be of one.

    A place in a code nobody knows here may be the neck; one in words, or of the whole spine, says
    too little to decide.
    """
    resource = fracture.source.resource
    if any(code is not None and code.elsewhere
           for code in map(mapping.fracture_of, codings(resource.get("code")))):  # fmt: skip
        return "its code is of no vertebra from T4 to L5"
    sites = resource.get("bodySite") or ()
    named = [coding for site in sites for coding in codings(site)]
    if named and not fracture.levels and not any(c in mapping.region_codes for c in named):
        return "its bodySite names no vertebra from T4 to L5"
    return None


def _onset(resource: dict[str, Any]) -> tuple[str, Moment | None]:
    if "onsetPeriod" in resource:
        return "onsetPeriod", period_of(resource["onsetPeriod"], end=False)
    return "onsetDateTime", moment_of(resource.get("onsetDateTime"))


def _absent(resource: dict[str, Any], day: date) -> str | None:
    """Return why a fracture is not present at a day; None where it is."""
    for name, (system, accepted) in _STATES.items():
        codes = {code for terms, code in codings(resource.get(name)) if terms == system}
        if resource.get(name) and not (codes and codes <= accepted):
            return f"no present, confirmed fracture by its {name}"
    onset = _onset(resource)[1]
    recorded = moment_of(resource.get("recordedDate"))
    if any(known is not None and known.first > day for known in (onset, recorded)):
        return "it began or was recorded after the day of the prediction"
    if any(name.startswith("abatement") for name in resource) and not _abates_later(resource, day):
        return "it had abated by the day of the prediction"
    return None


def _abates_later(resource: dict[str, Any], day: date) -> bool:
    """Return whether the abatement surely comes after a day; an age or words cannot say so."""
    ended = moment_of(resource.get("abatementDateTime"))
    period = resource.get("abatementPeriod")
    known = period_of(period, end=True) if period is not None else ended
    return known is not None and known.first > day


def _too_old(fracture: Fracture, day: date, oldest_days: float) -> str | None:
    resource = fracture.source.resource
    # It began no later than it was recorded.
    began = _onset(resource)[1] or moment_of(resource.get("recordedDate"))
    age = 0 if began is None else (day - began.last).days
    return f"it is older than {oldest_days:g} days" if age > oldest_days else None


def _of_one_episode(
    present: list[Fracture], days: int
) -> tuple[list[Fracture], list[Fracture], list[str]]:
    """Return the youngest fracture and those near it, the others, and what was decided."""
    newest = max((one.onset for one in present if one.onset is not None), default=None)
    index: list[Fracture] = []
    apart: list[Fracture] = []
    for one in present:
        near = newest is None or (one.onset is not None and (newest - one.onset).days <= days)
        (index if near else apart).append(one)
    notes = [f"{one.source.expression}: left out, it began more than {days} days before another "
             "fracture, or on a day that is not known" for one in apart]  # fmt: skip
    if len(index) > 1 or apart:
        notes += [f"{one.source.expression}: taken as a fracture asked about" for one in index]
    return index, apart, notes


def _unknown(fracture: Fracture) -> list[str]:
    place, notes = fracture.source.expression, []
    if not fracture.levels:
        notes.append(f"{place}.bodySite: names no vertebra from T4 to L5")
    if fracture.onset is None:
        notes.append(f"{place}.onset: no day, so no age of the fracture")
    return notes
