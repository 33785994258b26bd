"""Numbers and words as a page shows them."""

from __future__ import annotations

import datetime as dt
import html
import math
import re

from markupsafe import Markup, escape

_LONGEST = 500
_MARKS = re.compile(r"([\\\\`*\[\]|#~]|(?<!\w)_|_(?!\w))")
_LIMITS = re.compile(r"([^()]+?) (\(-?[\d.]+ to -?[\d.]+\))")


def tidy(value: object) -> object:
    """Return a value without anything invisible that would change how its neighbours read.

    Parameters
    ----------
    value : object
        Anything a template writes.

    Returns
    -------
    object
        Words without control and direction marks, and not endless; anything else as it is.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    words = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in value)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


def markdown(value: object) -> object:
    r"""Return a value as `tidy`, with nothing in it that Markdown, or HTML in it, would act on.

    Parameters
    ----------
    value : object
        Anything a template writes.

    Returns
    -------
    object
        Words on one line, marks escaped; anything else as it is.

    Examples
    --------
    >>> print(markdown("a|b *c* <b>"))
    a\|b \*c\* &lt;b&gt;
    >>> markdown("new_fracture")
    'new_fracture'
    """
    said = tidy(value)
    if not isinstance(said, str):
        return said
    flat = " ".join(said.split()) if said.strip() else said
    return _MARKS.sub(r"\\\1", html.escape(flat, quote=False))


def whole(number: float) -> str:
    """Return a count with its thousands told apart: ``12,345``."""
    return f"{number:,.0f}"


def short(number: float) -> str:
    """Return a number with four figures, and an en dash where it is missing.

    Parameters
    ----------
    number : float
        Any number.

    Returns
    -------
    str
        Words.

    Examples
    --------
    >>> short(0.123456), short(1234567.0), short(70)
    ('0.1235', '1,234,567', '70')
    """
    if math.isnan(number):
        return "\u2013"
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.4g}"


def percent(share: float) -> str:
    """Return a share as a percentage that is 0 or 100 only where it is so exactly.

    Parameters
    ----------
    share : float
        Between 0 and 1, or NaN.

    Returns
    -------
    str
        Words.

    Examples
    --------
    >>> percent(0.0), percent(0.0001), percent(0.256), percent(0.9999), percent(1.0)
    ('0 %', '< 0.1 %', '25.6 %', '> 99.9 %', '100 %')
    """
    if math.isnan(share):
        return "\u2013"
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.0f} %" if share in {0, 1} else f"{100 * share:.1f} %"


def counted(number: int, word: str) -> str:
    """Return a number with its noun: ``1 error``, ``2 errors``."""
    return f"{whole(number)} {word}" if number == 1 else f"{whole(number)} {word}s"


def spaced(cell: str) -> Markup:
    """Return a cell whose limits, in brackets, are not torn apart where a line ends.

    Parameters
    ----------
    cell : str
        Such as ``0.71 (0.69 to 0.73)``.

    Returns
    -------
    markupsafe.Markup
        The same words, escaped.

    Examples
    --------
    >>> spaced("0.71 (0.69 to 0.73)")
    Markup('0.71 <span class="limits">(0.69 to 0.73)</span>')
    >>> spaced("a < b")
    Markup('a &lt; b')
    """
    found = _LIMITS.fullmatch(cell)
    if found is None:
        return escape(tidy(cell))
    return Markup('{} <span class="limits">{}</span>').format(*found.groups())


def moment(stamp: str) -> str:
    """Return a time as people write it: ``2026-11-25 13:26 UTC``."""
    return f"{dt.datetime.fromisoformat(stamp).astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def value(received: object) -> str:
    """Return a value as it came in: 45, not 45.0, and an en dash where there is none."""
    if received is None or (isinstance(received, float) and math.isnan(received)):
        return "\u2013"
    return f"{received:.10g}" if isinstance(received, float) else str(received)
