"""Columns coded otherwise than ours, columns that mix ways of coding, tables that differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.screening.code_words import (
    BINARY_WAYS,
    MISSING_CODES,
    MISSING_WORDS,
    UNDERSTOOD,
    guess_level,
    in_order,
    is_number,
)
from vfprog.data.screening.columns import Words, sites_of, words_of
from vfprog.errors import Failure
from vfprog.schema.dictionary import LEVELS
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.screening.context import Screened

# Fewer rows are typing errors, which have failures of their own.
LEAST_ROWS = 5
_MOST = 0.5
_SHOWN = 8


@dataclass(frozen=True)
class _Coded:
    """A column of words, its levels (none where binary) and the words found in it."""

    table: str
    name: str
    levels: tuple[str, ...]
    found: Words
    ordered: bool = False

    @cached_property
    def accepted(self) -> set[str]:
        """Words that are read as they stand."""
        binary = {word for way in UNDERSTOOD for word in BINARY_WAYS[way]}
        return {level.strip().lower() for level in self.levels} or binary

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rows of each word that is no missing code."""
        codes = MISSING_WORDS | MISSING_CODES
        return {
            word: int(count)
            for word, count in zip(self.found.words, self.found.counts, strict=True)
            if word in self.accepted or word not in codes
        }

    @cached_property
    def foreign(self) -> dict[str, int]:
        """Rows of each word that cannot be read."""
        return {word: count for word, count in self.counts.items() if word not in self.accepted}

    def forms(self, word: str) -> list[str]:
        """Return the ways a word is written in the column."""
        return self.found.written.get(word, [word])

    @property
    def seen(self) -> str:
        ordered = sorted(self.counts.items(), key=lambda item: -item[1])
        shown = ", ".join(
            f"{'/'.join(self.forms(word))!r:.40} in {count}" for word, count in ordered[:_SHOWN]
        )
        return shown + (f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else "")

    def failure(self, rule: str, text: str) -> Failure:
        value = "/".join(sorted(self.counts)[:_SHOWN])
        return Failure(self.table, None, self.name, value, rule, text, "warning")


def check_codes(screened: Screened) -> list[Failure]:
    """Find columns whose codes are not ours, and say how they may be recoded.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Rule ``code_shift`` for a column coded otherwise throughout (1 and 2 for no and yes, classes
        from 0), ``mixed_codes`` for one that mixes ways of coding, by row or by site, and for one
        that is coded otherwise than in another table; the value is the words seen.
    """
    columns = list(_columns(screened))
    failures = []
    for column in columns:
        failures += _mixed(screened, column) or _shifted(screened, column)
    return failures + _between_tables(columns)


def _columns(screened: Screened) -> Iterator[_Coded]:
    for table, raw in screened.raw.items():
        for p in screened.predictors(table):
            if not p.is_numeric:
                yield _Coded(table, p.name, p.levels, words_of(raw[p.name]), p.kind == "ordinal")
        for c in REGISTRY.get(table, ()):
            if c.name in raw and c.type in {"level", "word", "binary"}:
                levels = {"level": LEVELS, "word": c.words}.get(c.type, ())
                yield _Coded(table, c.name, levels, words_of(raw[c.name]), c.type == "level")


def _shifted(screened: Screened, column: _Coded) -> list[Failure]:
    total, foreign = sum(column.counts.values()), sum(column.foreign.values())
    if foreign == 0 or total < LEAST_ROWS:
        return []
    if _counts_from_zero(column) and foreign >= LEAST_ROWS:
        some = _few_sites(screened, column, set(column.foreign), share=0.3)
        if some:
            text = f"counts from 0 at {some} and from 1 elsewhere: {column.seen} rows"
            return [column.failure("mixed_codes", f"{text}; {_advice(None)}")]
    elif not _two_words(column) and foreign < max(LEAST_ROWS, _MOST * total):
        return []
    expected = ", ".join(column.levels) or "true and false (or 1 and 0, yes and no)"
    text = (
        f"is coded otherwise: {column.seen} rows; expected {expected}; {_advice(_recode(column))}"
    )
    return [column.failure("code_shift", text)]


def _two_words(column: _Coded) -> bool:
    """Return whether a binary column holds two words, one of which is foreign: 1 and 2."""
    foreign = sum(column.foreign.values())
    known = _binary_recode(set(column.counts)) is not None
    return not column.levels and len(column.counts) == 2 and (known or foreign >= LEAST_ROWS)


def _counts_from_zero(column: _Coded) -> bool:
    """Return whether classes 1 to k are written 0 to k - 1."""
    top = column.levels[-1] if column.levels else ""
    return set(column.foreign) == {"0"} and is_number(top) and top not in column.counts


