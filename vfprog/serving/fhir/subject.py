"""Whom the resources are about: one patient, by reference or by identifier."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.outcome import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.serving.fhir.resources import Placed

Numbers = frozenset[tuple[str, str]]
_VERSION = re.compile(r"/_history/[^/]*$")


def read_subject(resources: Iterable[Placed]) -> tuple[str | None, list[Issue]]:
    """Return whom resources are about, and an issue for each that is about somebody else.

    Parameters
    ----------
    resources : iterable of Placed
        All resources.

    Returns
    -------
    subject : str or None
        Reference to the patient; None where none is given.
    issues : list of Issue
        Resources of another patient, and a second Patient.
    """
    placed = list(resources)
    patients = [one for one in placed if one.kind == "Patient"]
    text = "the Bundle holds more than one Patient"
    issues = [Issue("business-rule", text, extra.expression) for extra in patients[1:]]
    known = {name for one in patients[:1] for name in (one.reference, one.url) if name}
    numbers = _numbers(patients[0].resource.get("identifier")) if patients else None
    first = patients[0].reference if patients else None
    text = "the resource is about another patient"
    for one in placed:
        about = one.resource.get("subject")
        if one.kind == "Patient" or not about:
            continue
        given, theirs = reference_of(about), _numbers([about.get("identifier") or {}])
        if given:
            known, first = known or {given}, first or given
        if numbers is None:
            numbers = theirs or None
        if (given and not _same(given, known)) or _stranger(given, theirs, numbers or frozenset()):
            issues.append(Issue("business-rule", text, f"{one.expression}.subject"))
    return first, issues


def reference_of(element: dict[str, Any]) -> str:
    """Return the reference of an element, whatever version of the resource it names."""
    return _VERSION.sub("", element.get("reference") or "")


def _same(given: str, known: set[str]) -> bool:
    return given in known or any(given.endswith(f"/{name}") for name in known)


def _stranger(reference: str, theirs: Numbers, numbers: Numbers) -> bool:
    """Return whether an identifier is another patient's.

    Beside a reference, which decides, one of another hospital may stand; alone it must be known.
    """
    if not theirs or theirs & numbers:
        return False
    systems = {system for system, _ in numbers if system}
    return not reference or any(system in systems for system, _ in theirs)


def _numbers(given: Any) -> Numbers:
    """Return system and value of each identifier that has a value."""
    return frozenset((one.get("system", ""), one["value"]) for one in given or () if "value" in one)
