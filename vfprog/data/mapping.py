"""What a mapping may say: how the columns of a foreign registry become ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import load_config
from vfprog.data.column_spec import ColumnSpec, DateFormat, Spec, Words, as_spec
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


class CodedOutcome(BaseModel):
    """An outcome the source has coded already.

    Parameters
    ----------
    column : str
        Its column.
    event : tuple of str
        Words that mean the event happened.
    no_event : tuple of str
        Words that mean it did not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    event: Words = Field(min_length=1)
    no_event: Words = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> CodedOutcome:
        both = sorted(set(self.event) & set(self.no_event))
        if both:
            raise ValueError(f"{both} cannot mean both event and no event")
        return self


class WideHeights(BaseModel):
    """Height loss measured again, one column per day.

    Parameters
    ----------
    height_loss_pct : dict of int to ColumnSpec
        Day after the index date and column.
    level : str
        The level all films are about, such as ``L1``, or the column of the source that names it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    height_loss_pct: dict[int, Spec]
    level: str


class WideFollowUp(BaseModel):
    """Follow-up in columns of the table of episodes.

    Parameters
    ----------
    visits : dict
        For vas, rmdq and opioids: day and column.
    heights : WideHeights, optional
        Films measured again.
    events : dict
        Event and the column with its day, empty where it did not happen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    visits: dict[Literal["vas", "rmdq", "opioids"], dict[int, Spec]] = Field(default_factory=dict)
    heights: WideHeights | None = None
    events: dict[EventName, Spec] = Field(default_factory=dict)

    def specs(self) -> list[ColumnSpec]:
        """Return the columns of all visits, films and events."""
        films = {} if self.heights is None else self.heights.height_loss_pct
        visits = [spec for by_day in self.visits.values() for spec in by_day.values()]
        return [*visits, *films.values(), *self.events.values()]


class Mapping(BaseModel):
    """How a foreign registry becomes ours.

    Parameters
    ----------
    description : str
        Words for people.
    columns : dict of str to ColumnSpec
        Our names and their columns, for a flat table with one row per episode.
    ignore : tuple of str
        Columns of a flat table that are known and not wanted.
    tables : dict of str to TableMapping
        The same for a folder of tables; a table not listed is read as it stands.
    extra_predictors : tuple of ExtraPredictor
        Predictors the dictionary lacks.
    outcomes : dict of str to CodedOutcome
        Endpoints the source has coded already.
    follow_up : WideFollowUp
        Visits, films and events in columns of the table of episodes.
    post_baseline : tuple of str
        Columns measured after the index date; no predictor may read one.
    identifiers : tuple of str
        Columns that identify a person or a centre; no predictor may read one.
    missing : tuple of str
        Codes that mean missing wherever they stand. A number among them is no missing code in
        identifiers.
    delimiter, encoding : str
        How CSV files are written.
    decimal_comma : bool
        Whether 7,5 means 7.5.
    date_format : str, optional
        Format of dates; default 2024-03-31.
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
    follow_up: WideFollowUp = Field(default_factory=WideFollowUp)
    post_baseline: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    missing: Words = ()
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    decimal_comma: bool = False
    date_format: DateFormat | None = None
    all_episodes: bool = False
    population_note: str = ""
    simulated: bool = False

    @model_validator(mode="after")
    def _check(self) -> Mapping:
        if bool(self.columns) == bool(self.tables):
            raise ValueError("give columns for a flat table, or tables for a folder")
        if self.tables and self.ignore:
            raise ValueError("ignore stands with each table where there are tables")
        names = [extra.predictor.name for extra in self.extra_predictors]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"extra predictors stand twice: {twice}")
        return self

    def table(self, name: str) -> TableMapping | None:
        """Return the mapping of one table; a flat table is the table of episodes."""
        if self.columns:
            flat = TableMapping(columns=self.columns, ignore=self.ignore)
            return flat if name == "episodes" else None
        return next((table for key, table in self.tables.items() if key == name), None)

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
