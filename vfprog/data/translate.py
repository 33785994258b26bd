"""Apply a mapping: foreign tables become ours, and what a mapping must not do is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.data.checks import close_matches
from vfprog.data.column_spec import ColumnSpec
from vfprog.data.guards import check_leakage, known_names
from vfprog.data.notation import AMONG_COMMAS
from vfprog.data.own_endpoints import own_endpoints
from vfprog.data.patterns import Pattern, WideColumn, WideColumns, find_wide_columns
from vfprog.data.rows import RowNames
from vfprog.data.unpivot import NESTED, split_flat
from vfprog.data.values import (
    UNDECLARED,
    Target,
    blank_codes,
    find_target,
    recode,
    translate_column,
    undeclared,
    undeclared_text,
)
from vfprog.data.wide import WideTables, nominal_day, origins_of_cells, origins_of_days
from vfprog.data.words import as_words
from vfprog.errors import ConfigError, Failure
from vfprog.schema.dictionary import LEVELS
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.data.mapping import Mapping
    from vfprog.data.sources import Source
    from vfprog.schema.dictionary import Dictionary
    from vfprog.schema.endpoints import Endpoint


@dataclass(frozen=True)
class Translated:
    """Tables in our names, not yet checked.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Raw values in our words and units.
    dictionary : Dictionary
        The dictionary with the registry's own predictors.
    outcomes : pandas.DataFrame, optional
        Outcomes the source has coded: episode_id, endpoint, event (0/1); an outcome that is
        missing has no row.
    failures : tuple of Failure
        What the mapping could not do.
    origins : dict
        Column of the source, or pattern, of each table and column of ours.
    wide : WideColumns
        Columns of the source that are unpivoted.
    own_endpoints : tuple of Endpoint
        Endpoints that only the mapping defines.
    declared : dict
        Words of the source that a recode declares, for each table and column of ours.
    """

    tables: dict[str, pd.DataFrame]
    dictionary: Dictionary
    outcomes: pd.DataFrame | None = None
    failures: tuple[Failure, ...] = ()
    origins: dict[tuple[str, str], str] = field(default_factory=dict)
    wide: WideColumns = field(default_factory=WideColumns)
    own_endpoints: tuple[Endpoint, ...] = ()
    declared: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def named(self, failures: Iterable[Failure]) -> list[Failure]:
        """Return failures in the source's names and words.

        A fault of a nominal day, such as the 30 of ``vas_30d`` after a death, is a warning; what
        screening makes of words no recode declares is left out, as each row is refused already.

        Parameters
        ----------
        failures : iterable of Failure
            Failures in our names.

        Returns
        -------
        list of Failure
            The same with the source's columns, cells and words.
        """
        found = [failure for failure in failures if not self._told_by_row(failure)]
        cells = origins_of_cells(found, self.tables, self.wide)
        days = origins_of_days(found, self.tables, self.wide)
        return [
            self._named(nominal_day(self._as_read(failure), day, self.wide), cell)
            for failure, cell, day in zip(found, cells, days, strict=True)
        ]

    def _told_by_row(self, failure: Failure) -> bool:
        is_recoded = (failure.table, failure.column) in self.declared
        shifted = failure.rule in {"code_shift", "mixed_codes"}
        return is_recoded and shifted and UNDECLARED in failure.message

    def _as_read(self, failure: Failure) -> Failure:
        """Return a failure about the word of the source, where a mark was put to it."""
        value = failure.value
        if failure.line is None or not isinstance(value, str):
            return failure
        declared = self.declared.get((failure.table, failure.column))
        if declared is not None and value.startswith(UNDECLARED):
            theirs = value.removeprefix(UNDECLARED)
            text = undeclared_text(theirs, declared)
            return replace(failure, value=theirs, rule="level", message=text)
        if failure.rule == "number" and value.endswith(AMONG_COMMAS):
            theirs = value.removesuffix(AMONG_COMMAS)
            text = (
                f"{theirs!r:.60} has a point, but nearly all other values of the column a decimal "
                "comma: correct it, or set decimal_comma in the mapping"
            )
            return replace(failure, value=theirs, message=text)
        return failure

    def _named(self, failure: Failure, cell: str | None) -> Failure:
        origin = cell or self.origins.get((failure.table, failure.column))
        if origin is None or origin == failure.column:
            return failure
        return replace(failure, message=f"{failure.message} (column {origin!r} of the source)")


def translate(
    source: Source, mapping: Mapping, dictionary: Dictionary, *, scoring: bool = False
) -> Translated:
    """Apply a mapping to what was read.

    Parameters
    ----------
    source : Source
        The foreign tables.
    mapping : Mapping
        What becomes of them.
    dictionary : Dictionary
        The dictionary the registry's own predictors are added to.
    scoring : bool
        Whether outcomes, follow-up, keys and treatment may be absent.

    Returns
    -------
    Translated
        Our tables and what went wrong.

    Raises
    ------
    ConfigError
        The mapping is for another kind of source, or names a unit nobody knows.
    """
    if (mapping.columns or mapping.tables) and source.is_flat != bool(mapping.columns):
        kinds = ("a flat table", "a folder of tables")
        ours, theirs = kinds if source.is_flat else kinds[::-1]
        raise ConfigError(f"the source is {ours}, but the mapping is for {theirs}")
    return _Translation(source, mapping, dictionary, scoring).run()


class _Translation:
    """One run of a mapping over one source; collects failures as it goes."""

    def __init__(
        self, source: Source, mapping: Mapping, dictionary: Dictionary, scoring: bool
    ) -> None:
        self.source = source
        self.mapping = mapping
        self.scoring = scoring
        late = {e.predictor.name for e in mapping.extra_predictors
                if e.predictor.known_at == "follow_up"}  # fmt: skip
        self.extras = tuple(e for e in mapping.extra_predictors if e.predictor.name not in late)
        self.wide = find_wide_columns(mapping, source.tables["episodes"].columns)
        self.dictionary = dictionary.extended(e.predictor for e in self.extras)
        self.failures: list[Failure] = []
        self.origins: dict[tuple[str, str], str] = {}
        self.declared: dict[tuple[str, str], tuple[str, ...]] = {}

    def run(self) -> Translated:
        own = own_endpoints(self.mapping.outcomes)
        self.failures += check_leakage(self.mapping, self.dictionary, self.wide)
        tables: dict[str, pd.DataFrame] = {}
        for name, raw in self.source.tables.items():
            specs = self._specs(name, raw)
            tables[name] = self._frame(name, raw, specs)
            if self.mapping.table(name) is None:
                aside = {*self._known(name, specs), *tables[name].columns}
                tables[name] = tables[name].join(raw[[c for c in raw if c not in aside]])
            else:
                self.failures += self._unmapped(name, raw, specs)
        raw = self.source.tables["episodes"]
        keys = self._keys(tables["episodes"])
        if self.source.is_flat:
            flat, failures = split_flat(tables["episodes"], self.dictionary)
            tables |= flat
            self.failures += failures
        tables |= self._wide_tables(raw, keys, tables)
        outcomes = self._outcomes(raw, keys)
        return Translated(tables, self.dictionary, outcomes, tuple(self.failures), self.origins,
                          self.wide, own, self.declared)  # fmt: skip

    def _specs(self, name: str, raw: pd.DataFrame) -> dict[str, ColumnSpec]:
        """Return our columns of one source table; those of our names where no mapping says."""
        table = self.mapping.table(name)
        unpivoted = self.mapping.wide_vertebrae()
        own = {
            e.predictor.name: e.column
            for e in self.extras
            if (self.source.is_flat or e.predictor.table == name)
            and e.predictor.name not in unpivoted
        }
        if table is not None:
            return {**table.columns, **own}
        structural = {column.name for column in REGISTRY[name]}
        aside = self._known(name, own) - (structural - set(self.mapping.ignore))
        there = [c for c in map(str, raw) if c not in aside and self._target(name, c) is not None]
        return {**{c: ColumnSpec(column=c) for c in there}, **own}

    def _known(self, name: str, specs: dict[str, ColumnSpec]) -> set[str]:
        """Return the columns of one source table that have a meaning, or are to have none."""
        table = self.mapping.table(name)
        known = {*self.mapping.identifiers, *self.mapping.post_baseline}
        known |= set(table.ignore if table else self.mapping.ignore)
        known |= {str(s.column) for s in specs.values()}
        known |= {str(extra.column.column) for extra in self.mapping.extra_predictors}
        if name == "episodes":
            known |= {outcome.column for outcome in self.mapping.outcomes.values()}
            known |= self.wide.names
            heights = self.mapping.follow_up.heights
            known |= {heights.level} if heights and heights.level else set()
        return known

    def _frame(self, name: str, raw: pd.DataFrame, specs: dict[str, ColumnSpec]) -> pd.DataFrame:
        columns: dict[str, Any] = {}
        for ours, spec in specs.items():
            target = self._target(name, ours)
            if target is None:
                known = known_names(name, self.dictionary, is_flat=self.source.is_flat)
                text = f"{ours!r} is no column of {name}{close_matches(ours, known)}"
                self.failures.append(Failure("mapping", None, ours, None, "unknown_name", text))
            elif spec.column is not None and spec.column not in raw:
                self._lost(name, ours, spec.column, raw)
            elif ours == NESTED:
                columns[ours] = raw[spec.column]
            else:
                self.origins[target.table, ours] = spec.column or ours
                self._declare(target.table, ours, spec)
                columns[ours], failures = translate_column(spec, raw, target, self.mapping)
                self.failures += failures
        return pd.DataFrame(columns, index=raw.index)

    def _declare(self, table: str, ours: str, spec: ColumnSpec) -> None:
        """Keep the words a recode declares; wide columns may declare others for each day."""
        if spec.recode:
            known = self.declared.get((table, ours), ())
            self.declared[table, ours] = tuple(dict.fromkeys([*known, *spec.recode]))

    def _target(self, table: str, ours: str) -> Target | None:
        if self.source.is_flat and ours == NESTED:
            return Target("episodes", NESTED, "nested")
        target = find_target(table, ours, self.dictionary)
        if target is None and self.source.is_flat:
            target = find_target("vertebrae", ours, self.dictionary)
        return target

    def _lost(self, table: str, ours: str, theirs: str, raw: pd.DataFrame) -> None:
        structural = {column.name for column in REGISTRY["episodes"]} | set(self.mapping.outcomes)
        if self.scoring and ours in structural:
            return
        text = f"the source has no column {theirs!r} for {ours}{close_matches(theirs, raw.columns)}"
        self.failures.append(Failure(table, None, ours, theirs, "missing_column", text))

    def _unmapped(
        self, name: str, raw: pd.DataFrame, specs: dict[str, ColumnSpec]
    ) -> list[Failure]:
        known = self._known(name, specs)
        text = "the column is neither mapped nor ignored"
        return [
            Failure(name, None, column, None, "unmapped_column", text, "warning")
            for column in raw.columns
            if column not in known
        ]

    @staticmethod
    def _keys(episodes: pd.DataFrame) -> pd.Series[Any]:
        if "episode_id" in episodes:
            return as_words(episodes["episode_id"])
        return pd.Series(episodes.index.map(str), index=episodes.index)

    def _wide_tables(
        self, raw: pd.DataFrame, keys: pd.Series[Any], tables: dict[str, pd.DataFrame]
    ) -> dict[str, pd.DataFrame]:
        self.failures += self.wide.failures
        for column in (*self.wide.unmatched, *self.wide.columns):
            self._check_wide(column, raw)
        heights = self.mapping.follow_up.heights
        level = heights.level if heights else None
        if level is not None and level not in {*LEVELS, *raw.columns}:
            self._lost("heights", "level", level, raw)
        building = WideTables(raw, keys, self.mapping, self.dictionary)
        built = building.build(self.wide)
        self.failures += building.failures
        for name in set(built) & set(tables):
            raise ConfigError(f"{name} stand both in a table of their own and in wide columns")
        return built

    def _check_wide(self, column: WideColumn, raw: pd.DataFrame) -> None:
        """Name a pattern that matches nothing, a column that is not there, a name not known."""
        name = "day" if column.table == "events" else column.name
        if find_target(column.table, name, self.dictionary) is None:
            known = known_names(column.table, self.dictionary, is_flat=False)
            text = f"{name!r} is no column of {column.table}{close_matches(name, known)}"
            self.failures.append(Failure("mapping", None, name, None, "unknown_name", text))
            return
        self._declare(column.table, name, column.spec)
        theirs = column.spec.column
        may_lack = self.scoring and column.table != "vertebrae"
        if theirs is not None and theirs not in raw and not may_lack:
            alike = close_matches(Pattern(theirs).example, raw.columns)
            text = f"the source has no column {theirs!r} for {column.name}{alike}"
            where = (column.table, None, column.name, theirs)
            self.failures.append(Failure(*where, "missing_column", text))
        elif column.pattern is not None:
            self.origins[column.table, name] = column.pattern

    def _outcomes(self, raw: pd.DataFrame, keys: pd.Series[Any]) -> pd.DataFrame | None:
        parts = []
        for endpoint, coded in self.mapping.outcomes.items():
            if coded.column not in raw:
                self._lost("outcomes", endpoint, coded.column, raw)
                continue
            words = dict.fromkeys(coded.event, "1") | dict.fromkeys(coded.no_event, "0")
            values = blank_codes(raw[coded.column], self.mapping.missing)
            if values.isna().any():
                text = f"{int(values.isna().sum())} episodes have no outcome"
                self.failures.append(
                    Failure("outcomes", None, endpoint, None, "missing_outcome", text, "warning")
                )
            values, odd = recode(values, words)
            names = RowNames.of(pd.DataFrame({"episode_id": keys.loc[odd.index]}))
            target = Target("outcomes", endpoint, "word")
            self.failures += undeclared(odd, names.labels, words, target)
            part = pd.DataFrame(
                {"episode_id": keys, "endpoint": endpoint, "event": values.astype("float64")}
            )
            parts.append(part.dropna())
        return pd.concat(parts, ignore_index=True) if parts else None
