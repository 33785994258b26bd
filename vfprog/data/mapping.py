"""What a mapping may say: how the columns of a foreign registry become ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import load_config
from vfprog.data.column_spec import ByDay, ColumnSpec, DateFormat, Spec, Words, as_spec
from vfprog.data.own_endpoints import CodedOutcome
from vfprog.data.patterns import Pattern, check_pattern
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import Predictor

if TYPE_CHECKING:
    from pathlib import Path

TableName = Literal["episodes", "vertebrae", "visits", "heights", "events"]
EventName = Literal["new_fracture", "death", "lost_to_follow_up", "crossover", "repeat_procedure"]
_SPEC_FIELDS = ("recode", "missing", "decimal_comma")


class TableMapping(BaseModel):
    """How one table of the source becomes one of ours.

    Parameters
    ----------
    file : str, optional
        File in the folder, where it is not named after the table.
    columns : dict of str to ColumnSpec
        Our names and their columns.
    ignore : tuple of str
        Columns of the source that are known and not wanted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str | None = None
    columns: dict[str, Spec] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()


class ExtraPredictor(BaseModel):
    """A predictor the dictionary lacks: the dictionary's fields, and where it comes from.

    Parameters
    ----------
    predictor : Predictor
        The entry added to the dictionary.
    column : ColumnSpec
        Its column, with ``recode``, ``missing`` and ``decimal_comma`` written beside it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    predictor: Predictor
    column: Spec

    @model_validator(mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "predictor" in value:
            return value
        rest = dict(value)
        spec = as_spec(rest.pop("column", None))
        spec = dict(spec) if isinstance(spec, dict) else {}
        spec |= {name: rest.pop(name) for name in _SPEC_FIELDS if name in rest}
        return {"predictor": rest, "column": spec}


class WideHeights(BaseModel):
    """Height loss measured again, in columns of the table of episodes.

    Parameters
    ----------
    height_loss_pct : dict of int to ColumnSpec, or ColumnSpec
        Day after the index date and column, or one pattern such as ``height_{level}_{day}d``.
    level : str, optional
        The level all films are about, such as ``L1``, or the column of the source that names it;
        left out where the pattern tells the level.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    height_loss_pct: ByDay
    level: str | None = None

    @model_validator(mode="after")
    def _check(self) -> WideHeights:
        films, told = self.height_loss_pct, False
        if not isinstance(films, dict):
            check_pattern(films.column, time=True, level=None)
            told = "level" in Pattern(str(films.column)).holes
        if told == (self.level is not None):
            raise ValueError("give either level, or {level} in the pattern")
        return self


class WideFollowUp(BaseModel):
    """Follow-up in columns of the table of episodes.

    Parameters
    ----------
    visits : dict
        For vas, rmdq and opioids: day and column, or one pattern such as ``vas_{day}d``.
    heights : WideHeights, optional
        Films measured again.
    events : dict
        Event and the column with its day, empty where it did not happen; a pattern such as
        ``fracture_{level}_day`` tells the level.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    visits: dict[Literal["vas", "rmdq", "opioids"], ByDay] = Field(default_factory=dict)
    heights: WideHeights | None = None
    events: dict[EventName, Spec] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> WideFollowUp:
        for by_day in self.visits.values():
            if not isinstance(by_day, dict):
                check_pattern(by_day.column, time=True, level=False)
        for spec in self.events.values():
            if spec.column is not None:
                check_pattern(spec.column, time=False, level=None)
        return self


class Mapping(BaseModel):
    """How a foreign registry becomes ours.

    Without ``columns`` and ``tables`` every table is read by the names it has.

    Parameters
    ----------
    description : str
        Words for people.
    columns : dict of str to ColumnSpec
        Our names and their columns, for a flat table with one row per episode.
    ignore : tuple of str
        Columns that are known and not wanted; with tables, each table has its own.
    tables : dict of str to TableMapping
        The same for a folder of tables; a table not listed is read as it stands.
    extra_predictors : tuple of ExtraPredictor
        Predictors the dictionary lacks.
    outcomes : dict of str to CodedOutcome
        Endpoints the source has coded already; one with a label is an endpoint of its own.
    vertebrae : dict of str to ColumnSpec
        Patterns such as ``height_{level}_0d`` for the vertebrae of the baseline, in columns of
        the table of episodes.
    follow_up : WideFollowUp
        Visits, films and events in columns of the table of episodes.
    post_baseline : tuple of str
        Columns measured after the index date; no predictor may read one.
    identifiers : tuple of str
        Columns that identify a person or a centre; no predictor may read one.
    missing : tuple of str
        Codes that mean missing wherever they stand. A number among them is no missing code in
        identifiers.
    delimiter, encoding : str, optional
        How CSV files are written; default as they look.
    decimal_comma : bool, optional
        Whether 7,5 means 7.5; default as each column looks.
    date_format : str, optional
        Format of dates; default as each column looks.
    all_episodes : bool
        Whether every episode belongs to the population, whatever its treatment.
    population_note : str
        Who these episodes are, for every report.
    simulated : bool
        Whether the data were simulated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    columns: dict[str, Spec] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    tables: dict[TableName, TableMapping] = Field(default_factory=dict)
    extra_predictors: tuple[ExtraPredictor, ...] = ()
    outcomes: dict[str, CodedOutcome] = Field(default_factory=dict)
    vertebrae: dict[str, Spec] = Field(default_factory=dict)
    follow_up: WideFollowUp = Field(default_factory=WideFollowUp)
    post_baseline: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    missing: Words = ()
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    encoding: str | None = None
    decimal_comma: bool | None = None
    date_format: DateFormat | None = None
    all_episodes: bool = False
    population_note: str = ""
    simulated: bool = False

    @model_validator(mode="after")
    def _check(self) -> Mapping:
        if self.columns and self.tables:
            raise ValueError("give columns for a flat table, or tables for a folder, not both")
        if self.tables and self.ignore:
            raise ValueError("ignore stands with each table where there are tables")
        names = [extra.predictor.name for extra in self.extra_predictors]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"extra predictors stand twice: {twice}")
        if self.vertebrae and not {"level", "vertebrae"}.isdisjoint(self.columns):
            raise ValueError("vertebrae stand both in columns and in patterns")
        for spec in self.wide_vertebrae().values():
            check_pattern(spec.column, time=False, level=True)
        return self

    def table(self, name: str) -> TableMapping | None:
        """Return the mapping of one table; a flat table is the table of episodes."""
        if self.columns:
            flat = TableMapping(columns=self.columns, ignore=self.ignore)
            return flat if name == "episodes" else None
        return next((table for key, table in self.tables.items() if key == name), None)

    def wide_vertebrae(self) -> dict[str, ColumnSpec]:
        """Return the patterns of vertebrae, those of the registry's own predictors included."""
        own = {
            extra.predictor.name: extra.column
            for extra in self.extra_predictors
            if extra.predictor.table == "vertebrae" and "{level}" in str(extra.column.column)
        }
        return {**self.vertebrae, **own}

    def reading_options(self) -> dict[str, Any]:
        """Return what `read_source` must know of the files."""
        return {
            "files": {name: table.file for name, table in self.tables.items()},
            "delimiter": self.delimiter,
            "encoding": self.encoding,
        }


def load_mapping(name: str | Path) -> Mapping:
    """Read and check one mapping.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name, such as ``glow``, or a path.

    Returns
    -------
    Mapping
        The mapping.

    Raises
    ------
    ConfigError
        Unknown name or field, or a contradiction.
    """
    try:
        return Mapping.model_validate(load_config(name, folder="mappings"))
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"mapping {name}: {lines}") from error
