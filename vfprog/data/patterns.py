"""Wide exports: one pattern such as ``vas_{day}d`` stands for all columns named like it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vfprog.errors import ConfigError, Failure
from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vfprog.data.column_spec import ColumnSpec
    from vfprog.data.mapping import Mapping

_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
_HOLE = re.compile(r"\{([^{}]*)\}")
_EXAMPLE = {"day": "30", "week": "4", "month": "12", "year": "1", "level": "l1"}


@dataclass(frozen=True)
class Pattern:
    """A name of columns with holes: ``{day}``, ``{week}``, ``{month}``, ``{year}``, ``{level}``.

    Parameters
    ----------
    text : str
        The pattern, such as ``height_{level}_{day}d``; one without holes matches itself.
    """

    text: str

    @property
    def holes(self) -> tuple[str, ...]:
        """The names of the holes, in order."""
        return tuple(_HOLE.findall(self.text))

    @property
    def example(self) -> str:
        """A column the pattern matches."""
        return _HOLE.sub(lambda hole: _EXAMPLE.get(hole[1], ""), self.text)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        parts = _HOLE.split(self.text)
        levels = "|".join(f"{level[0]}0?{level[1:]}" for level in reversed(LEVELS))
        for place in range(1, len(parts), 2):
            digits = f"(?i:{levels})" if parts[place] == "level" else "[0-9]{1,5}"
            parts[place] = f"(?P<{parts[place]}>{digits})"
        parts[::2] = [re.escape(part) for part in parts[::2]]
        return re.compile("".join(parts))

    def match(self, column: str) -> tuple[str | None, int | None] | None:
        """Return level and day a column is about, None where it is not named like this.

        Parameters
        ----------
        column : str
            Column of the source.

        Returns
        -------
        tuple of (str or None, int or None) or None
            Level such as ``L1`` and day after the index date, weeks as 7, months as 365.25/12
            days; None for what the pattern has no hole for.
        """
        found = self._regex.fullmatch(column)
        if found is None:
            return None
        level = day = None
        for name, text in found.groupdict().items():
            if name == "level":
                level = f"{text[0].upper()}{int(text[1:])}"
            else:
                day = round(int(text) * _DAYS[name])
        return level, day


def check_pattern(column: str | None, *, time: bool, level: bool | None) -> None:
    """Refuse a pattern with the wrong holes.

    Parameters
    ----------
    column : str or None
        What stands where a column is named.
    time : bool
        Whether it must tell the day; otherwise it must not.
    level : bool or None
        Whether it must tell the level, or must not; None where it may.

    Raises
    ------
    ValueError
        No column at all, an unknown hole, or one too many or too few.
    """
    if column is None:
        raise ValueError("a pattern names columns; a constant has no place here")
    holes = Pattern(column).holes
    unknown = [hole for hole in holes if hole not in _EXAMPLE]
    if unknown:
        known = ", ".join(f"{{{hole}}}" for hole in _EXAMPLE)
        raise ValueError(f"{column!r}: unknown {{{unknown[0]}}}; known: {known}")
    n_levels = holes.count("level")
    if len(holes) - n_levels != time:
        wanted = "needs one of {day}, {week}, {month}, {year}" if time else "tells no day"
        raise ValueError(f"{column!r}: a pattern here {wanted}")
    if n_levels > 1 or (level is not None and n_levels != level):
        wanted = "tells no level" if level is False else "needs {level} once"
        raise ValueError(f"{column!r}: a pattern here {wanted}")


@dataclass(frozen=True)
class WideColumn:
    """One column of a wide export and what it holds.

    Parameters
    ----------
    table, name : str
        The measurement: column of ours, or the event.
    spec : ColumnSpec
        The column and how its values are translated.
    level : str, optional
        Vertebra it is about, where its name says so.
    day : int, optional
        Day after the index date, where its name says so.
    pattern : str, optional
        The pattern that matches it.
    """

    table: str
    name: str
    spec: ColumnSpec
    level: str | None = None
    day: int | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class WideColumns:
    """The wide columns of one source.

    Parameters
    ----------
    columns : tuple of WideColumn
        All of them; a column a mapping names day by day need not be there.
    unmatched : tuple of WideColumn
        Patterns that match no column.
    failures : tuple of Failure
        Columns that hold the same.
    """

    columns: tuple[WideColumn, ...] = ()
    unmatched: tuple[WideColumn, ...] = ()
    failures: tuple[Failure, ...] = ()

    def of_table(self, table: str) -> list[WideColumn]:
        """Return the columns that become one table of ours."""
        return [column for column in self.columns if column.table == table]

    @property
    def names(self) -> set[str]:
        """The names in the source."""
        return {c.spec.column for c in self.columns if c.spec.column is not None}

    @property
    def late(self) -> set[str]:
        """The names in the source of what is measured after the index date."""
        late = [c.spec.column for c in self.columns if c.table != "vertebrae"]
        return {column for column in late if column is not None}


def find_wide_columns(mapping: Mapping, columns: Iterable[str]) -> WideColumns:
    """Return what each wide column of a source holds.

    A column that the mapping names for the baseline, by itself or in a pattern of vertebrae, is
    no follow-up if its day is 0. One that is ignored or identifies somebody matches no pattern.

    Parameters
    ----------
    mapping : Mapping
        The mapping.
    columns : iterable of str
        Columns of the table of episodes.

    Returns
    -------
    WideColumns
        Columns, patterns without one, and columns that hold the same.

    Raises
    ------
    ConfigError
        Two patterns match one column.
    """
    table = mapping.table("episodes")
    aside = {*mapping.identifiers, *(mapping.ignore if table is None else table.ignore)}
    there = [column for column in columns if column not in aside]
    baseline = {spec.column for spec in ({} if table is None else table.columns).values()}
    baseline |= {extra.column.column for extra in mapping.extra_predictors}
    found: list[WideColumn] = []
    unmatched: list[WideColumn] = []
    for asked in _asked(mapping):
        matches = list(_matches(asked, there))
        found += [c for c in matches if not (c.day == 0 and c.spec.column in baseline)]
        if asked.table == "vertebrae":
            baseline |= {column.spec.column for column in matches}
        if not matches:
            unmatched.append(asked)
    _refuse_shared(found)
    return WideColumns(tuple(found), tuple(unmatched), tuple(_same_place(found)))


def _asked(mapping: Mapping) -> Iterator[WideColumn]:
    """Yield what the mapping asks for, vertebrae first; a pattern still has its holes."""
    wide = mapping.follow_up
    for name, spec in mapping.wide_vertebrae().items():
        yield WideColumn("vertebrae", name, spec)
    for name, by_day in wide.visits.items():
        yield from _by_day("visits", name, by_day)
    if wide.heights is not None:
        yield from _by_day("heights", "height_loss_pct", wide.heights.height_loss_pct)
    for event, spec in wide.events.items():
        yield WideColumn("events", event, spec)


def _by_day(table: str, name: str, by: dict[int, ColumnSpec] | ColumnSpec) -> Iterator[WideColumn]:
    if not isinstance(by, dict):
        yield WideColumn(table, name, by)
        return
    for day, spec in by.items():
        yield WideColumn(table, name, spec, day=day)


def _matches(asked: WideColumn, columns: list[str]) -> Iterator[WideColumn]:
    """Yield the columns one entry stands for; an entry without holes stands for its own."""
    pattern = Pattern(asked.spec.column or "")
    if asked.day is not None or not pattern.holes:
        yield asked
        return
    for column in columns:
        place = pattern.match(column)
        if place is not None:
            spec = asked.spec.model_copy(update={"column": column})
            yield WideColumn(asked.table, asked.name, spec, *place, pattern=pattern.text)


def _refuse_shared(found: list[WideColumn]) -> None:
    # A vertebra's column that is follow-up as well is for the guards, which say why.
    readers: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for column in found:
        if column.spec.column is not None:
            key = (column.spec.column, column.table == "vertebrae")
            readers[key].append(f"{column.table}.{column.name}")
    for (name, _), who in readers.items():
        if len(who) > 1:
            raise ConfigError(f"{' and '.join(who)} both read the column {name!r}")


def _same_place(found: list[WideColumn]) -> Iterator[Failure]:
    places: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for column in found:
        place = (column.table, column.name, column.level, column.day)
        places[place].append(str(column.spec.column))
    for (table, name, level, day), names in places.items():
        if len(names) > 1:
            where = [f"of {level}"] * (level is not None) + [f"on day {day}"] * (day is not None)
            text = f"{' and '.join(map(repr, names))} both hold {name} {' '.join(where)}"
            yield Failure(str(table), None, str(name), names[1], "duplicate_column", text)
