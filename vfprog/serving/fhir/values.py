"""Values of FHIR elements as values of predictors: units converted, codes looked up."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.outcome import Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.schema.dictionary import Predictor
    from vfprog.serving.fhir.mapping import Coding, FhirMapping

UCUM = "http://unitsofmeasure.org"
YES_NO = "http://terminology.hl7.org/CodeSystem/v2-0136"
_DAYS = len("2024-05-17")


def codings(concept: Any) -> Iterator[Coding]:
    """Yield system and code of each coding of a CodeableConcept that has both."""
    for coding in (concept or {}).get("coding") or ():
        if coding.get("system") and coding.get("code"):
            yield coding["system"], coding["code"]


def read_value(
    predictor: Predictor, element: dict[str, Any], mapping: FhirMapping, expression: str
) -> tuple[Any, Issue | None]:
    """Return the value an Observation, or a component of one, gives to a predictor.

    Parameters
    ----------
    predictor : Predictor
        The predictor.
    element : dict
        The Observation or component.
    mapping : FhirMapping
        Units and codes.
    expression : str
        FHIRPath of the element.

    Returns
    -------
    value : object
        Value; None where there is none, which is no fault.
    issue : Issue or None
        Why the value cannot be used.
    """
    name = next((key for key in element if key.startswith("value")), None)
    if name is None:
        return None, None
    place, given = f"{expression}.{name}", element[name]
    if name == "valueQuantity" and predictor.is_numeric:
        return _quantity(predictor, given, mapping, place)
    if name == "valueInteger" and predictor.is_numeric:
        return _quantity(predictor, {"value": given}, mapping, place)
    if name == "valueCodeableConcept" and not predictor.is_numeric:
        return _coded(predictor, given, mapping, place)
    if name == "valueBoolean" and predictor.kind == "binary":
        return given, None
    if name in {"valueString", "valueInteger"} and predictor.levels:
        return _spelt(predictor, given), None
    wanted = (
        "valueQuantity" if predictor.is_numeric
        else "valueCodeableConcept or valueString" if predictor.levels
        else "valueBoolean or valueCodeableConcept"
    )  # fmt: skip
    return None, Issue("value", f"{predictor.name} needs {wanted}", place)


def _spelt(predictor: Predictor, given: Any) -> Any:
    """Return a level as the dictionary spells it: two spellings are one vertebra."""
    same = [level for level in predictor.levels if level.lower() == str(given).strip().lower()]
    return same[0] if same and isinstance(given, str) else given


def _quantity(
    predictor: Predictor, given: dict[str, Any], mapping: FhirMapping, place: str
) -> tuple[Any, Issue | None]:
    factors = mapping.units_of(predictor)
    unit = given.get("code") or given.get("unit") or ""
    if given.get("system", UCUM) != UCUM or unit not in factors:
        units = ", ".join(u for u in factors if u) or predictor.unit or "no unit"
        text = f"{predictor.name} is taken in UCUM units {units}; another or none was given"
        return None, Issue("value", text, place)
    if given.get("comparator"):
        return None, Issue("value", "a value with a comparator is not used", f"{place}.comparator")
    number, factor = given.get("value"), factors[unit]
    if number is None:
        return None, None
    return (number if factor == 1 else number * factor), None


def _coded(
    predictor: Predictor, given: dict[str, Any], mapping: FhirMapping, place: str
) -> tuple[Any, Issue | None]:
    local = mapping.systems["predictor"]
    for coding in codings(given):
        if (predictor.name, coding) in mapping.answer_of:
            return mapping.answer_of[predictor.name, coding], None
        if predictor.name == "level" and mapping.level_at(coding) is not None:
            return mapping.level_at(coding), None
        if coding[0] == local and predictor.levels:
            return _spelt(predictor, coding[1]), None
        if coding[0] == YES_NO and coding[1] in {"Y", "N"} and predictor.kind == "binary":
            return coding[1] == "Y", None
    return None, Issue("code-invalid", f"no known answer to {predictor.name}", place)


def levels_of(sites: Any, mapping: FhirMapping) -> list[str]:
    """Return the levels a body site, or a list of them, names, each once."""
    each = sites if isinstance(sites, list) else [sites]
    found = (mapping.level_at(coding) for site in each for coding in codings(site))
    return list(dict.fromkeys(level for level in found if level is not None))


def level_of(sites: Any, mapping: FhirMapping) -> str | None:
    """Return the level a body site, or a list of them, names; None without exactly one."""
    found = levels_of(sites, mapping)
    return found[0] if len(found) == 1 else None


def listed(concept: Any) -> str:
    """Return the codings of a CodeableConcept in words."""
    return " ".join(f"{system}|{code}"[:80] for system, code in codings(concept)) or "no code"


def day_of(text: Any) -> date | None:
    """Return the day of a date or dateTime; None where it is not given to the day.

    Parameters
    ----------
    text : object
        Text of a valid FHIR date or dateTime, or None.

    Returns
    -------
    datetime.date or None
        The day, as the clock of whoever wrote it showed it.

    Examples
    --------
    >>> day_of("2024-05-17T23:30:00+02:00")
    datetime.date(2024, 5, 17)
    >>> day_of("2024-05") is None
    True
    """
    if not isinstance(text, str) or len(text) < _DAYS:
        return None
    return datetime.fromisoformat(text[:_DAYS]).date()


def full_years(birth: date, day: date) -> int:
    """Return completed years.

    Parameters
    ----------
    birth, day : datetime.date
        Date of birth, and the day of the age.

    Returns
    -------
    int
        Age.

    Examples
    --------
    >>> full_years(date(1950, 3, 2), date(2024, 3, 1))
    73
    """
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
