"""One column of a mapping: where it comes from and how its values are translated."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

Scalar = bool | int | float | str


def word(value: object) -> str:
    """Return a YAML scalar as the word that stands in a table: ``true``, ``7``, ``Yes``."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _with_word_keys(value: object) -> object:
    return {word(k): v for k, v in value.items()} if isinstance(value, dict) else value


def _as_words(value: object) -> object:
    return tuple(word(item) for item in value) if isinstance(value, list | tuple) else value


def as_spec(value: object) -> object:
    """Return a bare column name as the specification it stands for."""
    return {"column": value} if isinstance(value, str) else value


def _whole_date(value: str) -> str:
    """Refuse a format that cannot tell a date: a wrong letter, no year, pandas' ``mixed``."""
    some_day = dt.datetime(2023, 12, 31)
    try:
        told = dt.datetime.strptime(some_day.strftime(value), value) == some_day
    except ValueError:
        told = False
    if not told:
        raise ValueError(f"{value!r} is no format of whole dates such as %d.%m.%Y")
    return value


DateFormat = Annotated[str, AfterValidator(_whole_date)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_words)]
Recode = Annotated[dict[str, Scalar], BeforeValidator(_with_word_keys)]


class Linear(BaseModel):
    """A unit given by its arithmetic: ours = theirs * multiply + add.

    Parameters
    ----------
    multiply : float
        Factor.
    add : float
        Added after the factor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    multiply: float = 1.0
    add: float = 0.0


class ColumnSpec(BaseModel):
    """Where a column of ours comes from and how its values are translated.

    Parameters
    ----------
    column : str, optional
        Column of the source.
    constant : bool, int, float or str, optional
        The value of every row, for what a source leaves unsaid.
    unit : str or Linear, optional
        Unit of the source, such as ``weeks``, or its arithmetic.
    recode : dict
        Their words and ours; a word of theirs that is not listed is an error.
    missing : tuple of str
        Codes that mean missing in this column, besides those of the whole mapping.
    decimal_comma : bool, optional
        Whether 7,5 means 7.5; default as the mapping says.
    date_format : str, optional
        Format of dates such as ``%d.%m.%Y``; default as the mapping says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = None
    constant: Scalar | None = None
    unit: str | Linear | None = None
    recode: Recode = Field(default_factory=dict)
    missing: Words = ()
    decimal_comma: bool | None = None
    date_format: DateFormat | None = None

    @model_validator(mode="after")
    def _check(self) -> ColumnSpec:
        if (self.column is None) == (self.constant is None):
            raise ValueError("give either column or constant")
        return self


Spec = Annotated[ColumnSpec, BeforeValidator(as_spec)]


def _shape(value: object) -> str:
    """Tell a column for each day from one pattern for all."""
    days = isinstance(value, dict) and not set(value) & set(_FIELDS)
    return "days" if days else "pattern"


_FIELDS = tuple(ColumnSpec.model_fields)
ByDay = Annotated[
    Annotated[dict[int, Spec], Tag("days")] | Annotated[Spec, Tag("pattern")],
    Discriminator(_shape),
]
