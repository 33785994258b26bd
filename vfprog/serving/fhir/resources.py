"""Resources of a Bundle, each checked against FHIR R4, with the place it stands at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from vfprog.serving.fhir.outcome import Issue, ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What a patient is read from; R4B is R4 in these.
USED = ("Patient", "Observation", "Condition", "Procedure")


@dataclass(frozen=True)
class Placed:
    """A resource and its place.

    Parameters
    ----------
    resource : dict
        Content.
    expression : str
        FHIRPath of the resource in what was sent.
    url : str
        Address of the resource in the Bundle; empty where none is given.
    """

    resource: dict[str, Any]
    expression: str
    url: str = ""

    @property
    def kind(self) -> str:
        """Type of the resource."""
        return str(self.resource["resourceType"])

    @property
    def modified(self) -> str | None:
        """What changes the meaning of the resource in a way that is not known here."""
        if self.resource.get("implicitRules"):
            return "implicitRules"
        return "modifierExtension" if _holds(self.resource, "modifierExtension") else None

    @property
    def reference(self) -> str | None:
        """How others refer to it: ``Type/id`` or the address in the Bundle."""
        if self.resource.get("id"):
            return f"{self.kind}/{self.resource['id']}"
        return self.url or None


@dataclass(frozen=True)
class Entry:
    """What should be a resource, unchecked.

    Parameters
    ----------
    resource : object
        JSON.
    expression : str
        Where it stands.
    url : object
        Its address in a Bundle, if it has one.
    """

    resource: Any
    expression: str
    url: Any = None


def read_resources(entries: Iterable[Entry]) -> tuple[list[Placed], list[str]]:
    """Check the resources a patient is read from.

    Parameters
    ----------
    entries : iterable of Entry
        What was sent.

    Returns
    -------
    resources : list of Placed
        Patient, Observation, Condition and Procedure resources.
    notes : list of str
        What was passed over, and why.

    Raises
    ------
    ResourceError
        A resource is no valid FHIR; lists every issue.
    """
    issues: list[Issue] = []
    found: list[Placed] = []
    notes: list[str] = []
    for entry in entries:
        expression, resource = entry.expression, _without_nulls(entry.resource)
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(resource, dict) or not isinstance(kind, str):
            issues.append(Issue("structure", "expected a resource with a resourceType", expression))
        elif kind not in USED:
            notes.append(f"{expression}: a resource of this type is not used")
        else:
            wrong = list(_invalid(kind, resource, expression))
            issues += wrong
            if not wrong:
                url = entry.url if isinstance(entry.url, str) else ""
                found.append(Placed(resource, expression, url))
    if issues:
        raise ResourceError(issues)
    return found, notes


def entries_of(content: Any, expression: str = "Bundle") -> list[Entry]:
    """Take a Bundle apart.

    Parameters
    ----------
    content : object
        JSON that should be a Bundle.
    expression : str
        Where it stands.

    Returns
    -------
    list of Entry
        What its entries hold.

    Raises
    ------
    ResourceError
        It is no Bundle.
    """
    if not isinstance(content, dict) or content.get("resourceType") != "Bundle":
        raise ResourceError([Issue("structure", "expected a resource of type Bundle", expression)])
    entries = content.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        text = "expected a list of entries"
        raise ResourceError([Issue("structure", text, f"{expression}.entry")])
    return [
        Entry(entry.get("resource"), f"{expression}.entry[{place}].resource", entry.get("fullUrl"))
        for place, entry in enumerate(entries)
    ]


def _without_nulls(content: Any) -> Any:
    """Leave out members that are null, which FHIR knows in lists only: nothing is said by them."""
    if isinstance(content, dict):
        return {k: _without_nulls(part) for k, part in content.items() if part is not None}
    return [_without_nulls(part) for part in content] if isinstance(content, list) else content


def _invalid(kind: str, resource: dict[str, Any], expression: str) -> Iterator[Issue]:
    """Yield what the models of fhir.resources find; their messages do not repeat the value."""
    model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        yield from _mistyped(resource, model.model_validate(resource), expression)
    except ValidationError as error:
        for found in error.errors(include_input=False, include_url=False, include_context=False):
            text = found["msg"].removeprefix("Value error, ")
            yield Issue("structure", text, expression + _path(found["loc"]))
    except (TypeError, AttributeError, KeyError, OverflowError, OSError, RecursionError):
        # The checks of fhir.resources across fields stumble over some content of the wrong shape.
        yield Issue("structure", f"is no valid {kind}", expression)


def _mistyped(given: Any, read: Any, expression: str) -> Iterator[Issue]:
    """Yield what those models read generously: numbers as dates, texts as numbers."""
    if isinstance(given, dict) and isinstance(read, BaseModel):
        for name, content in given.items():
            yield from _mistyped(content, getattr(read, name, None), f"{expression}.{name}")
    elif isinstance(given, list) and isinstance(read, list):
        for place, (one, other) in enumerate(zip(given, read, strict=False)):
            yield from _mistyped(one, other, f"{expression}[{place}]")
    elif (wanted := _wanted(given, read)) is not None:
        yield Issue("structure", f"expected {wanted}, got another type", expression)


def _wanted(given: Any, read: Any) -> str | None:
    """Return what stands where another type was given; None where the type is right."""
    if isinstance(read, bool):
        return None if isinstance(given, bool) else "true or false"
    if isinstance(read, int | float | Decimal):
        right = isinstance(given, int | float) and not isinstance(given, bool)
        return None if right else "a number"
    right = isinstance(given, str) or not isinstance(read, str | date | time)
    return None if right else "text"


def _holds(content: Any, name: str) -> bool:
    """Whether an element of this name stands anywhere in some content."""
    if isinstance(content, dict):
        return bool(content.get(name)) or any(_holds(part, name) for part in content.values())
    return isinstance(content, list) and any(_holds(part, name) for part in content)


def _path(loc: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
