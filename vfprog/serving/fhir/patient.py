"""From FHIR resources to a patient: every value with its place, nothing passed over in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.outcome import Issue
from vfprog.serving.fhir.resources import read_resources
from vfprog.serving.fhir.values import codings, day_of, full_years, level_of, read_value

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from vfprog.schema.dictionary import Dictionary, Predictor
    from vfprog.serving.fhir.mapping import FhirMapping
    from vfprog.serving.fhir.resources import Entry, Placed

VERTEBRA = "vertebra"
_NOT_MADE = frozenset({"cancelled", "entered-in-error", "registered"})
_OVER = frozenset({"inactive", "remission", "resolved"})
_DENIED = frozenset({"entered-in-error", "refuted"})
_SEX = {"female": "female", "male": "male"}
# What is worked out of a date of birth gives way to what was observed, dated or not.
_DERIVED, _UNDATED = "", "0"


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
    basis : tuple of str
        References to the resources that gave a value.
    places : dict of str to str
        FHIRPath by field, such as ``vertebrae[0].level``.
    notes : tuple of str
        What was passed over, and why.
    issues : tuple of Issue
        What is wrong; empty where the patient can be used.
    """

    patient: dict[str, Any]
    day: date
    subject: str | None
    basis: tuple[str, ...]
    places: dict[str, str]
    notes: tuple[str, ...]
    issues: tuple[Issue, ...]


@dataclass
class _Value:
    value: Any
    when: str
    expression: str
    source: Placed


