"""When the procedure was: what is measured after it is no baseline.

A chart goes on after the cement: pain of the ward round a week later is an outcome. Taken as the
pain before the procedure it would turn a good result into a poor prognosis.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.times import moment_of, period_of
from vfprog.serving.fhir.values import codings, listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from vfprog.serving.fhir.collect import Collector, Value
    from vfprog.serving.fhir.mapping import FhirMapping
    from vfprog.serving.fhir.resources import Placed
    from vfprog.serving.fhir.times import Moment

# Of a level one wants to know which it is, not how it was.
_NAMES = "level"
_NOT_DONE = frozenset({"preparation", "not-done", "on-hold", "entered-in-error"})


@dataclass(frozen=True)
class Procedures:
    """The vertebroplasties a chart lists.

    Parameters
    ----------
    times : tuple of Moment
        When they were; those without a date are not among them.
    used : tuple of Placed
        The resources of `times`.
    notes : tuple of str
        What they say, or do not.
    unused : tuple of str
        Procedures that are none of these.
    """

    times: tuple[Moment, ...] = ()
    used: tuple[Placed, ...] = ()
    notes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def read_procedures(
    resources: Iterable[Placed], mapping: FhirMapping, day: date, onset: date | None
) -> Procedures:
    """Choose the vertebroplasties done by a day, and since the fracture began.

    Parameters
    ----------
    resources : iterable of Placed
        All Procedures.
    mapping : FhirMapping
        Their codes, and how long one episode may take.
    day : datetime.date
        Day of the prediction.
    onset : datetime.date or None
        When the fracture began.

    Returns
    -------
    Procedures
        Those that count, and notes.
    """
    times, used, notes, unused = [], [], [], []
    for placed in resources:
        place, when = placed.expression, _performed(placed.resource)
        if not any(c in mapping.procedure_codes for c in codings(placed.resource.get("code"))):
            unused.append(f"{place}.code: {listed(placed.resource.get('code'))} is not used")
        elif placed.resource.get("status") in _NOT_DONE:
            notes.append(f"{place}: left out, it was not done, by its status")
        elif when is None:
            notes.append(f"{place}: says no date, so that values may be from after it")
        elif not _of_episode(when, day, onset, mapping):
            notes.append(f"{place}: left out, it was before the fracture or after the day of the "
                         "prediction")  # fmt: skip
        else:
            times.append(when)
            used.append(placed)
            notes.append(f"{place}: what was measured after this procedure is not used as a value "
                         "before it")  # fmt: skip
    return Procedures(tuple(times), tuple(used), tuple(notes), tuple(unused))


def _performed(resource: dict[str, Any]) -> Moment | None:
    if "performedPeriod" in resource:
        return period_of(resource["performedPeriod"], end=False)
    return moment_of(resource.get("performedDateTime"))


def _of_episode(when: Moment, day: date, onset: date | None, mapping: FhirMapping) -> bool:
    """Return whether a procedure may be one of the fracture asked about."""
    since = onset or day - timedelta(days=mapping.same_episode_days)
    return when.last >= since and when.first <= day


def drop_after(reader: Collector, procedures: Procedures, onset: date | None) -> bool:
    """Drop what is defined before the procedure and was surely measured after it.

    The procedure was when a Procedure says so, and no later than any value of it is dated. What is
    worked out of a date of birth or onset stays.

    Parameters
    ----------
    reader : Collector
        The values; those dropped are noted.
    procedures : Procedures
        The procedures.
    onset : datetime.date or None
        When the fracture began.

    Returns
    -------
    bool
        Whether any time of a procedure is known.
    """
    times = [*procedures.times, *_dated(reader, onset)]
    for (vertebra, name), found in list(reader.values.items()):
        known = name in reader.dictionary and reader.dictionary[name].known_at == "preprocedure"
        if not known or name == _NAMES:
            continue
        late = [value for value in found if _is_late(value, times)]
        reader.notes += [f"{v.expression}: {name} was measured after the procedure and is not used"
                         for v in late]  # fmt: skip
        reader.values[vertebra, name] = [value for value in found if value not in late]
        if not reader.values[vertebra, name]:
            del reader.values[vertebra, name]
    return bool(times)


def _is_late(value: Value, times: Iterable[Moment]) -> bool:
    when = value.when
    return when is not None and not value.derived and any(when.surely_after(t) for t in times)


def _dated(reader: Collector, onset: date | None) -> list[Moment]:
    """Return when values of the procedure are from; a "no" says that there was none."""
    return [
        value.when
        for (_, name), found in reader.values.items()
        if name in reader.dictionary and reader.dictionary[name].known_at == "procedure"
        for value in found
        if value.when is not None and value.value is not False
        and _of_episode(value.when, reader.day, onset, reader.mapping)
    ]  # fmt: skip
