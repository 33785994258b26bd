"""Ways of coding: which words belong together, and what a foreign word may mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Ways of writing yes and no; the first word of each is yes. The first three are read as they are.
BINARY_WAYS: dict[str, tuple[str, str]] = {
    "true/false": ("true", "false"),
    "yes/no": ("yes", "no"),
    "1/0": ("1", "0"),
    "y/n": ("y", "n"),
    "t/f": ("t", "f"),
    "ja/nein": ("ja", "nein"),
    "j/n": ("j", "n"),
    "ja/nee": ("ja", "nee"),
    "oui/non": ("oui", "non"),
    "si/no": ("si", "no"),
    "present/absent": ("present", "absent"),
    "positive/negative": ("positive", "negative"),
    "+/-": ("+", "-"),
    "x/o": ("x", "o"),
    "wahr/falsch": ("wahr", "falsch"),
}
UNDERSTOOD = ("true/false", "yes/no", "1/0")
# Words and numbers that tend to mean that a value is missing.
MISSING_WORDS = frozenset({
    "na", "n/a", "n.a.", "#n/a", "nan", "nil", "null", "none", "unknown", "unk", "missing", "miss",
    "not known", "not done", "not recorded", "not available", "not applicable", "nd", "n.d.", "nr",
    "unbekannt", "k.a.", "k. a.", "keine angabe", "inconnu", "refused", "?", "??", "???", ".", "..",
    "-", "--", "---", "*", "x", "tbd", "pending", "(blank)", "(null)", "<na>", "nat",
})  # fmt: skip
MISSING_NUMBERS = frozenset({
    -1, -2, -3, -7, -8, -9, -77, -88, -99, -777, -888, -999, -9999, 0, 9, 77, 88, 99, 777, 888,
    999, 7777, 8888, 9999, 99999, 999999,
})  # fmt: skip
# Never a code of a category that is counted on: 9 for unknown is an old habit.
MISSING_CODES = frozenset(str(n) for n in MISSING_NUMBERS if n not in {-1, -2, -3, 0})
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6"}
# Counted from the first cervical vertebra, T4 is the eleventh.
_FIRST_VERTEBRA = 11
_REGIONS = {"l": "l", "d": "t", "t": "t", "b": "t"}


def is_number(word: str) -> bool:
    """Return whether a word is a whole number."""
    return re.fullmatch(r"-?\d+", word) is not None


def guess_level(word: str, levels: Sequence[str]) -> str | None:
    """Return the level a foreign word seems to mean, None where it is not plain.

    Parameters
    ----------
    word : str
        A word in lower case.
    levels : sequence of str
        The declared levels.

    Returns
    -------
    str or None
        A level.

    Examples
    --------
    >>> guess_level("lumbar 1", ["T12", "L1"]), guess_level("th12", ["T12", "L1"])
    ('L1', 'T12')
    >>> guess_level("m", ["female", "male"]), guess_level("iii", ["1", "2", "3"])
    ('male', '3')
    """
    bare = re.sub(r"[^a-z0-9]", "", word)
    by_name = {re.sub(r"[^a-z0-9]", "", level.lower()): level for level in levels}
    if bare in by_name:
        return by_name[bare]
    if bare in _ROMAN and _ROMAN[bare] in by_name:
        return by_name[_ROMAN[bare]]
    starting = [level for name, level in by_name.items() if bare.isalpha() and
                (name.startswith(bare) or (len(name) > 2 and bare.startswith(name)))]  # fmt: skip
    if len(starting) == 1:
        return starting[0]
    return _by_number(bare, by_name)


def _by_number(bare: str, by_name: dict[str, str]) -> str | None:
    """Match by the number at the end: stage 2 is 2, OF type 3 is OF3, Th12 is T12."""
    found = re.fullmatch(r"([a-z]+)(\d+)", bare)
    if found is None:
        return None
    region, number = found[1], str(int(found[2]))
    ending = [name for name in by_name if re.fullmatch(rf"[a-z]*{number}", name)]
    if len({re.sub(r"\d", "", name) for name in by_name}) > 1:
        ending = [name for name in ending if name[0] == _REGIONS.get(region[0])]
    return by_name[ending[0]] if len(ending) == 1 else None


def in_order(words: Iterable[str], levels: Sequence[str]) -> dict[str, str] | None:
    """Return the levels that codes stand for if they count them, None where they do not.

    Parameters
    ----------
    words : iterable of str
        Whole numbers.
    levels : sequence of str
        The declared levels in order.

    Returns
    -------
    dict of str to str or None
        A level for each code that counts from 0 or 1, or vertebrae from the first cervical.
    """
    codes = sorted(int(word) for word in words)
    starts = [0, 1] if codes and codes[0] == 0 else [1]
    if tuple(levels) == LEVELS:
        starts.append(_FIRST_VERTEBRA)
    for start in starts:
        if codes and codes[0] >= start and codes[-1] - start < len(levels):
            return {str(code): levels[code - start] for code in codes}
    return None
