"""The trust panel as text: how far a risk may be trusted, and what the trials found."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from vfprog.cli.waterfall import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vfprog.cli.waterfall import Style
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.panel import Gap, Peer, TrialMatch
    from vfprog.scoring.prognosis import Prediction, Prognosis, Warn
    from vfprog.scoring.what_if import RiskChange, WhatIf

# What could move a risk by less than this is not worth a line at the bedside.
LEAST_SPREAD = 0.01
MOST_GAPS = 3
_METRICS = {"c_statistic": "c-statistic", "calibration_in_the_large": "calibration in the large"}


def wrapped(head: str, words: str, style: Style, *, indent: int = 2) -> list[str]:
    """Return text in lines, the second and later ones set in.

    Parameters
    ----------
    head, words : str
        What the text begins with, and goes on with.
    style : Style
        Width.
    indent : int
        Columns left blank before the first line; two more before the others.

    Returns
    -------
    list of str
        The lines.
    """
    return textwrap.wrap(
        head + words, style.width, initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2), break_on_hyphens=False,
    )  # fmt: skip


def beside_the_risk(prognosis: Prognosis, bundle: Bundle, style: Style) -> Iterator[str]:
    """Yield what is worth measuring, and how the model performed in patients like this one.

    Parameters
    ----------
    prognosis : Prognosis
        One risk.
    bundle : Bundle
        Labels.
    style : Style
        Width.

    Yields
    ------
    str
        Lines.
    """
    words = _gaps(prognosis.gaps, bundle)
    if words:
        yield from wrapped("Worth measuring: ", words, style)
    for metric, name in _METRICS.items():
        known = [p for p in prognosis.peers if p.metric == metric and p.estimate is not None]
        if known:
            yield from wrapped(f"In groups of this patient, {name}: ", _range(known), style)


def of_the_patient(prediction: Prediction, style: Style) -> Iterator[str]:
    """Yield how typical the patient is, what the trials found, and the published scores.

    Parameters
    ----------
    prediction : Prediction
        All that was found.
    style : Style
        Width and characters.

    Yields
    ------
    str
        Lines.
    """
    if prediction.applicability is not None:
        yield from wrapped("How typical: ", prediction.applicability.note, style)
        yield ""
    if prediction.evidence:
        yield "  Trials, by the entry criteria known here (they had others)"
        for match in prediction.evidence:
            yield from wrapped("", _trial(match, style), style)
    yield from _scores(prediction, style)


def what_if_lines(
    answer: WhatIf, bundle: Bundle, style: Style, *, before: Sequence[Warn] = ()
) -> Iterator[str]:
    """Yield the risks before and after a change of inputs.

    Parameters
    ----------
    answer : WhatIf
        What `vfprog.what_if` returned.
    bundle : Bundle
        Labels.
    style : Style
        Width and characters.
    before : sequence of Warn
        Warnings of the patient as given, which say why there is no risk before.

    Yields
    ------
    str
        Lines.
    """
    arrow = "→" if style.fancy else "->"
    changes = ", ".join(
        f"{bundle.label(c.predictor)} {_word(c.before)} {arrow} {_word(c.after)}"
        for c in answer.changes
    )
    yield from wrapped("What if: ", changes, style)
    for line in answer.endpoints:
        label = bundle.rules[line.endpoint].label
        if line.risk_before is None or line.risk_after is None or line.change is None:
            yield from wrapped(
                f"{label:26} ", _undefined(line, before, answer.warnings), style, indent=4
            )
            continue
        points = f"{100 * line.change:+.1f}"
        points = points.replace("-", "\N{MINUS SIGN}") if style.fancy else points
        moved = f"{percent(line.risk_before)} {arrow} {percent(line.risk_after)}"
        other = line.prediction_time_before != line.prediction_time_after
        note = ", by another model" if other else ""
        yield f"    {label:26} {moved:20} {points} percentage points{note}"
    yield f"    This is {answer.label}."


def _undefined(line: RiskChange, before: Sequence[Warn], after: Sequence[Warn]) -> str:
    """Return which of two risks there is none of, and why."""
    said = []
    for when, risk, warnings in (
        ("before", line.risk_before, before),
        ("after", line.risk_after, after),
    ):
        why = [w.message.partition(": ")[2] for w in warnings
               if w.message.startswith(f"no risk of {line.endpoint}: ")]  # fmt: skip
        if risk is not None:
            said.append(f"{percent(risk)} {when}")
        else:
            said.append(f"no risk {when}" + (f" ({why[0]})" if why else ""))
    return ", ".join(said)


def _gaps(gaps: Sequence[Gap], bundle: Bundle) -> str:
    if not gaps:
        return ""
    large = [gap for gap in gaps if gap.highest_risk - gap.lowest_risk >= LEAST_SPREAD]
    if not large:
        return "nothing that is missing moves this risk by a percentage point"
    return ", ".join(
        f"{bundle.label(gap.predictor)} ({percent(gap.lowest_risk)} to {percent(gap.highest_risk)})"
        for gap in large[:MOST_GAPS]
    )


def _range(peers: Sequence[Peer]) -> str:
    """Return the lowest and the highest figure, with their groups."""
    ordered = sorted(peers, key=lambda peer: peer.estimate or 0.0)
    ends = ordered[:1] if len(ordered) == 1 else [ordered[0], ordered[-1]]
    return " to ".join(
        f"{peer.estimate:.2f} ({peer.label}: {peer.group}; {_weight(peer)})" for peer in ends
    )


def _weight(peer: Peer) -> str:
    """Return how much a figure rests on: of a small group it says little."""
    interval = "no interval"
    if peer.lower is not None and peer.upper is not None:
        interval = f"95 % interval {peer.lower:.2f} to {peer.upper:.2f}"
    count = "" if peer.n is None else f", {peer.n} patients"
    events = "" if peer.n_events is None else f", {peer.n_events} with the event"
    return f"{interval}{count}{events}"


def _trial(match: TrialMatch, style: Style) -> str:
    name = f"{match.label} ({match.design})"
    if match.eligible:
        mark = "✓" if style.fancy else "+"
        return f"{mark} {name} would have taken this patient. {match.finding} {match.citation}."
    if match.eligible is None:
        return f"? {name}: not known: {', '.join(match.unknown)}."
    mark = "✗" if style.fancy else "-"
    return f"{mark} {name}: not met: {', '.join(match.unmet)}."


def _scores(prediction: Prediction, style: Style) -> Iterator[str]:
    score, flags = prediction.of_score, prediction.alignment_flags
    if score is not None and score.reading is not None:
        reach = (
            f" ({score.lowest} to {score.highest}, whatever the unknown)" if score.unknown else ""
        )
        head = f"OF score {score.score}{reach}, read by its authors as {score.reading}; "
        yield from wrapped(head, score.note, style)
    elif score is not None:
        yield from wrapped("OF score: ", "no reading without the OF type of the fracture", style)
    if flags is not None:
        raised = [flag.label for flag in flags.flags if flag.raised] or ["none raised"]
        unknown = sum(flag.raised is None for flag in flags.flags)
        more = f", {unknown} unknown" if unknown else ""
        yield from wrapped("Alignment flags: ", f"{', '.join(raised)}{more}; {flags.note}", style)


def _word(value: object) -> str:
    if value is None or value == "":
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
