"""Wide columns become tables: visits, films, events and vertebrae of one row per patient."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.unpivot import wide_events, wide_vertebrae, wide_visits
from vfprog.data.values import find_target, translate_column
from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vfprog.data.mapping import Mapping
    from vfprog.data.patterns import WideColumn, WideColumns
    from vfprog.errors import Failure
    from vfprog.schema.dictionary import Dictionary

# What tells the rows of a table apart, besides the episode.
_KEYS = {"visits": ("day",), "heights": ("level", "day"), "vertebrae": ("level",),
         "events": ("event", "level")}  # fmt: skip


class WideTables:
    """The tables that stand in wide columns of one source.

    Parameters
    ----------
    raw : pandas.DataFrame
        The foreign table of episodes.
    keys : pandas.Series
        The episode_id of each row.
    mapping : Mapping
        Missing codes and the like.
    dictionary : Dictionary
        The predictors of the registry.
    """

    def __init__(
        self, raw: pd.DataFrame, keys: pd.Series[Any], mapping: Mapping, dictionary: Dictionary
    ) -> None:
        self.raw = raw
        self.keys = keys
        self.mapping = mapping
        self.dictionary = dictionary
        self.failures: list[Failure] = []

    def build(self, wide: WideColumns) -> dict[str, pd.DataFrame]:
        """Return the tables; what could not be translated is kept in `failures`.

        Parameters
        ----------
        wide : WideColumns
            Columns of the source; one that is not there is left out.

        Returns
        -------
        dict of str to pandas.DataFrame
            Tables of ours; the index is that of the source.
        """
        builders = {"vertebrae": self._vertebrae, "visits": self._visits,
                    "heights": self._heights, "events": self._events}  # fmt: skip
        asked = {name: wide.of_table(name) for name in builders}
        there = {name: [c for c in columns if self._is_there(c)] for name, columns in asked.items()}
        return {name: build(there[name]) for name, build in builders.items() if asked[name]}

    def _is_there(self, column: WideColumn) -> bool:
        known = column.table == "events" or find_target(column.table, column.name, self.dictionary)
        return bool(known) and (column.spec.column is None or column.spec.column in self.raw)

    def _values(self, column: WideColumn, name: str) -> pd.Series[Any]:
        target = find_target(column.table, name, self.dictionary)
        if target is None:
            raise KeyError(name)
        values, failures = translate_column(column.spec, self.raw, target, self.mapping)
        self.failures += [_named(failure, str(column.spec.column)) for failure in failures]
        return values

    def _by_day(self, columns: Sequence[WideColumn]) -> pd.DataFrame:
        values: dict[str, dict[int, pd.Series[Any]]] = defaultdict(dict)
        for column in columns:
            values[column.name].setdefault(int(column.day or 0), self._values(column, column.name))
        return wide_visits(self.keys, values)

    def _visits(self, columns: Sequence[WideColumn]) -> pd.DataFrame:
        return self._by_day(columns)

    def _heights(self, columns: Sequence[WideColumn]) -> pd.DataFrame:
        parts = []
        for level in (None, *LEVELS):
            films = self._by_day([column for column in columns if column.level == level])
            named = self._level_of_all() if level is None else None
            parts.append(films.assign(
                level=level if named is None else named.reindex(films.index)
            ))  # fmt: skip
        return pd.concat([part for part in parts if len(part)] or parts[:1])

    def _level_of_all(self) -> pd.Series[Any]:
        """Return the level of each episode, where all its films are about one."""
        heights = self.mapping.follow_up.heights
        level = None if heights is None else heights.level
        if level not in LEVELS and level in self.raw:
            return self.raw[level]
        return pd.Series(level if level in LEVELS else None, index=self.raw.index, dtype="str")

    def _events(self, columns: Sequence[WideColumn]) -> pd.DataFrame:
        parts = [wide_events(self.keys, {})]
        for column in columns:
            part = wide_events(self.keys, {column.name: self._values(column, "day")})
            parts.append(part if column.level is None else part.assign(level=column.level))
        return pd.concat([part for part in parts if len(part)] or parts[:1])

    def _vertebrae(self, columns: Sequence[WideColumn]) -> pd.DataFrame:
        values: dict[str, dict[str, pd.Series[Any]]] = defaultdict(dict)
        for column in columns:
            level = str(column.level)
            values[level].setdefault(column.name, self._values(column, column.name))
        return wide_vertebrae(self.keys, values, self.dictionary)


def origins_of_cells(
    failures: Iterable[Failure], tables: dict[str, pd.DataFrame], wide: WideColumns
) -> list[str | None]:
    """Return the column of the source each failure stands in, where it is one of the wide.

    Parameters
    ----------
    failures : iterable of Failure
        Found in our tables; several of one line, column and value are in the order of the rows.
    tables : dict of str to pandas.DataFrame
        Raw tables in our names; the index is the line.
    wide : WideColumns
        The wide columns.

    Returns
    -------
    list of (str or None)
        Column of the source; None where the failure stands in none of them.
    """
    found = list(failures)
    names = {(*_measured(c), *_place(c)): str(c.spec.column) for c in wide.columns}
    measured = {key[:2] for key in names}
    lines: dict[str, set[int]] = defaultdict(set)
    for failure in found:
        if failure.line is not None and (failure.table, failure.column) in measured:
            lines[failure.table].add(failure.line)
    cells = {name: _rows(tables[name], wanted) for name, wanted in lines.items()}
    seen: Counter[tuple[object, ...]] = Counter()
    origins: list[str | None] = []
    for failure in found:
        if failure.line is None or (failure.table, failure.column) not in measured:
            origins.append(None)
            continue
        alike = _alike(cells[failure.table].get(failure.line, []), failure)
        key = (failure.table, failure.column, failure.line, failure.rule, str(failure.value))
        place = alike[min(seen[key], len(alike) - 1)] if alike else None
        seen[key] += 1
        origins.append(None if place is None else _origin(failure, place, names))
    return origins


def origins_of_days(
    failures: Iterable[Failure], tables: dict[str, pd.DataFrame], wide: WideColumns
) -> list[str | None]:
    """Return the columns of the source whose nominal day lies after a death.

    Parameters
    ----------
    failures : iterable of Failure
        Found in our tables.
    tables : dict of str to pandas.DataFrame
        Raw tables in our names; the index is the line.
    wide : WideColumns
        The wide columns.

    Returns
    -------
    list of (str or None)
        Columns with a value on that day, such as ``'vas_30' and 'rmdq_30'``; None where the
        failure is about something else.
    """
    found = list(failures)
    nominal = _nominal_tables(wide)
    lines: dict[str, set[int]] = defaultdict(set)
    for f in found:
        if f.rule == "after_death" and f.table in nominal and f.line is not None:
            lines[f.table].add(f.line)
    cells = {name: _rows(tables[name], wanted) for name, wanted in lines.items()}
    return [
        _columns_of_day(f, cells[f.table].get(f.line, []), wide)
        if f.rule == "after_death" and f.line is not None and f.table in cells else None
        for f in found
    ]  # fmt: skip


def nominal_day(failure: Failure, columns: str | None, wide: WideColumns) -> Failure:
    """Return a day after death as a warning where the day is only the name of a column.

    Parameters
    ----------
    failure : Failure
        What was found.
    columns : str, optional
        Columns of the source, where the failure is about one row.
    wide : WideColumns
        The wide columns.

    Returns
    -------
    Failure
        The same failure where it is about anything else.
    """
    if failure.rule != "after_death" or failure.table not in _nominal_tables(wide):
        return failure
    text = failure.message
    if columns:
        text += f"; the day is the nominal one of {columns}, the visit may have been earlier"
    return replace(failure, message=text, severity="warning")


def _nominal_tables(wide: WideColumns) -> set[str]:
    return {column.table for column in wide.columns} & {"visits", "heights"}


def _columns_of_day(failure: Failure, rows: list[dict[str, Any]], wide: WideColumns) -> str | None:
    on_day = [row for row in rows if _plain(row["day"]) == _plain(failure.value)]
    names = [
        repr(str(column.spec.column))
        for column in wide.of_table(failure.table)
        if column.day == _plain(failure.value)
        and any(
            pd.notna(row.get(column.name)) and column.level in {None, row.get("level")}
            for row in on_day
        )
    ]
    return " and ".join(dict.fromkeys(names)) or None


def _measured(column: WideColumn) -> tuple[str, str]:
    return column.table, "day" if column.table == "events" else column.name


def _place(column: WideColumn) -> tuple[object, ...]:
    return column.name if column.table == "events" else None, column.level, column.day


def _rows(frame: pd.DataFrame, lines: set[int]) -> dict[int, list[dict[str, Any]]]:
    some = frame[np.isin(frame.index.to_numpy(), sorted(lines))]
    rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line, row in zip(some.index, some.to_dict("records"), strict=True):
        rows[int(line)].append({str(name): value for name, value in row.items()})
    return rows


def _alike(rows: list[dict[str, Any]], failure: Failure) -> list[dict[str, Any]]:
    value = _plain(failure.value)
    return [row for row in rows if _plain(row.get(failure.column)) == value]


def _plain(value: object) -> object:
    """Return the number a cell stands for, such as 7.0 for ``07``; other cells as words."""
    try:
        return float(str(value))
    except ValueError:
        return str(value)


def _origin(failure: Failure, row: dict[str, Any], names: dict[tuple[Any, ...], str]) -> str | None:
    keys = _KEYS.get(failure.table, ())
    event = row["event"] if "event" in keys else None
    level = row.get("level") if "level" in keys else None
    day = int(row["day"]) if "day" in keys else None
    exact = names.get((failure.table, failure.column, event, level, day))
    return exact or names.get((failure.table, failure.column, event, None, day))


def _named(failure: Failure, column: str) -> Failure:
    return replace(failure, message=f"{failure.message} (column {column!r} of the source)")