@dataclass
class _Reader:
    """Collects values by vertebra and predictor; the vertebra of an episode's value is None."""

    dictionary: Dictionary
    mapping: FhirMapping
    day: date
    issues: list[Issue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    values: dict[tuple[str | None, str], list[_Value]] = field(default_factory=dict)

    def keep(
        self, vertebra: str | None, name: str, value: Any, source: Placed, *, when: str = _UNDATED,
        expression: str = "",
    ) -> None:  # fmt: skip
        found = _Value(value, when, expression or source.expression, source)
        self.values.setdefault((vertebra, name), []).append(found)

    def patient(self, placed: Placed) -> None:
        resource, place = placed.resource, placed.expression
        if resource.get("gender") in _SEX:
            self.keep(None, "sex", _SEX[resource["gender"]], placed, expression=f"{place}.gender")
        elif resource.get("gender"):
            self.notes.append(f"{place}.gender: only female and male are known to the models")
        birth = day_of(resource.get("birthDate"))
        if birth is not None:
            years = full_years(birth, self.day)
            self.keep(
                None, "age_years", years, placed, when=_DERIVED, expression=f"{place}.birthDate"
            )
        elif resource.get("birthDate"):
            self.notes.append(f"{place}.birthDate: without the day it gives no age")

    def condition(self, placed: Placed) -> None:
        resource, place = placed.resource, placed.expression
        if self.mapping.fracture_codes.isdisjoint(codings(resource.get("code"))):
            self.notes.append(f"{place}.code: {_listed(resource.get('code'))} is not used")
            return
        state = {code for _, code in codings(resource.get("clinicalStatus"))}
        doubt = {code for _, code in codings(resource.get("verificationStatus"))}
        if state & _OVER or doubt & _DENIED:
            self.notes.append(f"{place}: no present fracture by its status")
            return
        level = level_of(resource.get("bodySite"), self.mapping)
        if level is None:
            self.notes.append(f"{place}.bodySite: names no single vertebra from T4 to L5")
        else:
            self.keep(level, "level", level, placed, expression=f"{place}.bodySite")
        onset = day_of(resource.get("onsetDateTime"))
        if onset is None:
            self.notes.append(f"{place}.onset: no day, so no age of the fracture")
        elif onset > self.day:
            text = "the fracture begins after the day of the prediction"
            self.issues.append(Issue("value", text, f"{place}.onsetDateTime"))
        else:
            days, place = (self.day - onset).days, f"{place}.onsetDateTime"
            self.keep(None, "fracture_age_days", days, placed, when=str(onset), expression=place)

    def observation(self, placed: Placed) -> None:
        resource, place = placed.resource, placed.expression
        when = str(resource.get("effectiveDateTime") or
                   (resource.get("effectivePeriod") or {}).get("start") or _UNDATED)  # fmt: skip
        seen = day_of(when)
        if resource.get("status") in _NOT_MADE:
            self.notes.append(f"{place}: not used, by its status")
        elif seen is not None and seen > self.day:
            self.notes.append(f"{place}: made after the day of the prediction")
        elif (self.mapping.systems["predictor"], VERTEBRA) in set(codings(resource.get("code"))):
            self._vertebra(placed, when)
        else:
            self._single(placed, when)

    def _vertebra(self, placed: Placed, when: str) -> None:
        """Take an Observation with one component per predictor of one vertebra."""
        components = placed.resource.get("component") or ()
        level = level_of(placed.resource.get("bodySite"), self.mapping)
        named = level or self._named_level(components)
        # A vertebra whose level nobody knows is one of its own.
        vertebra = named or placed.expression
        if level is not None:
            self.keep(level, "level", level, placed, expression=f"{placed.expression}.bodySite")
        for number, component in enumerate(components):
            place = f"{placed.expression}.component[{number}]"
            predictor = self._predictor(component, place)
            if predictor is not None and predictor.table == "vertebrae":
                self._take(vertebra, predictor, component, placed, when, place)
            elif predictor is not None:
                text = f"{predictor.name} is no finding of a vertebra"
                self.issues.append(Issue("value", text, place))

    def _named_level(self, components: Iterable[dict[str, Any]]) -> str | None:
        level = (self.mapping.systems["predictor"], "level")
        for component in components:
            if level in set(codings(component.get("code"))) and "level" in self.dictionary:
                value, _ = read_value(self.dictionary["level"], component, self.mapping, "")
                return value if isinstance(value, str) else None
        return None

    def _single(self, placed: Placed, when: str) -> None:
        resource, place = placed.resource, placed.expression
        predictor = self._predictor(resource, place)
        if predictor is None:
            return
        vertebra = None
        if predictor.table == "vertebrae":
            vertebra = level_of(resource.get("bodySite"), self.mapping)
            if vertebra is None:
                text = f"{predictor.name} needs a bodySite that names one vertebra from T4 to L5"
                self.issues.append(Issue("required", text, f"{place}.bodySite"))
                return
            self.keep(vertebra, "level", vertebra, placed, expression=f"{place}.bodySite")
        self._take(vertebra, predictor, resource, placed, when, place)

    def _predictor(self, element: dict[str, Any], place: str) -> Predictor | None:
        known = set()
        for system, code in codings(element.get("code")):
            local = code if system == self.mapping.systems["predictor"] else None
            name = self.mapping.predictor_of.get((system, code), local)
            if name is not None and name in self.dictionary:
                known.add(name)
        if len(known) == 1:
            return self.dictionary[known.pop()]
        if known:
            names = ", ".join(sorted(known))
            self.issues.append(Issue("code-invalid", f"stands for all of {names}", f"{place}.code"))
        else:
            self.notes.append(f"{place}.code: {_listed(element.get('code'))} is not used")
        return None

    def _take(
        self, vertebra: str | None, predictor: Predictor, element: dict[str, Any], source: Placed,
        when: str, place: str,
    ) -> None:  # fmt: skip
        value, issue = read_value(predictor, element, self.mapping, place)
        if issue is not None:
            self.issues.append(issue)
        elif value is None:
            self.notes.append(f"{place}: holds no value")
        else:
            self.keep(vertebra, predictor.name, value, source, when=when, expression=place)

    def chosen(self, name: str, found: list[_Value]) -> _Value:
        """Return the value that counts of several, and refuse what cannot be decided."""
        if name in self.mapping.lowest and all(_is_number(v.value) for v in found):
            return min(found, key=lambda v: v.value)
        newest = max(v.when for v in found)
        latest = [v for v in found if v.when == newest]
        if any(v.value != latest[0].value for v in latest):
            text = f"{name} is given more than once, differently, with the same date or none"
            self.issues.append(Issue("conflict", text, latest[-1].expression))
        return latest[-1]


def read_patient(
    entries: Iterable[Entry], dictionary: Dictionary, mapping: FhirMapping, day: date
) -> Reading:
    """Read one patient from Patient, Observation and Condition resources.

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
    reader = _Reader(dictionary, mapping, day, notes=notes)
    subject = _subject(placed, reader)
    for kind, read in (("Patient", reader.patient), ("Condition", reader.condition),
                       ("Observation", reader.observation)):  # fmt: skip
        for one in placed:
            if one.kind == kind:
                read(one)
    patient, places, sources = _assembled(reader)
    basis = dict.fromkeys(s.reference for s in sources if s.reference)
    return Reading(
        patient, day, subject, tuple(basis), places, tuple(reader.notes), tuple(reader.issues)
    )


def _subject(placed: Iterable[Placed], reader: _Reader) -> str | None:
    """Return whom the resources are about, refusing those of two patients."""
    patients = [one for one in placed if one.kind == "Patient"]
    for extra in patients[1:]:
        text = "the Bundle holds more than one Patient"
        reader.issues.append(Issue("business-rule", text, extra.expression))
    known = {name for one in patients[:1] for name in (one.reference, one.url) if name}
    first = patients[0].reference if patients else None
    for one in placed:
        given = (one.resource.get("subject") or {}).get("reference")
        if one.kind == "Patient" or not given:
            continue
        known, first = known or {given}, first or given
        if given not in known and not any(given.endswith(f"/{name}") for name in known):
            text = "the resource is about another patient"
            reader.issues.append(Issue("business-rule", text, f"{one.expression}.subject"))
    return first


def _assembled(reader: _Reader) -> tuple[dict[str, Any], dict[str, str], list[Placed]]:
    """Put the chosen values together: episode first, then a vertebra for each place named."""
    patient: dict[str, Any] = {}
    places: dict[str, str] = {}
    sources: list[Placed] = []
    vertebrae = list(dict.fromkeys(v for v, _ in reader.values if v is not None))
    nested: list[dict[str, Any]] = [{} for _ in vertebrae]
    for (vertebra, name), found in reader.values.items():
        value = reader.chosen(name, found)
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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _listed(concept: Any) -> str:
    return " ".join(f"{system}|{code}"[:80] for system, code in codings(concept)) or "no code"
