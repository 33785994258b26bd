"""Values of one patient, each with its date and place, and which of several counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.outcome import Issue
from vfprog.serving.fhir.times import effective_of
from vfprog.serving.fhir.values import (
    codings,
    day_of,
    full_years,
    level_of,
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
    """

    value: Any
    when: Moment | None
    expression: str
    source: Placed
    derived: bool = False

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
        """Keep a value; one from a resource that means something else is refused."""
        self.refuse_modified(found.source)
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

    def _single(self, placed: Placed, when: Moment | None) -> None:
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
            self._keep_level(vertebra, placed, when)
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
            self.notes.append(f"{place}.code: {listed(element.get('code'))} is not used")
        return None

    def _take(
        self, vertebra: str | None, predictor: Predictor, element: dict[str, Any], source: Placed,
        when: Moment | None, place: str,
    ) -> None:  # fmt: skip
        value, issue = read_value(predictor, element, self.mapping, place)
        if issue is not None:
            self.issues.append(issue)
        elif value is None:
            self.notes.append(f"{place}: holds no value")
        else:
            self.keep(vertebra, predictor.name, Value(value, when, place, source))

    def _keep_level(self, level: str, placed: Placed, when: Moment | None) -> None:
        self.keep(level, "level", Value(level, when, f"{placed.expression}.bodySite", placed))

    def drop_old(self, onset: date | None) -> None:
        """Drop values that are too old for their predictor, or from before the fracture."""
        for key, found in list(self.values.items()):
            fresh = [value for value in found if not self._is_old(key[1], value, onset)]
            if fresh:
                self.values[key] = fresh
            else:
                del self.values[key]

    def _is_old(self, name: str, found: Value, onset: date | None) -> bool:
        if found.when is None or found.derived:
            return False
        days, most = (self.day - found.when.last).days, self.mapping.max_age_days.get(name)
        if most is not None and days > most:
            text = f"{name} is {days} days old and not used after {most}"
        elif onset and name in self.mapping.since_fracture and found.when.last < onset:
            text = f"{name} is from before the fracture and not used"
        else:
            return False
        self.notes.append(f"{found.expression}: {text}")
        return True

    def chosen(self, name: str, found: list[Value]) -> Value:
        """Return the value that counts of several, and refuse what cannot be decided."""
        if name in self.mapping.lowest and all(_is_number(v.value) for v in found):
            best = min(found, key=lambda v: v.value)
        else:
            best = self._latest(name, found)
        days = 0 if best.when is None or best.derived else (self.day - best.when.last).days
        if days > self.mapping.noted_after_days:
            self.notes.append(f"{best.expression}: {name} is {days} days old")
        return best

    def _latest(self, name: str, found: list[Value]) -> Value:
        top = max(v.rank for v in found)
        ranked = [v for v in found if v.rank == top]
        dated = [v.when for v in ranked if v.when is not None]
        latest = [v for v in ranked if v.when is None
                  or not any(other.surely_after(v.when) for other in dated)] or ranked  # fmt: skip
        if any(v.value != latest[0].value for v in latest):
            text = f"{name} is given more than once, differently, and no date says which is later"
            self.issues.append(Issue("conflict", text, latest[-1].expression))
        return latest[-1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
