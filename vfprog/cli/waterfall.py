"""The waterfall of one risk in characters: from the base, input by input, to the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import Contribution, Prognosis

MAX_ROWS = 8
_LABEL, _VALUE, _CHANGE, _RISK = 28, 14, 8, 7
_NARROWEST = 70
# Below this a change would be printed as 0.00.
_SMALLEST = 0.005
_CODES = {"bold": "1", "alarm": "1;7;31", "warn": "33", "raises": "33", "lowers": "36"}
_UNITS = {"deg": "degrees", "mm": "mm", "ml": "ml", "pct": "%", "days": "days", "years": "years"}


@dataclass(frozen=True)
class Style:
    """How text is set.

    Parameters
    ----------
    width : int
        Columns.
    colour : bool
        Whether to use ANSI colours.
    fancy : bool
        Whether to draw with characters beyond ASCII.
    """

    width: int = 80
    colour: bool = False
    fancy: bool = True

    def signed(self, value: float) -> str:
        """Return a change in log-odds with its sign."""
        shown = f"{value:+.2f}" if abs(value) >= _SMALLEST else "0.00"
        return shown.replace("-", "\N{MINUS SIGN}") if self.fancy else shown


PLAIN = Style()


def paint(text: str, look: str, style: Style) -> str:
    """Return text in a look, or as it is without colours.

    Parameters
    ----------
    text : str
        Text, already padded: the codes have no width.
    look : str
        bold, alarm, warn, raises or lowers.
    style : Style
        Whether there are colours.

    Returns
    -------
    str
        The text.
    """
    return f"\x1b[{_CODES[look]}m{text}\x1b[0m" if style.colour else text


def percent(risk: float) -> str:
    """Return a risk in percent: a decimal below 10 and above 90, none between."""
    shown = 100 * risk
    return f"{shown:.1f} %" if shown < 10 or shown > 90 else f"{shown:.0f} %"


def waterfall(prognosis: Prognosis, bundle: Bundle, style: Style = PLAIN) -> Iterator[str]:
    """Yield the lines of the waterfall, which ends in the risk that is shown.

    Parameters
    ----------
    prognosis : Prognosis
        Risk and contributions.
    bundle : Bundle
        Labels and units.
    style : Style
        Width, colours and characters.

    Yields
    ------
    str
        Line of ``style.width`` columns at most: input, value, bar, change in log-odds, and the
        risk once this input and those above it are counted.
    """
    rows = _rows(prognosis.contributions, bundle)
    half = max(4, (max(style.width, _NARROWEST) - 2 - _LABEL - _VALUE - _CHANGE - _RISK - 5) // 2)
    scale = max((abs(change) for _, _, change in rows), default=1.0)
    axis = "│" if style.fancy else "|"
    head = "lowers".rjust(half) + axis + "raises".ljust(half)
    yield _line("Input", "value", head, "log-odds", "risk")
    middle = " " * half + axis + " " * half
    total = prognosis.base_log_odds
    yield _line("Base risk", "", middle, "", percent(_expit(total)))
    for label, value, change in rows:
        total += change
        bar = _bar(change / scale if scale else 0.0, half, axis, style)
        yield _line(label, value, bar, style.signed(change), percent(_expit(total)))
    yield paint(_line("This patient", "", middle, "", percent(prognosis.risk)), "bold", style)


def value_text(name: str, value: Any, bundle: Bundle) -> str:
    """Return a value in words, with its unit.

    Parameters
    ----------
    name : str
        Predictor or two-parent feature.
    value : object
        Value, list of values over vertebrae, or None.
    bundle : Bundle
        Dictionary of the units.

    Returns
    -------
    str
        Text such as ``10 days``, ``yes`` or ``not given``.
    """
    if value is None:
        return "not given"
    if isinstance(value, list | tuple):
        words = ", ".join("?" if v is None else _word(v) for v in value)
        numbers = any(_is_number(v) for v in value)
    else:
        words, numbers = _word(value), _is_number(value)
    unit = _unit(name, bundle) if numbers else ""
    return f"{words} {unit}".strip()


def _rows(contributions: Sequence[Contribution], bundle: Bundle) -> list[tuple[str, str, float]]:
    """Return label, value and change of the largest, and of the rest as one."""
    weighty = [line for line in contributions if abs(line.log_odds) >= _SMALLEST]
    shown = weighty if len(weighty) == MAX_ROWS + 1 else weighty[:MAX_ROWS]
    rest = contributions[len(shown) :]
    rows = [
        (
            bundle.label(line.predictor),
            value_text(line.predictor, line.value, bundle),
            line.log_odds,
        )
        for line in shown
    ]
    if rest:
        rows.append((f"Others ({len(rest)})", "", sum(line.log_odds for line in rest)))
    return rows


def _line(label: str, value: str, bar: str, change: str, risk: str) -> str:
    left = f"  {_cut(label, _LABEL)} {_cut(value, _VALUE)} "
    return f"{left}{bar} {change.rjust(_CHANGE)} {risk.rjust(_RISK)}"


def _cut(text: str, width: int) -> str:
    if len(text) > width and text.endswith(")"):
        text = text[: text.rindex(" (")] if " (" in text else text
    return text.ljust(width) if len(text) <= width else text[: width - 2] + ".."


def _bar(share: float, half: int, axis: str, style: Style) -> str:
    """Return a bar to the left or right of the axis; share runs from -1 to 1."""
    halves = max(1, round(2 * half * abs(share))) if share else 0
    whole, odd = divmod(halves, 2)
    if style.fancy:
        solid = "█" * whole
        drawn = ("▐" * odd + solid) if share < 0 else (solid + "▌" * odd)
    else:
        drawn = "#" * (whole + odd)
    blank = " " * (half - len(drawn))
    painted = paint(drawn, "raises" if share > 0 else "lowers", style) if drawn else ""
    empty = " " * half
    return f"{empty}{axis}{painted}{blank}" if share > 0 else f"{blank}{painted}{axis}{empty}"


def _unit(name: str, bundle: Bundle) -> str:
    if name in bundle.dictionary:
        return bundle.dictionary[name].unit or ""
    return _UNITS.get(name.rsplit("_", 1)[-1], "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _expit(log_odds: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))
