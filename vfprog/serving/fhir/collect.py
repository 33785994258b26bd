"""Values of one patient, each with its date and place; `counting` says which of several counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.outcome import Issue
from vfprog.serving.fhir.subject import reference_of
from vfprog.serving.fhir.times import effective_of
from vfprog.serving.fhir.values import (
    codings,
    day_of,
    full_years,
    level_of,
    levels_of,
    listed,
    read_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from vfprog.schema.dictionary import Dictionary, Predictor
    from vfprog.serving.fhir.mapping import FhirMapping
    from vfprog.serving.fhir.resources import Placed
    from vfprog.serving.fhir.times import Moment

VERTEBRA = "vertebra"
_NOT_MADE = frozenset({"cancelled", "entered-in-error", "registered"})
_SEX = {"female": "female", "male": "male"}
_UNKNOWN = {
    "implicitRules": "follows rules this service does not know",
    "modifierExtension": "holds a modifierExtension this service does not know",
}


@dataclass(frozen=True)
class Value:
    """A value of a predictor.

    Parameters
    ----------
    value : object
        Value.
    when : Moment or None
        When it was so; None where that is not said.
    expression : str
        FHIRPath of where it stands.
    source : Placed
        The resource.
    derived : bool
        Whether it is worked out of a date of birth or onset, and gives way to what was observed.
    issue : Issue or None
        Why it cannot be used; a fault only where it would count, since a chart holds many.
    unknown : bool
        Whether it is an answer in a code that is not known, which is noted and never a fault.
    """

    value: Any
    when: Moment | None
    expression: str
    source: Placed
    derived: bool = False
    issue: Issue | None = None
    unknown: bool = False

    @property
    def rank(self) -> int:
        """Dated values stand before undated ones, and these before derived ones."""
        return 0 if self.derived else 1 if self.when is None else 2


@dataclass
class Collector:
    """Collects values by vertebra and predictor; the vertebra of an episode's value is None.

    Parameters
    ----------
    dictionary : Dictionary
        The predictors.
    mapping : FhirMapping
        Codes, units and how long values are good.
    day : datetime.date
        Day of the prediction.
    issues : list of Issue
        What is wrong.
    notes : list of str
        What was passed over.
    values : dict
        The values.
    """

    dictionary: Dictionary
    mapping: FhirMapping
    day: date
    issues: list[Issue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    values: dict[tuple[str | None, str], list[Value]] = field(default_factory=dict)

    def keep(self, vertebra: str | None, name: str, found: Value) -> None:
        """Keep a value."""
        self.values.setdefault((vertebra, name), []).append(found)

    def refuse_modified(self, source: Placed) -> None:
        """Refuse a resource that is used and whose meaning is changed by what is not known."""
        if source.modified is not None:
            issue = Issue("extension", _UNKNOWN[source.modified],
                          f"{source.expression}.{source.modified}")  # fmt: skip
            self.issues += [] if issue in self.issues else [issue]

    def patient(self, placed: Placed) -> None:
        """Take sex and age of a Patient."""
        resource, place = placed.resource, placed.expression
        if resource.get("gender") in _SEX:
            sex = _SEX[resource["gender"]]
            self.keep(None, "sex", Value(sex, None, f"{place}.gender", placed))
        elif resource.get("gender"):
            self.notes.append(f"{place}.gender: only female and male are known to the models")
        birth = day_of(resource.get("birthDate"))
        if birth is not None:
            years = full_years(birth, self.day)
            self.keep(None, "age_years", Value(years, None, f"{place}.birthDate", placed, True))
        elif resource.get("birthDate"):
            self.notes.append(f"{place}.birthDate: without the day it gives no age")

    def observation(self, placed: Placed) -> None:
        """Take what an Observation says, if it was made, and surely by the day."""
        resource, place = placed.resource, placed.expression
        element, when = effective_of(resource)
        if resource.get("status") in _NOT_MADE:
            self.notes.append(f"{place}: not used, by its status")
        elif _of_another(resource):
            self.notes.append(f"{place}.focus: not used, since it is of somebody or something else")
        elif element and when is None:
            self.notes.append(f"{place}.{element}: not used, since it says no date")
        elif when is not None and when.last > self.day:
            maybe = "" if when.first > self.day else "perhaps "
            self.notes.append(f"{place}: {maybe}made after the day of the prediction")
        elif (self.mapping.systems["predictor"], VERTEBRA) in set(codings(resource.get("code"))):
            self._vertebra(placed, when)
        else:
            self._single(placed, when)

    def _vertebra(self, placed: Placed, when: Moment | None) -> None:
        """Take an Observation with one component per predictor of one vertebra."""
        components = placed.resource.get("component") or ()
        level = level_of(placed.resource.get("bodySite"), self.mapping)
        named = level or self._named_level(components)
        # A vertebra whose level nobody knows is one of its own.
        vertebra = named or placed.expression
        if level is not None:
            self._keep_level(level, placed, when)
        for number, component in enumerate(components):
            place = f"{placed.expression}.component[{number}]"
            found, issue = self._predictors(component, place)
            for predictor in found:
                if predictor.table != "vertebrae":
                    text = f"{predictor.name} is no finding of a vertebra"
                    issue = Issue("value", text, place)
                self._take(vertebra, predictor, component, placed, when, place, issue)

    def _named_level(self, components: Iterable[dict[str, Any]]) -> str | None:
        level = (self.mapping.systems["predictor"], "level")
        for component in components:
            if level in set(codings(component.get("code"))) and "level" in self.dictionary:
                value, _ = read_value(self.dictionary["level"], component, self.mapping, "")
                return value if isinstance(value, str) else None
        return None

    def _single(self, placed: Placed, when: Moment | None) -> None:
        resource, place = placed.resource, placed.expression
        found, issue = self._predictors(resource, place)
        for predictor in found:
            vertebra, wrong = None, issue
            if predictor.table == "vertebrae":
                vertebra = level_of(resource.get("bodySite"), self.mapping)
                if vertebra is not None:
                    self._keep_level(vertebra, placed, when)
                elif _elsewhere(resource.get("bodySite"), self.mapping):
                    text = f"{predictor.name} is of no vertebra from T4 to L5 and not used"
                    self.notes.append(f"{place}.bodySite: {text}")
                    continue
                else:
                    text = f"{predictor.name} needs a bodySite that names one vertebra, T4 to L5"
                    vertebra, wrong = place, Issue("required", text, f"{place}.bodySite")
            self._take(vertebra, predictor, resource, placed, when, place, wrong)

    def _predictors(
        self, element: dict[str, Any], place: str
    ) -> tuple[list[Predictor], Issue | None]:
        """Return what an element is a value of; an issue where that is more than one thing."""
        known = set()
        for system, code in codings(element.get("code")):
            local = code if system == self.mapping.systems["predictor"] else None
            name = self.mapping.predictor_of.get((system, code), local)
            if name is not None and name in self.dictionary:
                known.add(name)
        issue = None
        if len(known) > 1:
            text = f"stands for all of {', '.join(sorted(known))}"
            issue = Issue("code-invalid", text, f"{place}.code")
        elif not known:
            self.notes.append(f"{place}.code: {listed(element.get('code'))} is not used")
        return [self.dictionary[name] for name in sorted(known)], issue

    def _take(
        self, vertebra: str | None, predictor: Predictor, element: dict[str, Any], source: Placed,
        when: Moment | None, place: str, issue: Issue | None,
    ) -> None:  # fmt: skip
        value, wrong = read_value(predictor, element, self.mapping, place)
        if value is None and wrong is None and issue is None:
            self.notes.append(f"{place}: holds no value")
            return
        unknown = issue is None and wrong is not None and wrong.code == "code-invalid"
        found = Value(value, when, place, source, issue=issue or wrong, unknown=unknown)
        self.keep(vertebra, predictor.name, found)

    def _keep_level(self, level: str, placed: Placed, when: Moment | None) -> None:
        self.keep(level, "level", Value(level, when, f"{placed.expression}.bodySite", placed))


def _of_another(resource: dict[str, Any]) -> bool:
    """Return whether an Observation is of an implant or a donor, not of its subject."""
    focus = {reference_of(one) for one in resource.get("focus") or ()}
    return bool(focus - {reference_of(resource.get("subject") or {})})


def _elsewhere(sites: Any, mapping: FhirMapping) -> bool:
    """Return whether a coded body site is none of the vertebrae that are known."""
    each = sites if isinstance(sites, list) else [sites]
    return any(True for site in each for _ in codings(site)) and not levels_of(sites, mapping)
