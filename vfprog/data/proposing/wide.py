"""Wide columns: one measurement on several days or levels, such as ``vas_30d``."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vfprog.data.patterns import Pattern
from vfprog.data.proposing.proposal import WideProposal
from vfprog.data.proposing.vocabulary import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.data.proposing.fits import Fitter
    from vfprog.data.proposing.names import Namer, Occasion
    from vfprog.data.proposing.proposal import Confidence
    from vfprog.data.proposing.reading import Fit
    from vfprog.data.proposing.sketch import Sketch
    from vfprog.data.proposing.slots import Slot

_ALIKE, _SAME = 0.75, 0.9
_AGREES = 0.5
_HOLES = {"days": "{day}", "weeks": "{week}", "months": "{month}", "years": "{year}"}
_LEVEL = re.compile(r"(?<![A-Za-z])[TLtl]0?\d{1,2}(?!\d)")


@dataclass(frozen=True)
class _Member:
    seen: Sketch
    slot: Slot
    occasion: Occasion
    fit: Fit
    name: float


def propose_wide(
    columns: Sequence[Sketch], slots: Sequence[Slot], namer: Namer, fitter: Fitter
) -> list[WideProposal]:
    """Find the wide columns of a table of episodes.

    Parameters
    ----------
    columns : sequence of Sketch
        Its columns.
    slots : sequence of Slot
        What is measured on several days or levels: columns of visits, heights and vertebrae.
    namer : Namer
        Reads days and levels from names.
    fitter : Fitter
        Compares values.

    Returns
    -------
    list of WideProposal
        One for each measurement; a column that fits none is in none.
    """
    groups: dict[tuple[str, str], list[_Member]] = defaultdict(list)
    for column in columns:
        member = _member(column, slots, namer, fitter)
        if member is not None:
            groups[member.slot.table, member.slot.name].append(member)
    found = [_propose(members, columns) for _, members in sorted(groups.items())]
    return [proposal for proposal in found if proposal is not None]


def _member(column: Sketch, slots: Sequence[Slot], namer: Namer, fitter: Fitter) -> _Member | None:
    occasion = namer.occasion(column.name)
    if not occasion.day and occasion.level is None:
        return None
    tables = {"visits", "heights"} if occasion.day else {"vertebrae"}
    stem = " ".join(occasion.stem)
    best: _Member | None = None
    for slot in slots:
        if slot.table not in tables or (slot.table == "heights") > (occasion.level is not None):
            continue
        score = namer.score(stem, slot.name)
        if slot.name == "height_loss_pct" and tokens(stem) in {("height",), ("ht",), ("hoehe",)}:
            score = 1.0
        if score < _ALIKE or (best is not None and score <= best.name):
            continue
        fit = fitter.fit(column, slot)
        if fit.agreement >= _AGREES:
            best = _Member(column, slot, occasion, fit, score)
    return best


def _propose(members: list[_Member], columns: Sequence[Sketch]) -> WideProposal | None:
    names = [member.seen.name for member in members]
    slot = members[0].slot
    pattern = _common_pattern(members, [column.name for column in columns])
    days = {int(m.occasion.day or 0): m.seen.name for m in members}
    if pattern is None and (slot.table != "visits" or len(days) < len(members)):
        return None
    fit = _common_fit(members)
    score = min(member.name for member in members)
    sure = fit.sure and min(m.fit.agreement for m in members) >= 0.6
    confidence: Confidence = "high" if score >= _SAME and sure else "medium"
    where = sorted({m.occasion.level for m in members if m.occasion.level})
    when = [str(day) for day in sorted(days) if slot.table != "vertebrae"]
    evidence = [f"{len(members)} columns alike"]
    evidence += [f"days {', '.join(when)}"] if when else []
    evidence += [f"levels {', '.join(where)}"] if where else []
    why = (*evidence, *fit.evidence[:1])
    by_day = {} if pattern else days
    return WideProposal(slot.table, slot.name, tuple(names), pattern, by_day, confidence, fit, why)


def _common_fit(members: list[_Member]) -> Fit:
    """Return the reading most columns ask for: the same measurement has one unit and one code."""
    units = Counter(m.fit.unit if m.fit.sure else None for m in members)
    unit = max(units, key=lambda u: (units[u], u is not None, str(u)))
    first = next((m.fit for m in members if m.fit.unit == unit), members[0].fit)
    recode = {word: ours for m in members for word, ours in m.fit.recode.items()}
    missing = tuple(sorted({code for m in members for code in m.fit.missing}))
    sure = all(m.fit.sure for m in members)
    return replace(first, unit=unit, recode=recode, missing=missing, sure=sure)


def _common_pattern(members: list[_Member], columns: list[str]) -> str | None:
    """Return the one pattern that matches these columns with their days, and no other column.

    A column of the same name on day 0 is the baseline and may be matched.
    """
    wanted = {m.seen.name: (m.occasion.level, m.occasion.day) for m in members}
    needs_day = members[0].slot.table != "vertebrae"
    asked = [(name, level, day if needs_day else None) for name, (level, day) in wanted.items()]
    texts = {_pattern_of(m, needs_day=needs_day) for m in members} - {None}
    for text in sorted(str(text) for text in texts):
        pattern = Pattern(text)
        if all(pattern.match(name) == (level, day) for name, level, day in asked):
            others = [pattern.match(c) for c in columns if c not in wanted]
            if not any(found is not None and found[1] != 0 for found in others):
                return text
    return None


def _pattern_of(member: _Member, *, needs_day: bool) -> str | None:
    name, occasion = member.seen.name, member.occasion
    if "{" in name or "}" in name:
        return None
    held = name
    if occasion.level is not None:
        held = _LEVEL.sub("\0", name, count=1)
    texts = [held]
    if needs_day:
        texts = [
            held[: found.start()] + _HOLES[str(occasion.unit)] + held[found.end() :]
            for found in re.finditer(rf"(?<!\d)0*{occasion.number}(?!\d)", held)
        ]
    level_day = (occasion.level, occasion.day if needs_day else None)
    for text in texts:
        full = text.replace("\0", "{level}")
        if Pattern(full).match(name) == level_day:
            return full
    return None
