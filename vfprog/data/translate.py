"""Apply a mapping: foreign tables become ours, and what a mapping must not do is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.data.checks import close_matches
from vfprog.data.columns import as_words
from vfprog.data.guards import check_leakage, known_names
from vfprog.data.unpivot import NESTED, split_flat, wide_events, wide_visits
from vfprog.data.values import Target, blank_codes, find_target, recode, translate_column
from vfprog.errors import ConfigError, Failure
from vfprog.schema.dictionary import LEVELS
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.data.column_spec import ColumnSpec
    from vfprog.data.mapping import Mapping
    from vfprog.data.sources import Source
    from vfprog.schema.dictionary import Dictionary


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
        Column of the source of each table and column of ours.
    """

    tables: dict[str, pd.DataFrame]
    dictionary: Dictionary
    outcomes: pd.DataFrame | None = None
    failures: tuple[Failure, ...] = ()
    origins: dict[tuple[str, str], str] = field(default_factory=dict)

    def named(self, failures: Iterable[Failure]) -> list[Failure]:
        """Return failures that say, besides our name of a column, the name the source has."""
        return [self._named(failure) for failure in failures]

    def _named(self, failure: Failure) -> Failure:
        origin = self.origins.get((failure.table, failure.column))
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
    if source.is_flat != bool(mapping.columns):
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
        self.dictionary = dictionary.extended(e.predictor for e in self.extras)
        self.failures: list[Failure] = []
        self.origins: dict[tuple[str, str], str] = {}

    def run(self) -> Translated:
        self.failures += check_leakage(self.mapping, self.dictionary)
        tables: dict[str, pd.DataFrame] = {}
        for name, raw in self.source.tables.items():
            specs = self._specs(name)
            if specs is None:
                tables[name] = raw
                continue
            self.failures += self._unmapped(name, raw, specs)
            tables[name] = self._frame(name, raw, specs)
        raw = self.source.tables["episodes"]
        keys = self._keys(tables["episodes"])
        if self.source.is_flat:
            flat, failures = split_flat(tables["episodes"], self.dictionary)
            tables |= flat
            self.failures += failures
        tables |= self._follow_up(raw, keys, tables)
        outcomes = self._outcomes(raw, keys)
        return Translated(tables, self.dictionary, outcomes, tuple(self.failures), self.origins)

    def _specs(self, name: str) -> dict[str, ColumnSpec] | None:
        """Return our columns of one source table, None where it is read as it stands."""
        table = self.mapping.table(name)
        own = {
            e.predictor.name: e.column
            for e in self.extras
            if self.source.is_flat or e.predictor.table == name
        }
        return None if table is None else {**table.columns, **own}

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
                columns[ours], failures = translate_column(spec, raw, target, self.mapping)
                self.failures += failures
        return pd.DataFrame(columns, index=raw.index)

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
        table = self.mapping.table(name)
        known = {*self.mapping.identifiers, *self.mapping.post_baseline}
        known |= set(table.ignore if table else ()) | {str(s.column) for s in specs.values()}
        known |= {str(extra.column.column) for extra in self.mapping.extra_predictors}
        if name == "episodes":
            known |= {outcome.column for outcome in self.mapping.outcomes.values()}
            known |= {str(spec.column) for spec in self.mapping.follow_up.specs()}
            heights = self.mapping.follow_up.heights
            known |= {heights.level} if heights else set()
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

    def _follow_up(
        self, raw: pd.DataFrame, keys: pd.Series[Any], tables: dict[str, pd.DataFrame]
    ) -> dict[str, pd.DataFrame]:
        wide = self.mapping.follow_up
        built: dict[str, pd.DataFrame] = {}
        if wide.visits:
            visits: dict[str, dict[int, pd.Series[Any]]] = {
                name: self._wide("visits", name, raw, by) for name, by in wide.visits.items()
            }
            built["visits"] = wide_visits(keys, visits)
        if wide.heights is not None:
            films = self._wide("heights", "height_loss_pct", raw, wide.heights.height_loss_pct)
            heights = wide_visits(keys, {"height_loss_pct": films})
            level = self._level(wide.heights.level, raw)
            built["heights"] = heights.assign(level=level.reindex(heights.index))
        if wide.events:
            days = {
                event: self._wide("events", "day", raw, {0: spec}).get(0)
                for event, spec in wide.events.items()
            }
            built["events"] = wide_events(keys, {e: d for e, d in days.items() if d is not None})
        for name in set(built) & set(tables):
            raise ConfigError(f"{name} stand both in a table of their own and in follow_up")
        return built

    def _wide(
        self, table: str, name: str, raw: pd.DataFrame, by_day: dict[int, ColumnSpec]
    ) -> dict[int, pd.Series[Any]]:
        target = find_target(table, name, self.dictionary)
        values: dict[int, pd.Series[Any]] = {}
        for day, spec in by_day.items():
            if target is None or (spec.column is not None and spec.column not in raw):
                if not self.scoring:
                    self._lost(table, name, str(spec.column), raw)
                continue
            values[day], failures = translate_column(spec, raw, target, self.mapping)
            self.failures += failures
        return values

    def _level(self, level: str, raw: pd.DataFrame) -> pd.Series[Any]:
        if level in LEVELS:
            return pd.Series(level, index=raw.index)
        if level in raw:
            return raw[level]
        self._lost("heights", "level", level, raw)
        return pd.Series(index=raw.index, dtype="str")

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
            values, failures = recode(values, words, Target("outcomes", endpoint, "word"))
            self.failures += failures
            part = pd.DataFrame(
                {"episode_id": keys, "endpoint": endpoint, "event": values.astype("float64")}
            )
            parts.append(part.dropna())
        return pd.concat(parts, ignore_index=True) if parts else None
