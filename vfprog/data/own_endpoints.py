"""Outcomes a registry has coded already, and the endpoints it defines by them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import list_configs
from vfprog.data.column_spec import Words
from vfprog.errors import ConfigError
from vfprog.schema.endpoints import Endpoint, load_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

Treatment = Literal["vertebroplasty", "conservative", "sham"]
_OWN = ("horizon_days", "population")


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
    label : str, optional
        Words for people. An endpoint of the mapping's own needs them; of a configured endpoint
        they say what this source counts, such as any fracture for a new vertebral one.
    horizon_days : int, optional
        Day an endpoint of the mapping's own refers to; None where the source does not say.
    population : tuple of str
        Treatments an endpoint of the mapping's own is about; default all episodes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    event: Words = Field(min_length=1)
    no_event: Words = Field(min_length=1)
    label: str | None = Field(default=None, min_length=1)
    horizon_days: int | None = Field(default=None, gt=0)
    population: tuple[Treatment, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> CodedOutcome:
        both = sorted(set(self.event) & set(self.no_event))
        if both:
            raise ValueError(f"{both} cannot mean both event and no event")
        return self


def own_endpoints(outcomes: Mapping[str, CodedOutcome]) -> tuple[Endpoint, ...]:
    """Return the endpoints that only a mapping defines, and those it calls by another label.

    Parameters
    ----------
    outcomes : mapping of str to CodedOutcome
        Coded outcomes by name.

    Returns
    -------
    tuple of Endpoint
        One of kind ``coded`` for each outcome that is no configured endpoint; the configured
        endpoint under the mapping's label where it gives one.

    Raises
    ------
    ConfigError
        A configured endpoint is defined again; one that is not configured has no label, which
        may be a typing error, or no proper name.
    """
    there = [name.removeprefix("endpoints/") for name in list_configs()
             if name.startswith("endpoints/")]  # fmt: skip
    own = []
    for name, outcome in outcomes.items():
        if name in there:
            given = [f for f in _OWN if f in outcome.model_fields_set]
            if given:
                raise ConfigError(f"outcomes.{name}: {', '.join(given)}: the configuration "
                                  f"defines this endpoint; give yours another name")  # fmt: skip
            if outcome.label is not None:
                own.append(load_endpoint(name).model_copy(update={"label": outcome.label}))
        else:
            own.append(_own(name, outcome, there))
    return tuple(own)


def _own(name: str, outcome: CodedOutcome, there: list[str]) -> Endpoint:
    if outcome.label is None:
        alike = get_close_matches(name, there, n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(map(repr, alike))}?" if alike else ""
        raise ConfigError(
            f"outcomes.{name}: no configured endpoint has this name{hint}; "
            "an endpoint of the mapping's own needs a label"
        )
    try:
        return Endpoint(
            name=name, label=outcome.label, kind="coded", horizon_days=outcome.horizon_days,
            population=outcome.population,
        )  # fmt: skip
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"outcomes.{name}: {lines}") from error
