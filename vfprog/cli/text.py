"""A prediction as text: risk, interval, what drives it, what is missing, which model spoke."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vfprog.cli.panel import beside_the_risk, of_the_patient, what_if_lines, wrapped
from vfprog.cli.waterfall import PLAIN, Style, paint, percent, waterfall

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import Prediction, Prognosis
    from vfprog.scoring.what_if import WhatIf

SIMULATED = "trained_on_simulated"
# Warnings whose words name the input they are about.
NAMED = {"outside_development"}
_TIMES = {"preprocedure": "known before the procedure", "postprocedure": "procedure included"}


@dataclass(frozen=True)
class _Frame:
    """Characters of the frame around a banner: corners, horizontal, vertical."""

    corners: tuple[str, str, str, str]
    across: str
    down: str


_DOUBLE, _ASCII = _Frame(("╔", "╗", "╚", "╝"), "═", "║"), _Frame(("#", "#", "#", "#"), "#", "#")


def render(
    prediction: Prediction, bundle: Bundle, style: Style = PLAIN, *, what_if: WhatIf | None = None
) -> str:
    """Return one prediction as text of at most ``style.width`` columns.

    Parameters
    ----------
    prediction : Prediction
        What `vfprog.predict` returned.
    bundle : Bundle
        The bundle that answered: it knows the labels and units.
    style : Style
        Width, colours and characters.
    what_if : WhatIf, optional
        The risks if inputs were others.

    Returns
    -------
    str
        Lines, without a line feed at the end.
    """
    lines: list[str] = []
    if bundle.simulated:
        words = "SIMULATED: trained on simulated data. Not for the care of any patient."
        lines += [*_banner(words, style), ""]
    if bundle.population_note:
        lines += [*wrapped("Learned from: ", bundle.population_note, style, indent=0), ""]
    for prognosis in prediction.prognoses:
        lines += [*_prognosis(prognosis, bundle, style), ""]
    if not prediction.prognoses:
        lines += ["No endpoint of this model applies to this patient.", ""]
    if what_if is not None:
        lines += [*what_if_lines(what_if, bundle, style, before=prediction.warnings), ""]
    lines += _remarks(prediction, bundle, style)
    known = list(of_the_patient(prediction, style))
    lines += [*known, ""] if known else []
    lines += _identity(prediction, style)
    return "\n".join(line.rstrip() for line in lines)


def render_all(predictions: Sequence[Prediction], bundle: Bundle, style: Style = PLAIN) -> str:
    """Return several predictions as blocks, each under its number; see `render`."""
    blocks = []
    for number, prediction in enumerate(predictions, 1):
        rule = "═" if style.fancy else "="
        head = f" Patient {number} of {len(predictions)} ".center(style.width, rule)
        blocks.append(f"{paint(head, 'bold', style)}\n\n{render(prediction, bundle, style)}")
    return "\n\n\n".join(blocks)


def _banner(words: str, style: Style) -> Iterator[str]:
    frame = _DOUBLE if style.fancy else _ASCII
    inside = style.width - 2
    left_up, right_up, left_down, right_down = frame.corners
    body = [line.center(inside) for line in textwrap.wrap(words, inside - 2)]
    rows = [left_up + frame.across * inside + right_up]
    rows += [frame.down + line + frame.down for line in body]
    rows += [left_down + frame.across * inside + right_down]
    yield from (paint(row, "alarm", style) for row in rows)


def _prognosis(prognosis: Prognosis, bundle: Bundle, style: Style) -> Iterator[str]:
    endpoint = bundle.rules[prognosis.endpoint]
    time = f"{endpoint.horizon}, {_TIMES[prognosis.prediction_time]}"
    title = endpoint.label
    gap = style.width - len(title) - len(time)
    yield paint(title, "bold", style) + (" " * gap + time if gap > 1 else f"\n  {time}")
    risk = percent(prognosis.risk)
    yield f"  {paint(risk, 'bold', style)}   {_frequency(prognosis.risk)}"
    for line in textwrap.wrap(_instability(prognosis), style.width - 2):
        yield f"  {line}"
    yield ""
    yield from wrapped("Defined as ", prognosis.definition, style)
    yield ""
    yield from waterfall(prognosis, bundle, style)
    sums = [
        f"{bundle.dictionary.concepts.get(name, name)} {style.signed(value)}"
        for name, value in prognosis.concepts().items()
    ]
    if sums:
        yield ""
        yield from wrapped("By group: ", ", ".join(sums), style)
    yield from beside_the_risk(prognosis, bundle, style)


def _frequency(risk: float) -> str:
    n = round(100 * risk)
    if n in {0, 100}:
        return (
            "fewer than 1 of 100 patients like this"
            if n == 0
            else "more than 99 of 100 patients like this"
        )
    return f"{n} of 100 patients like this"


def _instability(prognosis: Prognosis) -> str:
    words = prognosis.interval_in_words(percent)
    return words or "No interval: the bundle holds no refits."


def _remarks(prediction: Prediction, bundle: Bundle, style: Style) -> list[str]:
    lines: list[str] = []
    if prediction.missing:
        words = ", ".join(bundle.label(name) for name in prediction.missing)
        lines += wrapped(f"Not given ({len(prediction.missing)}): ", words, style)
    warnings = [warn for warn in prediction.warnings if warn.code != SIMULATED]
    for warn in warnings:
        named = warn.predictor is None or warn.code in NAMED
        about = "" if named else f"{bundle.label(str(warn.predictor))}: "
        painted = textwrap.wrap(f"! {about}{warn.message}", style.width - 2, subsequent_indent="  ")
        lines += [paint(f"  {line}", "warn", style) for line in painted]
    return [*lines, ""] if lines else []


def _identity(prediction: Prediction, style: Style) -> Iterable[str]:
    model = prediction.model
    data = "simulated data" if model.trained_on == "simulated" else "a registry"
    words = f"{model.name} {model.version}, trained on {data}, sha256 {model.sha256[:12]}"
    yield from wrapped("Model: ", words, style)
    yield from wrapped(
        "", "A prognosis, never a recommendation: it does not say whether to treat.", style
    )
