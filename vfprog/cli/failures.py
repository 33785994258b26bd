"""Failures as text: grouped by field and rule, worst first, as many as fit."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from vfprog.data.groups import count, grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vfprog.data.groups import Group
    from vfprog.errors import Failure, Severity

MAX_GROUPS = 20
_MAX_ROWS = 4
_MAX_COLUMNS = 6
_MAX_READ_AS = 10
_LONGEST = 400
_HEADS: dict[Severity, str] = {"error": "ERRORS", "warning": "WARNINGS"}


def describe(failures: Iterable[Failure], *, where_all: str = "", width: int = 80) -> str:
    """Return failures as text, those of one field and rule together.

    Parameters
    ----------
    failures : iterable of Failure
        Errors and warnings.
    where_all : str
        Where the reader finds what does not fit, such as ``see --out``.
    width : int
        Columns.

    Returns
    -------
    str
        One paragraph per field and rule, errors first, most frequent first.
    """
    groups = grouped(failures, fold=False)
    lines = [line for group in groups[:MAX_GROUPS] for line in _paragraph(group, width)]
    hidden = sum(group.n for group in groups[MAX_GROUPS:])
    if hidden:
        lines.append(f"... and {hidden} more{', ' if where_all else ''}{where_all}")
    return "\n".join(lines)


def overview(groups: Sequence[Group], *, where_all: str = "", width: int = 80) -> str:
    """Return what a check found as text: errors, warnings, each with what to do, then the notes.

    Parameters
    ----------
    groups : sequence of Group
        What was found, worst first.
    where_all : str
        Where the reader finds what does not fit.
    width : int
        Columns.

    Returns
    -------
    str
        Blocks under a heading each; at most `MAX_GROUPS` groups in all.
    """
    blocks: list[str] = []
    room = MAX_GROUPS
    for severity, head in _HEADS.items():
        found = [group for group in groups if group.severity == severity]
        # Some warnings are shown however many errors there are.
        shown = found[: max(room, MAX_GROUPS // 4)]
        room -= len(shown)
        lines = [line for group in shown for line in _entry(group, width)]
        hidden = found[len(shown) :]
        if hidden:
            number = count(hidden, severity)
            text = f"... and {number} more in {_columns_of(hidden)}: {where_all}"
            lines += _wrap(text.rstrip(": "), width, "  ", "  ")
        if lines:
            blocks.append("\n".join([head, *lines]))
    notes = _notes([group for group in groups if group.severity == "note"], width)
    return "\n\n".join([*blocks, *notes])


def plain(text: object) -> str:
    """Return a text without anything that would move a terminal's cursor, and not endless."""
    words = "".join(c if c.isprintable() else "?" for c in " ".join(str(text).split()))
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


def _paragraph(group: Group, width: int) -> Iterator[str]:
    first = group.failures[0]
    mark = "" if group.severity == "error" else f"{group.severity}: "
    words = f"{mark}{_field(first)}: {first.message}"
    if group.n > 1:
        words += f" (the first of {group.n}: rows {_labels(group)})"
    yield from _wrap(words, width, "  ", "    ")


def _entry(group: Group, width: int) -> Iterator[str]:
    """Give a group as a head, what was seen, where, and what to do."""
    first = group.failures[0]
    columns = ", ".join(column for column in group.columns[:_MAX_COLUMNS] if column != "*")
    more = len(group.columns) - _MAX_COLUMNS
    if more > 0:
        columns += f" and {more} more"
    head = f"{group.table}{'.' if columns else ''}{columns}: {_how_many(group)} [{group.rule}]"
    yield from _wrap(head, width, "  ", "      ")
    example = "such as: " if len(group.columns) > 1 else ""
    yield from _wrap(f"{example}{first.message}", width, "    ", "      ")
    if group.of_rows:
        yield from _wrap(_places(group), width, "    ", "      ")
    if group.what_to_do:
        yield from _wrap(f"-> {group.what_to_do}", width, "    ", "       ")


def _how_many(group: Group) -> str:
    if not group.of_rows:
        n = len(group.columns)
        return "the whole column" if n == 1 else f"{n} whole columns"
    return "1 place" if group.n == 1 else f"{group.n} places"


def _places(group: Group) -> str:
    """Return the first rows by id and by line."""
    shown = group.failures[:_MAX_ROWS]
    words = [
        str(f.row) if f.line is None or str(f.row) == str(f.line) else f"{f.row} (line {f.line})"
        for f in shown
    ]
    more = ", ..." if group.n > len(shown) else ""
    if all(word.startswith("rows ") for word in words):  # blocks of rows name themselves
        return "; ".join(words) + more
    return ("row " if group.n == 1 else "rows ") + ", ".join(words) + more


def _notes(groups: list[Group], width: int) -> list[str]:
    """Return how the files were understood, then one line that counts the other notes."""
    blocks = []
    understood = [f for group in groups if group.rule == "read_as" for f in group.failures]
    if understood:
        lines = [
            line
            for failure in understood[:_MAX_READ_AS]
            for line in _wrap(f"{_field(failure)}: {failure.message}", width, "  ", "    ")
        ]
        left = len(understood) - _MAX_READ_AS
        blocks.append("\n".join(["READ AS", *lines, *([f"  ... and {left} more"] * (left > 0))]))
    rules: dict[str, int] = {}
    for group in groups:
        if group.rule != "read_as":
            rules[group.rule] = rules.get(group.rule, 0) + group.n
    if rules:
        words = ", ".join(f"{rule} {n}" for rule, n in sorted(rules.items(), key=_by_number))
        total = sum(rules.values())
        text = f"{total}, rare in good data, to look at once: {words}"
        blocks.append("\n".join(["NOTES", *_wrap(text, width, "  ", "    ")]))
    return blocks


def _by_number(item: tuple[str, int]) -> int:
    return -item[1]


def _columns_of(groups: list[Group]) -> str:
    n = sum(len(group.columns) for group in groups)
    return "1 column" if n == 1 else f"{n} columns"


def _field(failure: Failure) -> str:
    where = failure.table if failure.row is None else f"{failure.table}[{failure.row}]"
    return where if failure.column in {"*", ""} else f"{where}.{failure.column}"


def _labels(group: Group) -> str:
    shown = ", ".join(str(failure.row) for failure in group.failures[:_MAX_ROWS])
    return f"{shown}, ..." if group.n > _MAX_ROWS else shown


def _wrap(text: str, width: int, first: str = "", then: str = "  ") -> list[str]:
    return textwrap.wrap(
        plain(text), width, initial_indent=first, subsequent_indent=then, break_on_hyphens=False,
    )  # fmt: skip
