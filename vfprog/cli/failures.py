"""Failures as text: grouped by field and rule, worst first, as many as fit."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vfprog.errors import Failure

MAX_GROUPS = 20
_MAX_ROWS = 4


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
    groups: dict[tuple[bool, str, str, str], list[Failure]] = {}
    for failure in failures:
        key = (failure.severity != "error", failure.table, failure.column, failure.rule)
        groups.setdefault(key, []).append(failure)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1])))
    lines = [line for _, group in ordered[:MAX_GROUPS] for line in _paragraph(group, width)]
    hidden = [failure for _, group in ordered[MAX_GROUPS:] for failure in group]
    if hidden:
        lines.append(f"... and {len(hidden)} more{', ' if where_all else ''}{where_all}")
    return "\n".join(lines)


def _paragraph(group: list[Failure], width: int) -> Iterator[str]:
    first = group[0]
    mark = "warning: " if first.severity == "warning" else ""
    words = f"{mark}{_field(first)}: {first.message}"
    if len(group) > 1:
        words += f" (the first of {_number(group)}: rows {_rows(group)})"
    yield from textwrap.wrap(
        words, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


def _field(failure: Failure) -> str:
    where = failure.table if failure.row is None else f"{failure.table}[{failure.row}]"
    return where if failure.column in {"*", ""} else f"{where}.{failure.column}"


def _number(group: list[Failure]) -> int:
    """Return how many failures a group stands for; a capped one ends with their number."""
    last = group[-1]
    if last.row is None and isinstance(last.value, int):
        return max(last.value, len(group))
    return len(group)


def _rows(group: list[Failure]) -> str:
    shown = ", ".join(str(failure.row) for failure in group[:_MAX_ROWS])
    return f"{shown}, ..." if len(group) > _MAX_ROWS else shown
