"""Published scores and models as data: what they count, and what each was made for."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import load_config
from vfprog.errors import ConfigError
from vfprog.schema.conditions import Condition, Named
from vfprog.schema.dictionary import Name, load_dictionary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vfprog.schema.dictionary import Dictionary


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(Named):
    """One item of a score.

    Parameters
    ----------
    points : int
        Points if the condition holds.
    otherwise : int
        Points if it does not; an unknown item counts 0.
    """

    points: int
    otherwise: int = 0


class Health(_Data):
    """Items that count together.

    Parameters
    ----------
    floor : int
        The sum counts no less than this.
    items : tuple of Item
        The items.
    """

    floor: int
    items: tuple[Item, ...]


class Reading(_Data):
    """What a range of scores is read as.

    Parameters
    ----------
    at_most : int, optional
        Largest score of the range; the last range has none.
    words : str
        How it is read.
    """

    at_most: int | None = None
    words: str


class OfScore(_Data):
    """The OF score: it recommends a treatment and is no probability.

    Parameters
    ----------
    citation, made_for : str
        Where it comes from, and what it is for.
    fracture_type : dict of str to int
        Points of the OF type of the worst index vertebra.
    items : tuple of Item
        The other items.
    health : Health
        State of health.
    reading : tuple of Reading
        Ranges in ascending order.
    """

    citation: str
    made_for: str
    fracture_type: dict[str, int]
    items: tuple[Item, ...]
    health: Health
    reading: tuple[Reading, ...]

    @cached_property
    def every_item(self) -> tuple[Item, ...]:
        """The items, those of the state of health last."""
        return (*self.items, *self.health.items)

    def read(self, score: int) -> str:
        """Return how a score is read."""
        limits = ((r.at_most, r.words) for r in self.reading)
        return next(words for at_most, words in limits if at_most is None or score <= at_most)

    @model_validator(mode="after")
    def _check(self) -> OfScore:
        limits = [reading.at_most for reading in self.reading]
        numbers = [limit for limit in limits if limit is not None]
        if limits[-1:] != [None] or limits[:-1] != sorted(numbers):
            raise ValueError("reading: limits must ascend, and only the last range has none")
        points = list(self.fracture_type.values())
        if not points or points != sorted(points):
            raise ValueError("fracture_type: a worse type cannot have fewer points")
        return self


class AlignmentFlags(_Data):
    """Signs of a disturbed sagittal balance, counted.

    Parameters
    ----------
    citation, made_for : str
        Where they come from, and what they are for.
    flags : tuple of Named
        The signs.
    """

    citation: str
    made_for: str
    flags: tuple[Named, ...]


class Term(Condition):
    """One term of a linear predictor: a value, or whether a condition holds, times a number.

    Parameters
    ----------
    coefficient : float
        Change in log-odds.
    """

    coefficient: float


class LinearPredictor(_Data):
    """A published logistic model without its intercept.

    Parameters
    ----------
    name, label : str
        Stable name, and words for people.
    citation, made_for : str
        Where it comes from, and what it predicts.
    terms : tuple of Term
        Terms the dictionary has predictors for.
    not_recorded : dict of str to tuple of float
        Terms it has none for, with their coefficients.
    """

    name: Name
    label: str
    citation: str
    made_for: str
    terms: tuple[Term, ...]
    not_recorded: dict[str, tuple[float, ...]] = Field(default_factory=dict)


class Evidence(_Data):
    """All published scores and models.

    Parameters
    ----------
    of_score : OfScore
        The OF score.
    alignment_flags : AlignmentFlags
        The alignment flags.
    linear_predictors : tuple of LinearPredictor
        Published models.
    """

    of_score: OfScore
    alignment_flags: AlignmentFlags
    linear_predictors: tuple[LinearPredictor, ...]

    def check(self, dictionary: Dictionary) -> None:
        """Raise unless every predictor and level is in a dictionary.

        Parameters
        ----------
        dictionary : Dictionary
            The dictionary.

        Raises
        ------
        ConfigError
            A predictor or level is not there, or a comparison does not suit it.
        """
        for condition in self._conditions():
            condition.check(dictionary)
        types = tuple(self.of_score.fracture_type)
        if types != dictionary["of_type"].levels:
            raise ConfigError(f"of_type has other levels than {', '.join(types)}")

    def _conditions(self) -> Iterator[Condition]:
        yield from self.of_score.every_item
        yield from self.alignment_flags.flags
        for model in self.linear_predictors:
            yield from model.terms


@cache
def load_evidence(name: str | Path = "evidence") -> Evidence:
    """Read and check the published scores and models.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name or path.

    Returns
    -------
    Evidence
        Read once per process.

    Raises
    ------
    ConfigError
        The file is malformed, or asks for what the dictionary does not hold.
    """
    try:
        evidence = Evidence.model_validate(load_config(name))
        evidence.check(load_dictionary())
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{name}: {lines}") from error
    return evidence
