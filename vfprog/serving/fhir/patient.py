"""From FHIR resources to a patient: every value with its place, nothing passed over in silence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.collect import Collector, Value
from vfprog.serving.fhir.counting import chosen, drop_old
from vfprog.serving.fhir.fractures import read_fractures
from vfprog.serving.fhir.outcome import Issue
from vfprog.serving.fhir.procedures import drop_after, read_procedures
from vfprog.serving.fhir.resources import read_resources
from vfprog.serving.fhir.subject import read_subject
from vfprog.serving.fhir.times import Moment, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from vfprog.schema.dictionary import Dictionary
    from vfprog.serving.fhir.fractures import Fractures
    from vfprog.serving.fhir.mapping import FhirMapping
    from vfprog.serving.fhir.procedures import Procedures
    from vfprog.serving.fhir.resources import Entry, Placed

AGE = "fracture_age_days"
DECEASED = "the patient is dead at the day of the prediction, or may have been"


@dataclass(frozen=True)
class Reading:
    """A patient as read from resources.

    Parameters
    ----------
    patient : dict
        The patient, as `vfprog.scoring.predict.predict` takes it.
    day : datetime.date
        Day of the prediction.
    subject : str or None
        How the patient is referred to.
    fractured : bool
        Whether a Condition says that a vertebra is fractured now.
    deceased : bool
        Whether the patient is dead, or may have been, by the day; an issue says so.
    timed : bool
        Whether it is known when the procedure was.
    basis : tuple of str
        References to the resources that gave a value.
    places : dict of str to str
        FHIRPath by field, such as ``vertebrae[0].level``.
    notes : tuple of str
        What was passed over, and why.
    unused : tuple of str
        Conditions and Procedures that are none of a vertebra; a chart may list any number.
    issues : tuple of Issue
        What is wrong; empty where the patient can be used.
    """

    patient: dict[str, Any]
    day: date
    subject: str | None
    fractured: bool
    deceased: bool
    timed: bool
    basis: tuple[str, ...]
    places: dict[str, str]
    notes: tuple[str, ...]
    unused: tuple[str, ...]
    issues: tuple[Issue, ...]


def read_patient(
    entries: Iterable[Entry], dictionary: Dictionary, mapping: FhirMapping, day: date
) -> Reading:
    """Read one patient from Patient, Observation, Condition and Procedure resources.

    Parameters
    ----------
    entries : iterable of Entry
        The resources, see `vfprog.serving.fhir.resources.entries_of`.
    dictionary : Dictionary
        Dictionary of the model.
    mapping : FhirMapping
        Codes and units.
    day : datetime.date
        Day of the prediction: ages are counted to it, later observations are not used.

    Returns
    -------
    Reading
        The patient, where each value stands, and every issue: units and answers that are not
        known, values that contradict each other, resources of another patient.

    Raises
    ------
    ResourceError
        A resource is no valid FHIR.
    """
    placed, notes = read_resources(entries)
    reader = Collector(dictionary, mapping, day, notes=notes)
    subject, strangers = read_subject(placed)
    reader.issues += strangers
    for one in _of_kind("Patient", placed):
        reader.patient(one)
    deceased = [one for one in _of_kind("Patient", placed) if _deceased(one.resource, day)]
    reader.issues += [Issue("business-rule", DECEASED, f"{one.expression}.{_died(one.resource)}")
                      for one in deceased]  # fmt: skip
    fractures = read_fractures(_of_kind("Condition", placed), mapping, day, _oldest(dictionary))
    _take_fractures(reader, fractures)
    for one in _of_kind("Observation", placed):
        reader.observation(one)
    drop_old(reader, fractures.onset)
    _drop_others(reader, fractures)
    done = read_procedures(_of_kind("Procedure", placed), mapping, day, fractures.onset)
    _take_procedures(reader, done)
    timed = drop_after(reader, done, fractures.onset)
    patient, places, sources = _assembled(reader)
    _add_unnamed(patient, places, sources, fractures)
    basis = dict.fromkeys(s.reference for s in sources if s.reference)
    return Reading(
        patient, day, subject, bool(fractures.index), bool(deceased), timed, tuple(basis), places,
        tuple(reader.notes), (*fractures.unused, *done.unused), tuple(reader.issues),
    )  # fmt: skip


def _of_kind(kind: str, placed: Iterable[Placed]) -> list[Placed]:
    return [one for one in placed if one.kind == kind]


def _died(resource: dict[str, Any]) -> str:
    return "deceasedDateTime" if "deceasedDateTime" in resource else "deceasedBoolean"


def _deceased(resource: dict[str, Any], day: date) -> bool:
    """Return whether a patient may have been dead at a day; a death without a date may be older."""
    when = moment_of(resource.get("deceasedDateTime"))
    if when is not None:
        return when.first <= day
    return "deceasedDateTime" in resource or resource.get("deceasedBoolean") is True


def _oldest(dictionary: Dictionary) -> float:
    """Return the age beyond which a fracture is none the models know."""
    limits = dictionary[AGE].hard_range if AGE in dictionary else None
    return limits[1] if limits is not None else math.inf


def _take_fractures(reader: Collector, fractures: Fractures) -> None:
    reader.notes += fractures.notes
    for one in fractures.index:
        place = one.source.expression
        reader.refuse_modified(one.source)
        for level in one.levels:
            reader.keep(level, "level", Value(level, None, f"{place}.bodySite", one.source))
        if one.onset is not None:
            when, days = Moment(one.onset, one.onset), (reader.day - one.onset).days
            reader.keep(None, AGE, Value(days, when, f"{place}.{one.element}", one.source, True))


def _take_procedures(reader: Collector, procedures: Procedures) -> None:
    reader.notes += procedures.notes
    for source in procedures.used:
        reader.refuse_modified(source)


def _drop_others(reader: Collector, fractures: Fractures) -> None:
    """Drop findings of vertebrae that no present fracture is of, where Conditions say which."""
    for vertebra, name in list(reader.values):
        if vertebra not in reader.mapping.levels:
            continue
        present = vertebra in fractures.levels
        if present or not (fractures.levels or vertebra in fractures.other_levels):
            continue
        first = reader.values.pop((vertebra, name))[0]
        if name != "level":
            text = f"{name} of {vertebra} is not used: no fracture asked about is of {vertebra}"
            reader.notes.append(f"{first.expression}: {text}")


def _add_unnamed(
    patient: dict[str, Any], places: dict[str, str], sources: list[Placed], fractures: Fractures
) -> None:
    """Add a vertebra whose level nobody knows, where a fracture is all that is known of it."""
    if fractures.index and not patient.get("vertebrae"):
        source = fractures.index[0].source
        patient["vertebrae"] = [{"level": None}]
        places["vertebrae[0].level"] = f"{source.expression}.bodySite"
        sources.append(source)


def _assembled(reader: Collector) -> tuple[dict[str, Any], dict[str, str], list[Placed]]:
    """Put the chosen values together: episode first, then a vertebra for each place named."""
    patient: dict[str, Any] = {}
    places: dict[str, str] = {}
    sources: list[Placed] = []
    counting = {key: chosen(reader, key[1], found) for key, found in reader.values.items()}
    usable = {key: value for key, value in counting.items() if value is not None}
    vertebrae = list(dict.fromkeys(v for v, _ in usable if v is not None))
    nested: list[dict[str, Any]] = [{} for _ in vertebrae]
    for (vertebra, name), value in usable.items():
        sources.append(value.source)
        if vertebra is None:
            patient[name], places[name] = value.value, value.expression
        else:
            at = vertebrae.index(vertebra)
            nested[at][name] = value.value
            places[f"vertebrae[{at}].{name}"] = value.expression
    if nested:
        patient["vertebrae"] = nested
    return patient, places, sources
