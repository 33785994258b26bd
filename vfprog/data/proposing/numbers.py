"""Numbers: whether they can be what is wanted, their unit, and codes that mean missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.proposing.reading import Fit
from vfprog.data.proposing.sketch import MANY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.data.proposing.sketch import Sketch
    from vfprog.data.proposing.slots import Limits, Slot

    Floats = NDArray[np.float64]

_CODES = frozenset(
    {-1.0, *(float(sign * digit * ones) for sign in (-1, 1) for digit in (7, 8, 9)
             for ones in (1, 11, 111, 1111, 11111))}
)  # fmt: skip
_OFTEN = 5
# 5 to 95 % of the values spread over at least this share of the usual range in the right unit.
_NARROW, _TINY, _WIDE = 0.12, 0.02, 1.5
_NEARLY_ALL = 0.98


def fit_numbers(seen: Sketch, slot: Slot, named: str | None) -> Fit:
    """Return how well numbers agree with a numeric column of ours, and their unit.

    Parameters
    ----------
    seen : Sketch
        The foreign column.
    slot : Slot
        The column of ours.
    named : str or None
        Unit the name of the column ends with.

    Returns
    -------
    Fit
        Agreement in the unit proposed.
    """
    if seen.numeric_share < 0.8:  # words with some numbers among them
        return Fit(0.0)
    codes = odd_codes(seen)
    values = seen.finite[~np.isin(seen.finite, codes)]
    if not len(values):
        return Fit(0.2)
    found = _in_unit(values, slot, named)
    found = replace(found, missing=tuple(w for code in codes for w in _written(seen, code)))
    return replace(found, agreement=found.agreement * seen.numeric_share * _form(values, slot))


def odd_codes(seen: Sketch) -> list[float]:
    """Return numbers that are known as missing codes, frequent, and far from all others.

    Parameters
    ----------
    seen : Sketch
        A column.

    Returns
    -------
    list of float
        The codes, in order.
    """
    values, often = np.unique(seen.finite, return_counts=True)
    counts = dict(zip(values.tolist(), often.tolist(), strict=True))
    left = np.sort(seen.finite)
    found: list[float] = []
    while len(left) >= _OFTEN and (code := _outermost(left, counts)) is not None:
        found.append(code)
        left = left[left != code]
    return sorted(found)


def _written(seen: Sketch, code: float) -> list[str]:
    """Return a code as a mapping needs it: as it stands there, where a comma hides the number."""
    if not seen.decimal_comma:
        return [f"{code:g}"]
    return sorted({str(word) for word in seen.words[seen.numbers == code]})


def _outermost(values: Floats, counts: dict[float, int]) -> float | None:
    """Return the least or greatest value if it is a code that lies far from the next one."""
    for code, others in ((values[0], values[values > values[0]]),
                         (values[-1], values[values < values[-1]])):  # fmt: skip
        if float(code) not in _CODES or counts[float(code)] < _OFTEN or not len(others):
            continue
        low, high = np.quantile(others, [0.25, 0.75])
        if np.abs(others - code).min() > max(float(high - low), 1.0):
            return float(code)
    return None


def _in_unit(values: Floats, slot: Slot, named: str | None) -> Fit:
    factors = dict(slot.units)
    if named in factors:
        return _by_name(values, slot, str(named), factors)
    own = _plausible(values, slot)
    others = {u: _plausible(values * f, slot) for u, f in factors.items() if f != 1.0}
    best = max(others, key=lambda u: (others[u], u), default=None)
    text = _spread(values)
    if best is None or others[best] < own + 0.25 or slot.type == "day":
        return Fit(own, evidence=(text,))
    close = sorted(u for u in others if u != best and others[u] > others[best] - 0.15)
    impossible = _share(values, slot.hard) < 0.9 or _relative(values, slot) < _TINY
    question = f"is the unit {' or '.join([best, *close, 'ours'])}?"
    seen = f"{text}: unusual in our unit, usual in {best}"
    sure = impossible and not close
    return Fit(others[best] if sure else max(own, 0.6), evidence=(seen,), unit=best, sure=sure,
               question="" if sure else question)  # fmt: skip


def _by_name(values: Floats, slot: Slot, named: str, factors: dict[str, float]) -> Fit:
    converted = _plausible(values * factors[named], slot)
    own = _plausible(values, slot)
    unit = None if factors[named] == 1.0 else named
    evidence = (f"unit {named} in the name", _spread(values))
    if converted >= 0.5 or converted >= own:
        return Fit(converted, evidence=evidence, unit=unit)
    question = f"the name says {named}, the values look like ours: which is right?"
    return Fit(own * 0.8, evidence=evidence, unit=unit, sure=False, question=question)


def _plausible(values: Floats, slot: Slot) -> float:
    """Return 1 for values that look as they use to, 0 for values that cannot be."""
    inside = _share(values, slot.hard)
    if inside < 0.5:
        return 0.0
    usual = _share(values, slot.usual)
    score = inside * (0.6 + 0.4 * usual)
    relative = _relative(values, slot)
    middle = float(np.median(values))
    if slot.median is not None and not slot.median[0] <= middle <= slot.median[1]:
        score *= 0.7
    if slot.type == "number" and not _NARROW <= relative <= _WIDE:
        score *= 0.35 if relative < _TINY else 0.7
    return score


def _relative(values: Floats, slot: Slot) -> float:
    if slot.usual is None:
        return 0.5
    low, high = np.quantile(values, [0.05, 0.95])
    return float(high - low) / (slot.usual[1] - slot.usual[0])


def _share(values: Floats, limits: Limits | None) -> float:
    if limits is None:
        return 1.0
    return float(((values >= limits[0]) & (values <= limits[1])).mean())


def _form(values: Floats, slot: Slot) -> float:
    """Return less than 1 for what is whole or not where it ought to be otherwise."""
    whole = float((values == np.floor(values)).mean())
    if slot.type in {"count", "day"} and whole < _NEARLY_ALL:
        return 0.5
    distinct = len(np.unique(values))
    if slot.type == "number" and distinct <= 2 < len(values):  # a code
        return 0.2
    return 1.0


def _spread(values: Floats) -> str:
    """Return median and spread, of as many values as tell nothing of one person."""
    if len(values) < MANY:
        return f"{len(values)} numbers"
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return f"median {middle:.4g}, 5 to 95 % {low:.4g} to {high:.4g}"
