"""The intake report: one page that says what came in, what is wrong with it, and who takes part."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vfprog import __version__
from vfprog.data.groups import SEVERITIES, count, grouped
from vfprog.reports.charts import flow_rows, pattern_figure, profile_rows, shares_table
from vfprog.reports.environment import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from vfprog.data.groups import Group
    from vfprog.data.profile import Profile
    from vfprog.data.readers import ReadRegistry
    from vfprog.errors import Failure

# What one page shows at most; the table of failures has everything.
MAX_GROUPS = 120
MAX_ROWS = 200
_FIRST_ROWS = 5
# The end of a message that repeats the value, which has a column of its own.
_GOT = re.compile(r",? got .*$", re.DOTALL)
_ALL_ROWS = 4000
_HEADS = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
_MEANING = {
    "error": "cannot be right: mend these before anything is trained on the data",
    "warning": "probably wrong: look at each and decide",
    "note": "rare in good data, or how something was understood",
}


@dataclass(frozen=True)
class Found:
    """A group of failures as the page shows it.

    Parameters
    ----------
    group : Group
        The group.
    first : tuple of Failure
        What stands open.
    more : tuple of Failure
        What can be unfolded.
    """

    group: Group
    first: tuple[Failure, ...]
    more: tuple[Failure, ...]

    @property
    def unlisted(self) -> int:
        """How many the page does not list."""
        return self.group.n - len(self.first) - len(self.more)

    @property
    def several_messages(self) -> bool:
        """Whether the rows differ in more than their value."""
        listed = (*self.first, *self.more)
        return len({_GOT.sub("", failure.message) for failure in listed}) > 1

    @property
    def has_values(self) -> bool:
        """Whether any row has a value to show."""
        return any(failure.value is not None for failure in (*self.first, *self.more))


def intake_page(
    read: ReadRegistry,
    failures: Iterable[Failure],
    profile: Profile,
    *,
    flows: Mapping[str, pd.DataFrame],
    refused: Mapping[str, str],
    untrained: Mapping[str, str] | None = None,
) -> str:
    """Return the intake report as one page that needs no other file, host or script.

    Parameters
    ----------
    read : ReadRegistry
        The registry at every stage of its reading.
    failures : iterable of Failure
        Everything found.
    profile : Profile
        The registry column by column.
    flows : mapping of str to pandas.DataFrame
        Participant flow of each endpoint.
    refused : mapping of str to str
        Endpoints that cannot be derived, and why.
    untrained : mapping of str to str, optional
        Each model with why a training would refuse it, empty where it would not.

    Returns
    -------
    str
        HTML. Whatever stands in the data is text in it, never markup.
    """
    groups = grouped(failures)
    counts = {severity: count(groups, severity) for severity in SEVERITIES}
    rows, left = profile_rows(profile)
    page = (
        environment()
        .get_template("intake.html")
        .render(
            version=__version__,
            registry=read.registry,
            counts=counts,
            heads=_HEADS,
            meanings=_MEANING,
            tables=_tables(read),
            read_as=[f for group in groups if group.rule == "read_as" for f in group.failures],
            sections=_sections(groups),
            unshown=_unshown(groups),
            flows={name: flow_rows(flow) for name, flow in flows.items()},
            refused=dict(refused),
            untrained=dict(untrained or {}),
            rows=rows,
            rows_left=left,
            patterns={table: pattern_figure(frame) for table, frame in profile.patterns.items()},
            shares={name: shares_table(frame) for name, frame in profile.missing_by.items()},
        )
    )
    return page.strip() + "\n"


def _tables(read: ReadRegistry) -> list[dict[str, Any]]:
    """Return what came in: tables, their rows and columns, and how many of these are read."""
    lines = []
    for name, frame in read.typed.items():
        there = read.translated.tables.get(name)
        if there is None:
            lines.append({"name": name, "rows": 0, "columns": 0, "read": 0, "absent": True})
            continue
        known = sum(column in frame for column in there.columns)
        source = read.source.tables.get(name)
        columns = len(there.columns if source is None else source.columns)
        lines.append({"name": name, "rows": len(frame), "columns": columns, "read": known,
                      "absent": False})  # fmt: skip
    return lines


def _sections(groups: list[Group]) -> dict[str, list[Found]]:
    """Share the room of the page out among the groups: first rows for all, more for the worst."""
    room = _ALL_ROWS
    sections: dict[str, list[Found]] = {severity: [] for severity in SEVERITIES}
    for group in _shown(groups):
        most = MAX_ROWS if group.severity != "note" else _FIRST_ROWS * 4
        listed = group.failures[: max(_FIRST_ROWS, min(most, room))]
        room -= len(listed)
        found = Found(group, listed[:_FIRST_ROWS], listed[_FIRST_ROWS:])
        sections[group.severity].append(found)
    return sections


def _shown(groups: list[Group]) -> list[Group]:
    """Return the groups the page has room for: the worst, and some of each severity."""
    shown: list[Group] = []
    for severity in SEVERITIES:
        room = max(MAX_GROUPS - len(shown), MAX_GROUPS // 4)
        own = [g for g in groups if g.severity == severity and g.rule != "read_as"]
        shown += own[:room]
    return shown


def _unshown(groups: list[Group]) -> dict[str, int]:
    """Return how many groups of each severity the page has no room for."""
    there = Counter(group.severity for group in groups if group.rule != "read_as")
    shown = Counter(group.severity for group in _shown(groups))
    return {severity: there[severity] - shown[severity] for severity in SEVERITIES}
