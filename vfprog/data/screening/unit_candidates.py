"""Units a column may have been recorded in: the factor to ours, and what a mapping says of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vfprog.schema.dictionary import Range


@dataclass(frozen=True)
class Candidate:
    """A unit a column may have been recorded in.

    Parameters
    ----------
    words : str
        The unit for people.
    factor : float
        Ours = theirs * factor.
    setting : str
        What the mapping says under ``unit``.
    known : bool
        Whether it is a unit in use, rather than a lost decimal point.
    """

    words: str
    factor: float
    setting: str
    known: bool = True


def _named(words: str, factor: float) -> Candidate:
    return Candidate(words, factor, words)


def _factor(words: str, factor: float, *, known: bool = True) -> Candidate:
    return Candidate(words, factor, f"{{multiply: {factor:.7g}}}", known)


_DAYS = (
    _named("weeks", 7.0),
    _named("months", 365.25 / 12),
    _named("years", 365.25),
    _named("hours", 1 / 24),
)
_KNOWN: dict[str, tuple[Candidate, ...]] = {
    "days": _DAYS,
    "years": (_named("months", 1 / 12), _named("days", 1 / 365.25)),
    "mm": (_named("cm", 10.0), _named("m", 1000.0)),
    "cm": (_named("mm", 0.1), _named("m", 100.0), _named("inches", 2.54)),
    "kg": (_named("lb", 0.45359237), _named("g", 0.001)),
    "%": (Candidate("fractions of 1", 100.0, "percent_0_1"),),
    "vas_0_10": (
        Candidate("points of 100", 0.1, "vas_0_100"),
        _factor("fractions of 1", 10.0),
    ),
    "nmol/l": (_named("ng/ml", 2.496),),
    "ml": (_factor("litres", 1000.0), _factor("mm3", 0.001), _factor("tenths of a ml", 0.1)),
    "degrees": (_factor("radians", 180 / pi),),
    "kg/m2": (_factor("g/cm2", 10.0),),
    "SD": (_factor("SD without the minus sign", -1.0),),
}
_SLIPS = (
    _factor("tenths of our unit (a decimal point may be lost)", 0.1, known=False),
    _factor("hundredths of our unit (a decimal point may be lost)", 0.01, known=False),
    _factor("ten times our unit", 10.0, known=False),
    _factor("a hundred times our unit", 100.0, known=False),
)


def candidates(unit: str | None, hard_range: Range | None, *, counted: bool) -> list[Candidate]:
    """Return the units a column may have been recorded in.

    Parameters
    ----------
    unit : str, optional
        Our unit, as a mapping knows it.
    hard_range : tuple of float, optional
        What may be; a scale of points may have been recorded in per cent of its highest.
    counted : bool
        Whether the values are counted, so that no decimal point can be lost.

    Returns
    -------
    list of Candidate
        Units in use before lost decimal points.
    """
    found = list(_KNOWN.get(unit or "", ()))
    if unit == "points" and hard_range is not None and 0 == hard_range[0] < hard_range[1]:
        found.append(_factor(f"per cent of {hard_range[1]:g}", hard_range[1] / 100))
        found.append(_factor(f"fractions of {hard_range[1]:g}", hard_range[1]))
    taken = {candidate.factor for candidate in found}
    return found if counted else found + [slip for slip in _SLIPS if slip.factor not in taken]


def day_candidates() -> tuple[Candidate, ...]:
    """Return the units in which days of follow-up may have been recorded."""
    return _DAYS
