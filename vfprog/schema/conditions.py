"""Conditions on one predictor, as trials, scores and published models state them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vfprog.errors import ConfigError
from vfprog.schema.dictionary import Name

if TYPE_CHECKING:
    from vfprog.schema.dictionary import Dictionary, Predictor

# The one thing a condition may be about that is no predictor: how many vertebrae are fractured.
INDEX_FRACTURES = "n_index_vertebrae"
_LIMITS = ("at_least", "at_most", "below", "above")
Limit = float | str


class Condition(BaseModel):
    """What one predictor must be; on a predictor of the vertebrae, what one of them must be.

    Parameters
    ----------
    predictor : str
        Predictor of the dictionary, or ``n_index_vertebrae``, the number of index fractures.
    at_least, at_most : float or str, optional
        Limits that are included: numbers, or levels of an ordered predictor.
    below, above : float or str, optional
        Limits that are excluded.
    outside : tuple of float, optional
        Two numbers; what lies between them, or is one of them, does not count.
    equals : bool or str, optional
        Truth value or level it must be; ``is`` in the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    predictor: Name
    at_least: Limit | None = None
    at_most: Limit | None = None
    below: Limit | None = None
    above: Limit | None = None
    outside: tuple[float, float] | None = None
    equals: bool | str | None = Field(default=None, alias="is")

    @property
    def asked(self) -> frozenset[str]:
        """The comparisons that are given."""
        names = (*_LIMITS, "outside", "equals")
        return frozenset(name for name in names if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _agree(self) -> Condition:
        if len(self.asked) > 1 and self.asked != {"at_least", "at_most"}:
            text = "give one comparison, or at_least with at_most"
            raise ValueError(f"{self.predictor}: {text}, got {', '.join(sorted(self.asked))}")
        low, high = self.outside or (self.at_least, self.at_most)
        if isinstance(low, float) and isinstance(high, float) and low > high:
            raise ValueError(f"{self.predictor}: nothing lies between {low:g} and {high:g}")
        return self

    def check(self, dictionary: Dictionary) -> None:
        """Raise unless the comparisons suit the predictor.

        Parameters
        ----------
        dictionary : Dictionary
            Holds the predictors.

        Raises
        ------
        ConfigError
            No such predictor or level, or a comparison that its kind does not allow.
        """
        if self.predictor != INDEX_FRACTURES and self.predictor not in dictionary:
            raise ConfigError(f"{self.predictor} is not in the dictionary")
        predictor = None if self.predictor == INDEX_FRACTURES else dictionary[self.predictor]
        for name in sorted(self.asked):
            if not _suits(name, getattr(self, name), predictor):
                kind = "count" if predictor is None else predictor.kind
                value = getattr(self, name)
                raise ConfigError(f"{self.predictor} is {kind}: {name} {value!r} says nothing")


class Named(Condition):
    """A condition with a name.

    Parameters
    ----------
    name : str
        Stable name.
    label : str
        Words for people.
    """

    name: Name
    label: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ask(self) -> Named:
        if not self.asked:
            raise ValueError(f"{self.name}: a comparison is needed")
        return self


def _suits(name: str, value: object, predictor: Predictor | None) -> bool:
    """Return whether a comparison says something about values of a predictor."""
    if predictor is None or predictor.is_numeric:
        return name != "equals" and not isinstance(value, str)
    if predictor.kind == "binary":
        return name == "equals" and isinstance(value, bool)
    ordered = predictor.kind == "ordinal" or name == "equals"
    return ordered and name != "outside" and value in predictor.levels