def _few_sites(screened: Screened, column: _Coded, words: set[str], *, share: float = 0.5) -> str:
    """Return the sites that hold some words, nothing where they are more than a share of all."""
    place, names = sites_of(screened, column.table)
    codes = np.unique(place[column.found.rows(words) & (place >= 0)])
    if not 0 < len(codes) <= share * len(names):
        return ""
    more = f" and {len(codes) - 5} more" if len(codes) > 5 else ""
    return f"site {', '.join(names[code] for code in codes[:5])}{more}"


def _recode(column: _Coded) -> dict[str, str] | None:
    """Return what to write into a mapping, whose words are told apart by case."""
    guessed = _guessed(column)
    if guessed is None:
        return None
    return {form: ours for word, ours in guessed.items() for form in column.forms(word)}


def _guessed(column: _Coded) -> dict[str, str] | None:
    if not column.levels:
        return _binary_recode(set(column.counts))
    if all(is_number(word) for word in column.counts):
        return in_order(column.counts, column.levels) if column.ordered else None
    guessed = {word: guess_level(word, column.levels) for word in sorted(column.counts)}
    plain = {word: level for word, level in guessed.items() if level is not None}
    return plain or None


def _binary_recode(words: set[str]) -> dict[str, str] | None:
    for yes, no in BINARY_WAYS.values():
        if words <= {yes, no}:
            return {yes: "true", no: "false"}
    if words <= {"1", "2"}:
        return {"1": "false", "2": "true"}
    if words <= {"-1", "0"}:
        return {"-1": "true", "0": "false"}
    if words <= {"-1", "1"}:
        return {"1": "true", "-1": "false"}
    return None


def _advice(recode: dict[str, str] | None) -> str:
    if recode is None:
        return "ask what each code means and write a recode in the mapping"
    shown = ", ".join(f"{word}: {ours}" for word, ours in list(recode.items())[:_SHOWN])
    more = ", ..." if len(recode) > _SHOWN else ""
    return f"recode: {{{shown}{more}}} in the mapping, once the meaning is confirmed"


def _mixed(screened: Screened, column: _Coded) -> list[Failure]:
    ways = _ways(column)
    if len(ways) < 2:
        return []
    parts = []
    for words in ways.values():
        some = _few_sites(screened, column, words)
        where = f" (only at {some})" if some else ""
        rows = sum(column.counts[word] for word in words)
        parts.append(f"{', '.join(sorted(words)[:_SHOWN])} in {rows} rows{where}")
    text = f"mixes ways of coding: {'; '.join(parts)}; {_advice(_recode(column))}"
    return [column.failure("mixed_codes", text)]


def _ways(column: _Coded) -> dict[str, set[str]]:
    """Return the ways of coding that stand in enough rows, each with its words."""
    ways = _level_ways(column) if column.levels else _binary_ways(column)
    rows = {way: sum(column.counts[w] for w in words) for way, words in ways.items()}
    return {way: words for way, words in ways.items() if rows[way] >= LEAST_ROWS}


def _binary_ways(column: _Coded) -> dict[str, set[str]]:
    there = set(column.counts)
    ways: dict[str, set[str]] = {}
    for way, words in BINARY_WAYS.items():
        mine = there & set(words)
        if mine and not any(mine <= other for other in ways.values()):
            ways[way] = mine
    numbers = {word for word in there if is_number(word)}
    if numbers and not numbers <= {"0", "1"}:
        if numbers == {"0", "1", "2"}:
            ways |= {"1/0": {"0"}, "1/2": {"2"}}
        else:
            ways.pop("1/0", None)
            ways["/".join(sorted(numbers))] = numbers
    return ways


def _level_ways(column: _Coded) -> dict[str, set[str]]:
    ours = {word for word in column.counts if word in column.accepted}
    numbers = {word for word in column.foreign if is_number(word)}
    words = {w for w in column.foreign if w not in numbers and guess_level(w, column.levels)}
    ways = {"our words": ours, "other words": words}
    # Among classes that are numbers, a foreign number is a class shifted, not another way.
    if not all(is_number(level) for level in column.levels):
        ways["numbers"] = numbers
    return {way: found for way, found in ways.items() if found}


def _between_tables(columns: list[_Coded]) -> list[Failure]:
    """Find columns of one name that are read as they stand in one table and not in another."""
    failures = []
    for column in columns:
        twins = [c for c in columns if c.name == column.name and c.table != column.table]
        clear = [c.table for c in twins if c.counts and not c.foreign]
        foreign = sum(column.foreign.values())
        if not clear or foreign < max(LEAST_ROWS, _MOST * sum(column.counts.values())):
            continue
        text = (
            f"is coded otherwise than in {' and '.join(clear)}: {column.seen} rows; "
            f"{_advice(_recode(column))}"
        )
        failures.append(column.failure("mixed_codes", text))
    return failures
