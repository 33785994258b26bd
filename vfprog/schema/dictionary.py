"""The data dictionary: every predictor once, with unit, rules, timing and source."""

from __future__ import annotations

import hashlib
import json
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import load_config
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Kind = Literal["continuous", "count", "binary", "ordinal", "nominal"]
PredictionTime = Literal["preprocedure", "postprocedure"]
Range = tuple[float, float]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

# Vertebral levels the registry knows, from head to tail; a level's code is its place here.
LEVELS = tuple(f"T{i}" for i in range(4, 13)) + tuple(f"L{i}" for i in range(1, 6))
# Names a predictor may never have: what they hold identifies a person or a centre.
IDENTIFIERS = frozenset({"episode_id", "patient_id", "site_id", "index_date", "name"})


class Predictor(BaseModel):
    """One clinical input and everything that is known about it.

    Parameters
    ----------
    name : str
        Column name, with its unit where it has one.
    label : str
        Words for people.
    table : {"episodes", "vertebrae"}
        Where it is recorded.
    kind : {"continuous", "count", "binary", "ordinal", "nominal"}
        Scale of measurement.
    unit : str, optional
        Unit for people, such as ``days``.
    hard_range : tuple of float, optional
        Outside is an error.
    usual_range : tuple of float, optional
        Outside is a warning.
    usual_median : tuple of float, optional
        Where the median of a registry lies; outside, another unit is looked for.
    levels : tuple of str
        Levels in order, for ordinal and nominal predictors.
    known_at : {"preprocedure", "procedure", "follow_up"}
        When the value is known; follow_up may be described but never used.
    role : {"predictor", "evidence_only"}
        Whether models may use it.
    concept : str
        Group in which contributions are folded.
    monotone : dict
        Endpoint name to +1 or -1, where medicine is sure of the direction.
    source : str
        Why it is here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    label: str
    table: Literal["episodes", "vertebrae"] = "episodes"
    kind: Kind
    unit: str | None = None
    hard_range: Range | None = None
    usual_range: Range | None = None
    usual_median: Range | None = None
    levels: tuple[str, ...] = ()
    known_at: Literal["preprocedure", "procedure", "follow_up"] = "preprocedure"
    role: Literal["predictor", "evidence_only"] = "predictor"
    concept: str
    monotone: dict[str, Literal[-1, 1]] = Field(default_factory=dict)
    source: str = ""

    @model_validator(mode="after")
    def _check(self) -> Predictor:
        if self.name in IDENTIFIERS:
            raise ValueError(f"{self.name} identifies a patient or centre and is no predictor")
        if (self.kind in {"ordinal", "nominal"}) != bool(self.levels):
            text = "ordinal and nominal predictors, and only they, list levels"
            raise ValueError(f"{self.name}: {text}")
        if len({level.strip().lower() for level in self.levels}) < len(self.levels):
            raise ValueError(f"{self.name}: levels stand twice (case does not count)")
        if self.kind in {"continuous", "count"} and self.hard_range is None:
            raise ValueError(f"{self.name}: a number needs a hard_range")
        for low_high in (self.hard_range, self.usual_range, self.usual_median):
            if low_high is not None and low_high[0] >= low_high[1]:
                raise ValueError(f"{self.name}: range {low_high} is empty")
        return self

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers rather than codes."""
        return self.kind in {"continuous", "count"}


class Dictionary(BaseModel):
    """All predictors of a registry, in the order in which people read them.

    Parameters
    ----------
    version : str
        Version of the content.
    concepts : dict of str to str
        Concept groups and their labels.
    predictors : tuple of Predictor
        The predictors; names are unique.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    concepts: dict[str, str]
    predictors: tuple[Predictor, ...]

    @model_validator(mode="after")
    def _check(self) -> Dictionary:
        names = [p.name for p in self.predictors]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"predictors stand twice: {twice}")
        lost = sorted({p.concept for p in self.predictors} - set(self.concepts))
        if lost:
            raise ValueError(f"concepts without a label: {lost}")
        return self

    @cached_property
    def _by_name(self) -> dict[str, Predictor]:
        return {predictor.name: predictor for predictor in self.predictors}

    def __getitem__(self, name: str) -> Predictor:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def of_table(self, table: str) -> tuple[Predictor, ...]:
        """Return the predictors recorded in one table, in order."""
        return tuple(p for p in self.predictors if p.table == table)

    def usable_at(self, prediction_time: PredictionTime) -> tuple[Predictor, ...]:
        """Return the predictors a model of this prediction time may use."""
        known = {"preprocedure"} | ({"procedure"} if prediction_time == "postprocedure" else set())
        return tuple(p for p in self.predictors if p.role == "predictor" and p.known_at in known)

    def extended(self, extra: Iterable[Predictor]) -> Dictionary:
        """Return a dictionary with a registry's own predictors added.

        Parameters
        ----------
        extra : iterable of Predictor
            Predictors of the registry; a name already taken is refused.

        Returns
        -------
        Dictionary
            The extended dictionary.
        """
        added = tuple(extra)
        concepts = dict(self.concepts)
        for predictor in added:
            concepts.setdefault(predictor.concept, predictor.concept.replace("_", " "))
        return _build({**self.model_dump(), "concepts": concepts,
                       "predictors": (*self.predictors, *added)}, "mapping")  # fmt: skip

    def digest(self) -> str:
        """Return the sha256 of the content, the schema hash of a bundle."""
        content = self.model_dump(mode="json")
        # Bundles written before there was a usual median keep their hash.
        for predictor in content["predictors"]:
            if predictor["usual_median"] is None:
                del predictor["usual_median"]
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _build(content: object, origin: str) -> Dictionary:
    try:
        return Dictionary.model_validate(content)
    except ValidationError as error:
        lines = "; ".join(f"{e['loc']}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{origin}: {lines}") from error


@cache
def load_dictionary(name: str | Path = "dictionary") -> Dictionary:
    """Read and check a dictionary.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name or path.

    Returns
    -------
    Dictionary
        The dictionary; read once per process.
    """
    return _build(load_config(name), str(name))
