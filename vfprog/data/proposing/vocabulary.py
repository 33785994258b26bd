"""The words `vfprog map` knows, read from a configuration a user may edit."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from vfprog.config import load_config
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

Words = tuple[str, ...]
_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "ø": "o"}
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_REMEMBERED = 2**14
_TOKEN = re.compile(r"[a-z0-9]+|%")


class Vocabulary(BaseModel):
    """Words others use.

    Parameters
    ----------
    columns : dict of str to tuple of str
        Names others give to our columns.
    tables : dict of str to tuple of str
        Names others give to our tables.
    units : dict of str to tuple of str
        Units, as a mapping knows them, and the words for them beside a name.
    noise : tuple of str
        Words that do not change what a name means.
    baseline : tuple of str
        Words that say a value was measured before the procedure.
    later : tuple of str
        Words that say a value was measured after it.
    codes : dict
        ``yes`` and ``no``; for each column with levels, the words for each level.
    missing : tuple of str
        Words for a missing value.
    identifiers : tuple of str
        Names of columns that identify a person.
    outcomes : dict of str to tuple of str
        Names of coded outcomes, by endpoint.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, Words]
    tables: dict[str, Words]
    units: dict[str, Words]
    noise: Words
    baseline: Words
    later: Words
    codes: dict[str, Words | dict[str, Words]]
    missing: Words
    identifiers: Words
    outcomes: dict[str, Words]

    def levels(self, name: str) -> dict[str, str]:
        """Return folded words and the level each stands for: of a column, or of yes and no."""
        found = self.codes.get(name, {})
        if name in {"yes", "no"} or not isinstance(found, dict):
            found = {}
        return {fold(w): level for level, words in found.items() for w in words}

    def truth(self) -> dict[str, bool]:
        """Return folded words for yes and no."""
        known: dict[str, bool] = {}
        for name, value in (("yes", True), ("no", False)):
            words = self.codes.get(name, ())
            known |= {fold(w): value for w in words if isinstance(w, str)}
        return known

    def stands_for_missing(self, word: str) -> bool:
        """Return whether a word of a table stands for a missing value."""
        return word.strip() in self._marks or fold(word) in self._missing_words

    @cached_property
    def _marks(self) -> frozenset[str]:
        return frozenset(word for word in self.missing if not fold(word))

    @cached_property
    def _missing_words(self) -> frozenset[str]:
        return frozenset(folded for word in self.missing if (folded := fold(word)))


@lru_cache(maxsize=_REMEMBERED)
def fold(text: str) -> str:
    """Return a text as lower-case words without accents: ``Höhe_WK`` is ``hoehe wk``.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Letters, digits and per cent signs, one space between words.
    """
    return " ".join(tokens(text))


@lru_cache(maxsize=_REMEMBERED)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a name: ``vasPain-30d`` has three.

    Parameters
    ----------
    text : str
        A name.

    Returns
    -------
    tuple of str
        Folded words.
    """
    split = _CAMEL.sub(" ", text).lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", split)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(_TOKEN.findall(plain))


@cache
def load_vocabulary(name: str | Path = "synonyms") -> Vocabulary:
    """Read and check the words.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name or path.

    Returns
    -------
    Vocabulary
        The words; read once per process.

    Raises
    ------
    ConfigError
        The file does not have the form of a vocabulary.
    """
    try:
        return Vocabulary.model_validate(load_config(name))
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{name}: {lines}") from error
