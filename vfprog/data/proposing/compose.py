"""Write a proposed mapping as YAML: every line with its evidence and how sure it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vfprog.data.column_spec import Scalar
    from vfprog.data.proposing.proposal import (
        OutcomeProposal,
        Proposal,
        Proposed,
        SetAside,
        TableProposal,
        WideProposal,
    )
    from vfprog.data.proposing.reading import Fit

_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*$")
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_HEADER = """\
# Mapping proposed by `vfprog map` for {source}: read it before you trust it.
# high: name and values agree and nothing else fits. medium: probably; look at it.
# low: stands here as a comment only. Decide, then take the # away or delete the line.
# Lines with "decide:" ask what no table can tell. Then:
#   vfprog check {source} --mapping {out}
# says what is still open."""
_LONGEST = 130
_CONSTANTS = (
    ("treatment", "vertebroplasty", "no column tells the treatment; if all had this one"),
    ("site_id", "one", "no column tells the site; if there is but one"),
)


def compose(proposed: Proposed, *, source: str, out: str) -> str:
    """Return the text of a mapping.

    Parameters
    ----------
    proposed : Proposed
        What is proposed.
    source : str
        What to call the source.
    out : str
        What to call the file.

    Returns
    -------
    str
        YAML that loads as it stands.
    """
    head = _HEADER.format(source=_shown(source), out=_shown(out)).splitlines()
    lines = [*head, *(f"# Read as: {_shown(note)}" for note in proposed.notes)]
    lines.append(f"description: {quoted(f'Proposed for {source}')}")
    if proposed.missing:
        words = ", ".join(quoted(word, always=True) for word in proposed.missing)
        lines.append(f"missing: [{words}]  # high: words that stand for missing in any language")
    if proposed.decimal_comma:
        lines.append("decimal_comma: true  # high: numbers are written 7,5")
    if proposed.is_flat:
        lines += ["columns:", *_columns(proposed.tables[0], "  ")]
        lines += _constants(proposed.tables[0], "  ")
    else:
        lines += ["tables:", *(line for table in proposed.tables for line in _table(table))]
    lines += _wide(proposed.wide)
    lines += _outcomes(proposed.outcomes)
    lines += _aside("identifiers", proposed.identifiers)
    lines += _aside("post_baseline", proposed.post_baseline)
    lines += _open(proposed)
    return "\n".join(lines) + "\n"


def quoted(value: Scalar, *, always: bool = False) -> str:
    """Return a scalar as YAML writes it, in quotes unless it is a plain word.

    Parameters
    ----------
    value : bool, int, float or str
        The scalar.
    always : bool
        Whether a plain word is put in quotes, too.

    Returns
    -------
    str
        Text of one line that YAML reads as the same scalar.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    plain = _PLAIN.match(value) and value.lower() not in _WORDS_OF_YAML
    if plain and not always:
        return value
    return '"' + "".join(_escaped(letter) for letter in value) + '"'


def _escaped(letter: str) -> str:
    if letter in {'"', "\\"}:
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _shown(text: str) -> str:
    """Return a text that cannot end the comment it stands in."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _columns(table: TableProposal, indent: str) -> Iterable[str]:
    for proposal in table.columns:
        yield from _column(proposal, indent)


def _column(proposal: Proposal, indent: str) -> Iterable[str]:
    fit, ours = proposal.fit, proposal.ours
    why = f"{proposal.confidence}: {_shown('; '.join(proposal.evidence))}"
    whole = f"{ours}: {_spec(proposal.column, fit)}"
    if proposal.confidence == "low":
        yield f"{indent}# {whole}  # {why}"
        yield from _question(fit, indent, "")
        return
    if fit.sure:
        yield from _explained(f"{indent}{whole}", why, indent)
        yield from _question(fit, indent, "")
        return
    bare = f"{indent}{ours}: {_spec(proposal.column, fit, bare=True)}"
    yield from _explained(bare, why, indent)
    yield from _question(fit, indent, whole)


def _explained(line: str, why: str, indent: str) -> Iterable[str]:
    """Put the evidence at the end of a line or, where that were too long, above it."""
    if len(line) + len(why) < _LONGEST:
        yield f"{line}  # {why}"
    else:
        yield f"{indent}# {why}"
        yield line


