"""Subgroups: which group of a grouping an episode belongs to, by rules a user edits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import load_config
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import Name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from vfprog.schema.dictionary import Dictionary, Predictor

UNKNOWN = -1


class Subgrouping(BaseModel):
    """One way of dividing episodes, by one episode-level predictor.

    Parameters
    ----------
    name : str
        Stable name, such as ``age_band``.
    label : str
        Words for people.
    predictor : str
        Predictor of the episode it rests on.
    cuts : tuple of float
        Limits of the bands of a number, ascending; each belongs to the band above it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    label: str = Field(min_length=1)
    predictor: Name
    cuts: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Subgrouping:
        if any(low >= high for low, high in pairwise(self.cuts)):
            raise ValueError(f"{self.name}: cuts must ascend, got {list(self.cuts)}")
        return self

    def groups(self, dictionary: Dictionary) -> tuple[str, ...]:
        """Return the groups in order, as words.

        Parameters
        ----------
        dictionary : Dictionary
            Holds the predictor.

        Returns
        -------
        tuple of str
            Bands such as ``65 to <75 years``, levels, or no and yes.

        Raises
        ------
        ConfigError
            The predictor is no episode-level one, or cuts do not go with its kind.
        """
        predictor = self._resolve(dictionary)
        if predictor.kind == "binary":
            return ("no", "yes")
        return predictor.levels or _bands(self.cuts, predictor)

    def place(self, episodes: Mapping[str, NDArray[np.float64]], n: int) -> NDArray[np.intp]:
        """Return the place of each episode in `groups`.

        Parameters
        ----------
        episodes : mapping of str to ndarray of float, shape (n,)
            Episode-level predictors, as `EpisodeArrays` holds them.
        n : int
            Number of episodes.

        Returns
        -------
        ndarray of int, shape (n,)
            Place, or -1 where the predictor is missing.
        """
        values = episodes.get(self.predictor)
        if values is None:
            return np.full(n, UNKNOWN, dtype=np.intp)
        known = ~np.isnan(values)
        seen = np.where(known, values, 0.0)
        place = np.searchsorted(self.cuts, seen, side="right") if self.cuts else np.rint(seen)
        return np.where(known, place, UNKNOWN).astype(np.intp)

    def _resolve(self, dictionary: Dictionary) -> Predictor:
        predictor = dictionary[self.predictor]
        if predictor.table != "episodes":
            raise ConfigError(f"{self.name}: {self.predictor} is no predictor of the episode")
        if predictor.is_numeric != bool(self.cuts):
            raise ConfigError(f"{self.name}: a number needs cuts, and only a number has them")
        return predictor


class Fewest(BaseModel):
    """What a group must hold for its figures to be given.

    Parameters
    ----------
    participants : int
        Participants with a known outcome.
    events : int
        Events, and as many participants without one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    participants: int = Field(ge=2)
    events: int = Field(ge=1)


class Subgroups(BaseModel):
    """All groupings and the rule by which small groups are suppressed.

    Parameters
    ----------
    fewest : Fewest
        The rule.
    subgroups : tuple of Subgrouping
        The groupings; names are unique.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fewest: Fewest
    subgroups: tuple[Subgrouping, ...]

    @model_validator(mode="after")
    def _check(self) -> Subgroups:
        names = [grouping.name for grouping in self.subgroups]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"subgroups stand twice: {', '.join(twice)}")
        return self

    def known_to(self, dictionary: Dictionary) -> tuple[Subgrouping, ...]:
        """Return the groupings whose predictor a dictionary holds."""
        return tuple(g for g in self.subgroups if g.predictor in dictionary)


def load_subgroups(name: str | Path = "subgroups") -> Subgroups:
    """Read and check the subgroups.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name or path.

    Returns
    -------
    Subgroups
        Groupings and the rule for small groups.

    Raises
    ------
    ConfigError
        The file is malformed or a grouping contradicts itself.
    """
    try:
        return Subgroups.model_validate(load_config(name))
    except ValidationError as error:
        raise ConfigError(f"{name}: {error}") from error


def _bands(cuts: tuple[float, ...], predictor: Predictor) -> tuple[str, ...]:
    unit = f" {predictor.unit}" if predictor.unit else ""
    if predictor.kind == "count" and list(cuts) == [int(cut) for cut in cuts]:
        ends = [(low, high - 1) for low, high in zip((0, *cuts), cuts, strict=False)]
        inner = [f"{low:g}" if low == high else f"{low:g} to {high:g}" for low, high in ends]
        return (*(f"{words}{unit}" for words in inner), f"{cuts[-1]:g} or more{unit}")
    inner = [f"{low:g} to <{high:g}" for low, high in pairwise(cuts)]
    words = (f"<{cuts[0]:g}", *inner, f"{cuts[-1]:g} or more")
    return tuple(f"{band}{unit}" for band in words)
