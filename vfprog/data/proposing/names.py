"""How alike two names are, and what a name says besides: a unit, a day, a level."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from vfprog.data.proposing.vocabulary import fold, tokens
from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vfprog.data.proposing.vocabulary import Vocabulary

_DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
# Letters that stand for a unit of time directly beside a number; j is a French day.
_LETTER = {"d": "days", "j": "days", "w": "weeks", "m": "months", "y": "years"}
_LEVEL = re.compile(r"^(?:(t|th|bwk)|(l|lwk))(\d{1,2})$")
_LEFT_OVER, _SMALL = 1.0, 0.15
_REMEMBERED = 2**16


@dataclass(frozen=True)
class Occasion:
    """When, and at which vertebra, a column was measured, by its name.

    Parameters
    ----------
    stem : tuple of str
        Words of the name without day and level.
    day : int, optional
        Day after the index date.
    number, unit : int and str, optional
        The day as the name writes it, such as 12 and months.
    level : str, optional
        Level, such as L1.
    """

    stem: tuple[str, ...]
    day: int | None = None
    number: int | None = None
    unit: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class Names:
    """The names one thing may have.

    Parameters
    ----------
    aliases : tuple of tuple of str
        Words of each name.
    own : frozenset of str
        All these words.
    """

    aliases: tuple[tuple[str, ...], ...]
    own: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """Return names by their words."""
        aliases = tuple(dict.fromkeys(tokens(name) for name in names))
        return cls(aliases, frozenset(word for alias in aliases for word in alias))

    def near(self, words: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the names that share a first letter of a word: others have nothing in common."""
        letters = {word[0] for word in words}
        return [a for a in self.aliases if not letters.isdisjoint(word[0] for word in a)]


class Namer:
    """Compares names with the names of our columns.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words known.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._noise = set(vocabulary.noise)
        self._baseline = {fold(w) for w in vocabulary.baseline}
        self._units = {
            tokens(w): unit for unit, words in vocabulary.units.items() for w in (unit, *words)
        }
        self._time = {fold(w): u for u in _DAYS for w in vocabulary.units.get(u, ())}
        self._later = [f" {fold(word)} " for word in vocabulary.later]
        self._names = {ours: Names.of((ours, *w)) for ours, w in vocabulary.columns.items()}

    def score(self, name: str, ours: str) -> float:
        """Return how well a name fits a column of ours, 0 to 1; a unit at its end is left out."""
        names = self._names.get(ours) or Names.of([ours])
        words, bare = tokens(name), self.unit_of(name)[0]
        found = self.likeness(words, names)
        # `mFI` is no two words, `vasPain` is.
        if (unsplit := tokens(name.lower())) != words:
            found = max(found, self.likeness(unsplit, names))
        if bare != words:
            found = max(found, 0.99 * self.likeness(bare, names))
        occasion = self.occasion(name)
        if occasion.day == 0:  # measured at the baseline
            found = max(found, 0.99 * self.likeness(occasion.stem, names))
        return found

    def likeness(self, words: tuple[str, ...], names: Names) -> float:
        """Return how well words fit the best of some names.

        Parameters
        ----------
        words : tuple of str
            Words of a name.
        names : Names
            Names it may be.

        Returns
        -------
        float
            1 the same, 0 nothing in common.
        """
        near = names.near(words)
        return max((self._one(words, alias, names.own) for alias in near), default=0.0)

    def unit_of(self, name: str) -> tuple[tuple[str, ...], str | None]:
        """Return the words of a name without a unit at their end, and that unit."""
        words = tokens(name)
        for size in (3, 2, 1):
            if len(words) > size and words[-size:] in self._units:
                return words[:-size], self._units[words[-size:]]
        return words, None

    def occasion(self, name: str) -> Occasion:
        """Return when and at which vertebra a column was measured, as its name says."""
        words = list(tokens(name))
        level = next((found for w in words if (found := _level_of(w))), None)
        rest = [w for w in words if _level_of(w) is None]
        for place in range(len(rest)):
            for size in (1, 2):
                number, unit = self._time_of(rest[place : place + size])
                if number is not None and unit is not None:
                    stem = tuple(rest[:place] + rest[place + size :])
                    return Occasion(stem, round(number * _DAYS[unit]), number, unit, level)
        return Occasion(tuple(rest), None, None, None, level)

    def is_later(self, name: str) -> bool:
        """Return whether a name says that the value is known only after the index date."""
        words = f" {fold(name)} "
        return any(later in words for later in self._later)

    def _time_of(self, words: Sequence[str]) -> tuple[int | None, str | None]:
        if len(words) == 2:  # number and unit
            for number, unit in (words, words[::-1]):
                if number.isdigit() and len(unit) > 1 and unit in self._time:
                    return int(number), self._time[unit]
            return None, None
        found = re.fullmatch(r"(?:(\d{1,4})([a-z]+)|([a-z]+)(\d{1,4}))", words[0])
        if found is None:
            return None, None
        number, unit = found[1] or found[4], found[2] or found[3]
        return int(number), _LETTER.get(unit) or self._time.get(unit)

    def _one(self, words: tuple[str, ...], alias: tuple[str, ...], own: frozenset[str]) -> float:
        if "".join(words) == "".join(alias):
            return 1.0
        if sorted(words) == sorted(alias):
            return 0.97
        whole = _typing_error("".join(words), "".join(alias))
        return max(whole, self._overlap(words, alias, own))

    def _overlap(
        self, words: tuple[str, ...], alias: tuple[str, ...], own: frozenset[str]
    ) -> float:
        free = list(words)
        matched = total = 0.0
        telling = set(alias) - self._noise
        for part in alias:
            weight = _SMALL if telling and part not in telling else 1.0
            total += weight
            best = max(free, key=lambda word: _similar(word, part), default="")
            if best and _similar(best, part):
                matched += weight * _similar(best, part)
                free.remove(best)
        total += sum(self._cost(word, own) for word in free)
        return 0.95 * matched / total if total else 0.0

    def _cost(self, word: str, own: frozenset[str]) -> float:
        small = word in self._noise or word in self._baseline or word in own
        return _SMALL if small else _LEFT_OVER


def _level_of(word: str) -> str | None:
    found = _LEVEL.match(word)
    level = f"{'T' if found[1] else 'L'}{int(found[3])}" if found else None
    return level if level in LEVELS else None


@lru_cache(maxsize=_REMEMBERED)
def _similar(a: str, b: str) -> float:
    """Return how alike two words are: the same, a typing error, an abbreviation, or nothing."""
    if a == b:
        return 1.0
    wrong = _typing_error(a, b)
    if wrong:
        return wrong
    short, long = sorted((a, b), key=len)
    return 0.8 if len(short) >= 3 and long.startswith(short) else 0.0


@lru_cache(maxsize=_REMEMBERED)
def _typing_error(a: str, b: str) -> float:
    """Return .93 at one typing error, .86 at two in a long word, else 0."""
    shorter = min(len(a), len(b))
    allowed = 0 if shorter < 5 else 1 if shorter < 9 else 2  # letters
    if abs(len(a) - len(b)) > allowed or a[:1] != b[:1] or not allowed:
        return 0.0
    distance = _edits(a, b)
    return 1.0 - 0.07 * distance if distance <= allowed else 0.0


def _edits(a: str, b: str) -> int:
    """Return the number of letters to insert, delete, replace or swap (optimal alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        now = [i]
        for j, y in enumerate(b, start=1):
            cost = min(row[j] + 1, now[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        before, row = row, now
    return row[-1]
