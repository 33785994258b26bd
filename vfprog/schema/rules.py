"""One set of range and level rules, for the patient form and for whole tables alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vfprog.schema.dictionary import Predictor

_TRUE = {"true", "yes", "1"}
_FALSE = {"false", "no", "0"}


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
        return bool(value != value)  # noqa: PLR0124  # NaN and NaT are what differs from itself
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
    if array.dtype.kind in "fiub" and not predictor.levels:
        codes = array.astype(np.float64)
        bad: dict[int, Failure] = {}
    else:
        codes, bad = _parse_objects(predictor, array, table)
    labels: Any = range(len(array)) if rows is None else rows
    failures = dict(bad)
    for position, rule, message, severity in _broken_rules(predictor, codes):
        failures.setdefault(
            position,
            Failure(table, None, predictor.name, _plain(array[position]), rule, message, severity),
        )
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
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _parse_binary(value: object) -> float | None:
    if isinstance(value, bool | int | float):
        return float(value) if value in {0, 1} else None
    word = str(value).strip().lower() if isinstance(value, str) else ""
    return 1.0 if word in _TRUE else 0.0 if word in _FALSE else None


def _parse_level(levels: tuple[str, ...], value: object) -> float | None:
    if isinstance(value, bool) or isinstance(value, Mapping | list | tuple):
        return None
    word = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    lowered = {level.lower(): place for place, level in enumerate(levels)}
    return lowered.get(word.strip().lower())


def _type_rule(predictor: Predictor, value: object) -> tuple[str, str]:
    if predictor.kind == "binary":
        return "binary", f"expected true or false (or 1, 0, yes, no), got {value!r:.60}"
    if predictor.levels:
        return "level", f"expected one of {', '.join(predictor.levels)}, got {value!r:.60}"
    return "number", f"expected a number{_in_unit(predictor)}, got {value!r:.60}"


def _in_unit(predictor: Predictor) -> str:
    return f" in {predictor.unit}" if predictor.unit else ""


def _broken_rules(
    predictor: Predictor, codes: NDArray[np.float64]
) -> list[tuple[int, str, str, Any]]:
    """Return (position, rule, message, severity) of each value outside what may or uses to be."""
    broken: list[tuple[int, str, str, Any]] = []
    unit = _in_unit(predictor)
    if predictor.kind == "binary":
        for i in np.flatnonzero(~np.isnan(codes) & (codes != 0) & (codes != 1)):
            broken.append((int(i), "binary", _type_rule(predictor, codes[i].item())[1], "error"))
    elif predictor.is_numeric:
        for i in np.flatnonzero(np.isinf(codes)):
            broken.append((int(i), "number", f"expected a finite number{unit}, got {codes[i]}", "error"))
        if predictor.kind == "count":
            for i in np.flatnonzero(np.isfinite(codes) & (codes != np.floor(codes))):
                broken.append((int(i), "count", f"expected a whole number, got {codes[i]:g}", "error"))
        broken += _outside(predictor.hard_range, codes, "hard_range", "must lie", unit, "error")
        broken += _outside(predictor.usual_range, codes, "usual_range", "usually lies", unit, "warning")
    return broken


def _outside(
    limits: tuple[float, float] | None,
    codes: NDArray[np.float64],
    rule: str,
    verb: str,
    unit: str,
    severity: str,
) -> list[tuple[int, str, str, Any]]:
    if limits is None:
        return []
    low, high = limits
    with np.errstate(invalid="ignore"):
        places = np.flatnonzero((codes < low) | (codes > high))
    text = f"{verb} between {low:g} and {high:g}{unit}"
    return [(int(i), rule, f"{text}, got {codes[i]:g}", severity) for i in places]
