"""One set of range and level rules, for the patient form and for whole tables alike."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import Failure, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vfprog.schema.dictionary import Predictor

_TRUE = {"true", "yes", "1"}
_FALSE = {"false", "no", "0"}
# A spreadsheet that once had a gap in a column writes class 2 as 2.0 and yes as 1.0.
_POINT_ZERO = re.compile(r"(?<=\d)\.0+$")
_ERROR: Severity = "error"
_WARNING: Severity = "warning"
# Position, rule, message and severity of a value that broke a rule.
_Broken = tuple[int, str, str, Severity]


@dataclass(frozen=True)
class Encoded:
    """A column as numbers, with what was wrong in it.

    Parameters
    ----------
    codes : ndarray of float, shape (n,)
        Values; binary as 0/1, ordinal and nominal as the place of the level; NaN where missing
        or in error.
    failures : tuple of Failure
        Every broken rule, in row order.
    """

    codes: NDArray[np.float64]
    failures: tuple[Failure, ...]


def is_missing(value: object) -> bool:
    """Return whether a value is absent: None, NaN, NaT or an empty string.

    Parameters
    ----------
    value : object
        Any scalar.

    Returns
    -------
    bool
        True where there is no value. The word ``"None"`` is a value.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    try:
        return bool(value != value)  # NaN and NaT are what differs from itself
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def encode_column(
    predictor: Predictor,
    values: Sequence[object] | NDArray[Any],
    *,
    table: str,
    rows: Sequence[str | int | None] | None = None,
) -> Encoded:
    """Turn raw values of one predictor into numbers and check them against its rules.

    Parameters
    ----------
    predictor : Predictor
        The dictionary's entry.
    values : sequence or ndarray, shape (n,)
        Raw values: numbers, booleans, level names, None.
    table : str
        Table name for the failures.
    rows : sequence, optional
        Row labels for the failures; default the positions.

    Returns
    -------
    Encoded
        Numbers and failures. An erroneous value becomes NaN, so that nothing is computed from it.
    """
    array = values if isinstance(values, np.ndarray) else _objects(values)
    plain = "fiub" if predictor.kind == "binary" else "fiu"
    if array.dtype.kind in plain and not predictor.levels:
        codes = array.astype(np.float64)
        bad: dict[int, Failure] = {}
    else:
        codes, bad = _parse_objects(predictor, array, table)
    labels: Any = range(len(array)) if rows is None else rows
    failures = dict(bad)
    for position, rule, message, severity in _broken_rules(predictor, codes):
        value = _plain(array[position])
        failure = Failure(table, None, predictor.name, value, rule, message, severity)
        failures.setdefault(position, failure)
    for position, failure in failures.items():
        if failure.severity == "error":
            codes[position] = np.nan
    placed = tuple(replace(failures[p], row=_plain(labels[p])) for p in sorted(failures))
    return Encoded(codes, placed)


def _objects(values: Sequence[object]) -> NDArray[Any]:
    """Return a flat object array; numpy would unfold a list given where a number belongs."""
    array = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        array[position] = value
    return array


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _parse_objects(
    predictor: Predictor, array: NDArray[Any], table: str
) -> tuple[NDArray[np.float64], dict[int, Failure]]:
    codes = np.full(len(array), np.nan)
    bad: dict[int, Failure] = {}
    for position, raw in enumerate(array):
        value = _plain(raw)
        if is_missing(value):
            continue
        parsed = _parse(predictor, value)
        if parsed is None:
            rule, message = _type_rule(predictor, value)
            bad[position] = Failure(table, None, predictor.name, value, rule, message)
        else:
            codes[position] = parsed
    return codes, bad


def _parse(predictor: Predictor, value: object) -> float | None:
    if predictor.kind == "binary":
        return _parse_binary(value)
    if predictor.levels:
        return _parse_level(predictor.levels, value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return _parse_number(value)


def _parse_number(value: float | str) -> float | None:
    """Return a number; the words nan and 1_0, which float() would take, are none."""
    if isinstance(value, str) and "_" in value:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number


def _parse_binary(value: object) -> float | None:
    if isinstance(value, bool | int | float):
        return float(value) if value in {0, 1} else None
    word = _clean(value) if isinstance(value, str) else ""
    return 1.0 if word in _TRUE else 0.0 if word in _FALSE else None


def _clean(word: str) -> str:
    return _POINT_ZERO.sub("", word.strip().lower())


def _parse_level(levels: tuple[str, ...], value: object) -> float | None:
    if isinstance(value, bool | Mapping | list | tuple):
        return None
    word = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    lowered = {_clean(level): place for place, level in enumerate(levels)}
    return lowered.get(_clean(word))


def _type_rule(predictor: Predictor, value: object) -> tuple[str, str]:
    if predictor.kind == "binary":
        return "binary", f"expected true or false (or 1, 0, yes, no), got {value!r:.60}"
    if predictor.levels:
        return "level", f"expected one of {', '.join(predictor.levels)}, got {value!r:.60}"
    return "number", f"expected a number{_in_unit(predictor)}, got {value!r:.60}"


def _in_unit(predictor: Predictor) -> str:
    return f" in {predictor.unit}" if predictor.unit else ""


def _broken_rules(predictor: Predictor, codes: NDArray[np.float64]) -> list[_Broken]:
    """Return what lies outside what may or uses to be, errors before warnings."""
    if predictor.kind == "binary":
        places = ~np.isnan(codes) & (codes != 0) & (codes != 1)
        return _at(places, codes, "binary", "expected true or false (or 1, 0, yes, no), got")
    if not predictor.is_numeric:
        return []
    unit = _in_unit(predictor)
    broken = _at(np.isinf(codes), codes, "number", f"expected a finite number{unit}, got")
    if predictor.kind == "count":
        places = np.isfinite(codes) & (codes != np.floor(codes))
        broken += _at(places, codes, "count", "expected a whole number, got")
    for limits, rule, verb, severity in (
        (predictor.hard_range, "hard_range", "must lie", _ERROR),
        (predictor.usual_range, "usual_range", "usually lies", _WARNING),
    ):
        if limits is not None:
            low, high = limits
            text = f"{verb} between {low:g} and {high:g}{unit}, got"
            broken += _at((codes < low) | (codes > high), codes, rule, text, severity)
    return broken


def _at(
    places: NDArray[np.bool_],
    codes: NDArray[np.float64],
    rule: str,
    text: str,
    severity: Severity = _ERROR,
) -> list[_Broken]:
    return [(int(i), rule, f"{text} {codes[i]:g}", severity) for i in np.flatnonzero(places)]
