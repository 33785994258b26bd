"""Which of several values of a chart counts, and which are too old to.

What does not count cannot be at fault: a chart of twenty years holds a unit nobody knows somewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.outcome import Issue

if TYPE_CHECKING:
    from datetime import date

    from vfprog.serving.fhir.collect import Collector, Value


def drop_old(reader: Collector, onset: date | None) -> None:
    """Drop values that are too old for their predictor, or from before the fracture.

    Parameters
    ----------
    reader : Collector
        The values; those dropped are noted.
    onset : datetime.date or None
        When the fracture began.
    """
    for key, found in list(reader.values.items()):
        fresh = [value for value in found if not _is_old(reader, key[1], value, onset)]
        if fresh:
            reader.values[key] = fresh
        else:
            del reader.values[key]


def _is_old(reader: Collector, name: str, found: Value, onset: date | None) -> bool:
    if found.when is None or found.derived:
        return False
    days, most = (reader.day - found.when.last).days, reader.mapping.max_age_days.get(name)
    if most is not None and days > most:
        text = f"{name} is {days} days old and not used after {most}"
    elif onset and name in reader.mapping.since_fracture and found.when.last < onset:
        text = f"{name} is from before the fracture and not used"
    else:
        return False
    reader.notes.append(f"{found.expression}: {text}")
    return True


def chosen(reader: Collector, name: str, found: list[Value]) -> Value | None:
    """Return the value that counts of several.

    Parameters
    ----------
    reader : Collector
        Gets an issue where the value that counts cannot be used, or where none can be told to
        count, and a note where it is old or an answer nobody knows.
    name : str
        Predictor.
    found : list of Value
        Its values, at least one.

    Returns
    -------
    Value or None
        None where the value that counts cannot be used.
    """
    best = _best(reader, name, found)
    if best.unknown and best.issue is not None:
        reader.notes.append(f"{best.issue.expression}: {best.issue.text}, so that it is not known")
        return None
    reader.refuse_modified(best.source)
    if best.issue is not None:
        reader.issues += [] if best.issue in reader.issues else [best.issue]
        return None
    days = 0 if best.when is None or best.derived else (reader.day - best.when.last).days
    if days > reader.mapping.noted_after_days:
        reader.notes.append(f"{best.expression}: {name} is {days} days old")
    return best


def _best(reader: Collector, name: str, found: list[Value]) -> Value:
    usable = [value for value in found if value.issue is None]
    if name in reader.mapping.lowest and usable and all(_is_number(v.value) for v in usable):
        reader.notes += [f"{v.issue.expression}: not compared, {v.issue.text}"
                         for v in found if v.issue is not None]  # fmt: skip
        return min(usable, key=lambda v: v.value)
    return _latest(reader, name, found)


def _latest(reader: Collector, name: str, found: list[Value]) -> Value:
    top = max(v.rank for v in found)
    ranked = [v for v in found if v.rank == top]
    dated = [v.when for v in ranked if v.when is not None]
    latest = [v for v in ranked if v.when is None
              or not any(other.surely_after(v.when) for other in dated)] or ranked  # fmt: skip
    # Of one moment the same may be said twice, once in words nobody reads.
    usable = [v for v in latest if v.issue is None]
    if any(v.value != usable[0].value for v in usable):
        text = f"{name} is given more than once, differently, and no date says which is later"
        reader.issues.append(Issue("conflict", text, usable[-1].expression))
    return (usable or latest)[-1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