def _question(fit: Fit, indent: str, then: str) -> Iterable[str]:
    if fit.question:
        yield f"{indent}# decide: {_shown(fit.question)}" + (" Then write instead:" if then else "")
    if then:
        yield f"{indent}# {then}"


def _spec(column: str, fit: Fit, *, bare: bool = False) -> str:
    """Return the specification of one column, in the shortest form; bare without what is unsure."""
    parts = []
    if fit.unit and not bare:
        parts.append(f"unit: {quoted(fit.unit)}")
    if fit.recode and not bare:
        codes = ", ".join(f"{quoted(k, always=True)}: {quoted(v)}" for k, v in fit.recode.items())
        parts.append(f"recode: {{{codes}}}")
    if fit.missing:
        words = ", ".join(quoted(word, always=True) for word in fit.missing)
        parts.append(f"missing: [{words}]")
    if fit.date_format and not bare:
        parts.append(f"date_format: {quoted(fit.date_format)}")
    name = quoted(column)
    return f"{{{', '.join([f'column: {name}', *parts])}}}" if parts else name


def _table(table: TableProposal) -> Iterable[str]:
    yield f"  {table.role}:"
    yield f"    file: {quoted(table.file)}  # {table.confidence}: by its columns and its name"
    if any(p.confidence != "low" for p in table.columns):
        yield "    columns:"
        yield from _columns(table, "      ")
        if table.role == "episodes":
            yield from _constants(table, "      ")


def _constants(table: TableProposal, indent: str) -> Iterable[str]:
    placed = {p.ours for p in table.columns}
    for ours, value, text in _CONSTANTS:
        if ours not in placed:
            yield f"{indent}# {ours}: {{constant: {value}}}  # low: {text}"


def _wide(wide: Sequence[WideProposal]) -> list[str]:
    lines: list[str] = []
    vertebrae = [w for w in wide if w.table == "vertebrae"]
    if vertebrae:
        lines += ["vertebrae:", *(f"  {_wide_line(w)}" for w in vertebrae)]
    others = [w for w in wide if w.table != "vertebrae"]
    if others:
        lines.append("follow_up:")
    for table in ("visits", "heights"):
        found = [w for w in others if w.table == table]
        if found:
            lines += [f"  {table}:", *(f"    {_wide_line(w)}" for w in found)]
    return lines


def _wide_line(wide: WideProposal) -> str:
    why = f"  # {wide.confidence}: {_shown('; '.join(wide.evidence))}"
    bare = not wide.fit.sure
    if wide.pattern is not None:
        return f"{wide.ours}: {_spec(wide.pattern, wide.fit, bare=bare)}{why}"
    days = ", ".join(f"{day}: {_spec(column, wide.fit, bare=bare)}"
                     for day, column in sorted(wide.days.items()))  # fmt: skip
    return f"{wide.ours}: {{{days}}}{why}"


def _outcomes(outcomes: Sequence[OutcomeProposal]) -> list[str]:
    if not outcomes:
        return []
    active = any(outcome.confidence != "low" for outcome in outcomes)
    lines = ["outcomes:" if active else "# outcomes:"]
    for o in outcomes:
        event, no_event = (
            ", ".join(quoted(word, always=True) for word in words)
            for words in (o.event, o.no_event)
        )
        codes = f"event: [{event}], no_event: [{no_event}]"
        text = f"{o.endpoint}: {{column: {quoted(o.column)}, {codes}}}"
        mark = "# " if o.confidence == "low" else ""
        why = _shown("; ".join(o.evidence))
        lines.append(f"{mark}  {text}  # {o.confidence}: {why}; is this what it means?")
    return lines


def _aside(name: str, columns: Sequence[SetAside]) -> list[str]:
    if not columns:
        return []
    lines = [f"  - {quoted(c.column)}  # {c.confidence}: {_shown(c.evidence)}" for c in columns]
    return [f"{name}:", *lines]


def _open(proposed: Proposed) -> list[str]:
    lines: list[str] = []
    for table in proposed.tables:
        where = "" if proposed.is_flat else f" in {_shown(table.file)}"
        lines += [f"#   {quoted(c.column)}{where}: {_shown(c.evidence)}" for c in table.open]
    lines += [f"#   the whole table {quoted(name)}" for name in proposed.unplaced]
    if not lines:
        return ["# Nothing is still open."]
    return [
        "# Still open: name them under columns, extra_predictors, outcomes, post_baseline,",
        "# identifiers or ignore.",
        *lines,
    ]
