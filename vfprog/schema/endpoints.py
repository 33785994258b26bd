"""Endpoints: what counts as an outcome, when, in whom, and what intercurrent events mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import load_config
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import Name

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_ENDPOINTS = ("response", "height_loss", "new_fracture")
_FAMILY = {"pain": "response", "height": "height_loss", "event": "new_fracture"}
_LOCATION = {
    "any": "a new vertebral fracture",
    "adjacent": "a new fracture of an adjacent vertebra",
    "distant": "a new fracture of a distant vertebra",
}


class PainRule(BaseModel):
    """What counts as pain relief; any one of the criteria given suffices.

    Parameters
    ----------
    fall_at_least : float, optional
        Fall of the VAS in points (0-10).
    relative_fall_at_least : float, optional
        Fall as a fraction of the baseline VAS.
    below : float, optional
        VAS below this level.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fall_at_least: float | None = Field(default=None, gt=0, le=10)
    relative_fall_at_least: float | None = Field(default=None, gt=0, le=1)
    below: float | None = Field(default=None, gt=0, le=10)

    @model_validator(mode="after")
    def _check(self) -> PainRule:
        if (
            self.fall_at_least is None
            and self.relative_fall_at_least is None
            and self.below is None
        ):
            raise ValueError("a pain rule needs fall_at_least, relative_fall_at_least or below")
        return self

    @property
    def words(self) -> str:
        """The rule as a phrase."""
        parts = []
        if self.fall_at_least is not None:
            parts.append(f"VAS fall of at least {self.fall_at_least:g} points")
        if self.relative_fall_at_least is not None:
            parts.append(f"VAS fall of at least {self.relative_fall_at_least:.0%}")
        if self.below is not None:
            parts.append(f"VAS below {self.below:g}")
        return " or ".join(parts)


class Endpoint(BaseModel):
    """One endpoint: outcome rule, horizon, population and intercurrent events.

    Parameters
    ----------
    name : str
        Name of the endpoint or variant.
    label : str
        Words for people.
    kind : {"pain", "height", "event", "coded"}
        Where the outcome comes from: visits, films, dated events, or a column coded already.
    horizon_days : int, optional
        Day after the index date the outcome refers to; None where a registry that coded its own
        outcome does not say.
    window_days : tuple of int, optional
        Days within which the assessment nearest the horizon counts (pain, height).
    rule : PainRule, optional
        What counts as relief (pain).
    vas_baseline_at_least : float
        Eligibility (pain): lower baseline pain cannot fall as far.
    height_loss_at_least : float
        Further loss in percentage points of any index vertebra that counts (height).
    baseline_film : {"first_after_procedure", "baseline"}
        Film the loss is counted from (height); baseline if untreated in any case.
    location : {"any", "adjacent", "distant"}
        Which new fractures count (event).
    population : tuple of str
        Treatments whose episodes the risk is about; empty for all episodes.
    death : {"no_event", "censor"}
        Death before the outcome: an observed "no" (competing), or censoring.
    intercurrent : {"treatment_policy", "composite", "censor"}
        Crossover and repeat procedure: ignored, counted as failure, or censoring.
    weight_covariates : tuple of str
        Predictors on which censoring or assessment may depend.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    label: str
    kind: Literal["pain", "height", "event", "coded"]
    horizon_days: int | None = Field(default=None, gt=0)
    window_days: tuple[int, int] | None = None
    rule: PainRule | None = None
    vas_baseline_at_least: float = Field(default=0, ge=0, le=10)
    height_loss_at_least: float = Field(default=10, gt=0, le=100)
    baseline_film: Literal["first_after_procedure", "baseline"] = "first_after_procedure"
    location: Literal["any", "adjacent", "distant"] = "any"
    population: tuple[Literal["vertebroplasty", "conservative", "sham"], ...] = ("vertebroplasty",)
    death: Literal["no_event", "censor"] = "no_event"
    intercurrent: Literal["treatment_policy", "composite", "censor"] = "treatment_policy"
    weight_covariates: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Endpoint:
        if self.horizon_days is None and self.kind != "coded":
            raise ValueError(f"{self.name}: only a coded outcome may leave horizon_days open")
        if self.kind in {"pain", "height"}:
            if self.window_days is None:
                raise ValueError(f"{self.name}: an assessed outcome needs window_days")
            low, high = self.window_days
            if not low <= (self.horizon_days or 0) <= high:
                raise ValueError(f"{self.name}: horizon_days must lie within window_days")
        if (self.kind == "pain") != (self.rule is not None):
            raise ValueError(f"{self.name}: pain endpoints, and only they, have a rule")
        return self

    @property
    def family(self) -> str:
        """The default endpoint this is a variant of; directions of effect are kept for families."""
        return _FAMILY.get(self.kind, self.name)

    @property
    def horizon(self) -> str:
        """The horizon in words."""
        return "horizon not stated" if self.horizon_days is None else f"{self.horizon_days} days"

    @property
    def definition(self) -> str:
        """The whole rule in one sentence, written from the fields so that it cannot be stale."""
        horizon, window = self.horizon_days, self.window_days
        days = f"{window[0]}-{window[1]}" if window is not None else ""
        if self.kind == "pain" and self.rule is not None and window is not None:
            text = f"{self.rule.words} at {horizon} days (visit nearest, within {days})"
            if self.vas_baseline_at_least:
                text += f", if baseline VAS is at least {self.vas_baseline_at_least:g}"
        elif self.kind == "height" and window is not None:
            film = self.baseline_film.replace("_", " ")
            text = (
                f"further height loss of at least {self.height_loss_at_least:g} percentage points "
                f"of any index vertebra at {horizon} days (film nearest, within {days}), "
                f"counted from the film: {film}"
            )
        elif self.kind == "event":
            text = f"{_LOCATION[self.location]} by {horizon} days"
        else:
            when = f"by {horizon} days" if horizon is not None else f"({self.horizon})"
            text = f"{self.label} {when}, as coded by the registry"
        return f"{text}; {self._estimand}"

    @property
    def _estimand(self) -> str:
        who = ", ".join(self.population) if self.population else "all episodes"
        if self.kind == "coded":
            return f"population: {who}; death and crossover: as the registry coded the outcome"
        death = "counts as no event" if self.death == "no_event" else "censors"
        return f"population: {who}; death {death}; crossover: {self.intercurrent.replace('_', ' ')}"


def load_endpoint(name: str | Path) -> Endpoint:
    """Read and check one endpoint.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name, such as ``response``, or a path.

    Returns
    -------
    Endpoint
        The endpoint.

    Raises
    ------
    ConfigError
        Unknown name or field, or a contradiction.
    """
    try:
        return Endpoint.model_validate(load_config(name, folder="endpoints"))
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"endpoint {name}: {lines}") from error
