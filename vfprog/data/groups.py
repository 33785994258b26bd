"""Failures grouped by code and column, worst first: the form in which people read them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vfprog.data.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.errors import Failure, Severity

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
# As many columns of one table with the same fault are one line of text, not one each.
_MANY_COLUMNS = 3
# What `capped` in vfprog.data.checks says of the failures it left out.
_CAPPED = re.compile(r"(\d+) rows break the rule \S+; the first (\d+) are listed")


@dataclass(frozen=True)
class Group:
    """Failures of one rule, severity and column; or of one rule about several whole columns.

    Parameters
    ----------
    severity : {"error", "warning", "note"}
        How bad.
    table : str
        Table.
    columns : tuple of str
        Columns, mostly one.
    rule : str
        Code.
    failures : tuple of Failure
        What is listed, in the order found.
    n : int
        What was found: more than is listed where the list was cut.
    """

    severity: Severity
    table: str
    columns: tuple[str, ...]
    rule: str
    failures: tuple[Failure, ...]
    n: int

    @property
    def of_rows(self) -> bool:
        """Whether single rows are meant, not whole columns."""
        return self.failures[0].row is not None

    @property
    def meaning(self) -> str:
        """What was found, in general; empty for a code the catalogue lacks."""
        return CATALOGUE[self.rule].meaning if self.rule in CATALOGUE else ""

    @property
    def what_to_do(self) -> str:
        """The advice for the code; empty for a code the catalogue lacks."""
        return CATALOGUE[self.rule].what_to_do if self.rule in CATALOGUE else ""


def grouped(failures: Iterable[Failure], *, fold: bool = True) -> list[Group]:
    """Return failures in groups, worst first; whole columns first, then the most frequent.

    Parameters
    ----------
    failures : iterable of Failure
        What was found; a failure that tells how many there are of a list that was cut counts as
        the ones it stands for.
    fold : bool
        Whether warnings and notes that say the same of many whole columns of one table are one
        group.

    Returns
    -------
    list of Group
        Each failure in one group.
    """
    together: dict[tuple[str, str, str, str, bool], list[Failure]] = {}
    hidden: dict[tuple[str, str, str], int] = {}
    for failure in failures:
        unlisted = _unlisted(failure)
        if unlisted:
            place = (failure.table, failure.column, failure.rule)
            hidden[place] = hidden.get(place, 0) + unlisted
            continue
        key = (failure.severity, failure.table, failure.rule, failure.column, failure.row is None)
        together.setdefault(key, []).append(failure)
    groups = []
    for (_, table, rule, column, _), found in together.items():
        more = hidden.pop((table, column, rule), 0) if found[0].row is not None else 0
        severity = found[0].severity
        groups.append(Group(severity, table, (column,), rule, tuple(found), len(found) + more))
    return sorted(_folded(groups) if fold else groups, key=_order)


def count(groups: Iterable[Group], severity: Severity) -> int:
    """Return how many failures of a severity there are.

    Parameters
    ----------
    groups : iterable of Group
        What `grouped` returned.
    severity : {"error", "warning", "note"}
        Which.

    Returns
    -------
    int
        Their number.
    """
    return sum(group.n for group in groups if group.severity == severity)


def _unlisted(failure: Failure) -> int:
    """Return how many failures one stands for that are not listed."""
    if failure.row is not None or not isinstance(failure.value, int):
        return 0
    cut = _CAPPED.fullmatch(failure.message)
    return int(cut[1]) - int(cut[2]) if cut else 0


def _folded(groups: list[Group]) -> list[Group]:
    """Put together the groups that say the same of many whole columns of one table."""
    alike: dict[tuple[str, str, str], list[Group]] = {}
    for group in groups:
        if not group.of_rows and group.severity != "error":
            alike.setdefault((group.severity, group.table, group.rule), []).append(group)
    folds = {key: found for key, found in alike.items() if len(found) > _MANY_COLUMNS}
    kept = [
        group for group in groups
        if group.of_rows or (group.severity, group.table, group.rule) not in folds
    ]  # fmt: skip
    for found in folds.values():
        columns = tuple(group.columns[0] for group in found)
        failures = tuple(failure for group in found for failure in group.failures)
        kept.append(replace(found[0], columns=columns, failures=failures, n=len(failures)))
    return kept


def _order(group: Group) -> tuple[int, bool, int]:
    # What is wrong with a whole column mostly explains what is wrong with its rows.
    return SEVERITIES.index(group.severity), group.of_rows, -group.n
