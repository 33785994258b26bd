"""Codes: yes and no in several languages, levels under other words, levels of the spine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vfprog.data.proposing.numbers import odd_codes
from vfprog.data.proposing.reading import Fit
from vfprog.data.proposing.sketch import MAX_CODES
from vfprog.data.proposing.vocabulary import fold
from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from vfprog.data.column_spec import Scalar
    from vfprog.data.proposing.sketch import Sketch
    from vfprog.data.proposing.slots import Slot
    from vfprog.data.proposing.vocabulary import Vocabulary

_POINT_ZERO = re.compile(r"(?<=\d)\.0+$")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NUMERALS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
_NUMBERED = re.compile(r"^(?:[a-z ]*?)\s*([1-9]|i{1,3}|iv|v)$")
_SPINE = re.compile(
    r"^\s*(?P<region>t|th|thoracic|thoracal|thorakal|bwk|bw|d|dorsal|brustwirbel"
    r"|l|lumbar|lumbal|lwk|lw|lumbaal|lombaire|lendenwirbel)(?P<gap>[\s._-]*)"
    r"(?P<number>\d{1,2})\s*$",
    re.IGNORECASE,
)
# T1 is 1 and L5 is 17; fractures gather where the chest ends, at T12 and L1.
_FIRST_NUMBER = 4
_JUNCTION = {"12", "13"}
_ENOUGH_LEVELS = 3


def fit_binary(seen: Sketch, vocabulary: Vocabulary) -> Fit:
    """Return how well codes agree with yes and no.

    Parameters
    ----------
    seen : Sketch
        The foreign column.
    vocabulary : Vocabulary
        Words for yes and no.

    Returns
    -------
    Fit
        Agreement and recode; 1 and 2 say nothing about which is which.
    """
    known = vocabulary.truth()
    plain = {word: _clean(word) for word in _codes(seen)}
    if _left(seen, plain) == {"1", "2"}:
        return _one_and_two(seen, plain)
    recode: dict[str, Scalar] = {}
    for word, clean in plain.items():
        value = _TRUTH.get(clean, known.get(fold(word)))
        if value is not None:
            recode[word] = value
    return _fit(seen, recode, native={w for w, clean in plain.items() if clean in _TRUTH})


def fit_levels(seen: Sketch, slot: Slot, vocabulary: Vocabulary) -> Fit:
    """Return how well codes agree with the levels of a column of ours.

    Parameters
    ----------
    seen : Sketch
        The foreign column.
    slot : Slot
        The column of ours.
    vocabulary : Vocabulary
        Words for its levels.

    Returns
    -------
    Fit
        Agreement and recode.
    """
    plain = {word: _clean(word) for word in _codes(seen)}
    own = {level.lower(): level for level in slot.levels}
    known = {fold(level): level for level in slot.levels} | vocabulary.levels(slot.name)
    if slot.name == "sex" and not any(known.get(fold(word)) for word in plain):
        return _fit_sex(seen, plain, known)
    recode: dict[str, Scalar] = {}
    for word, clean in plain.items():
        level = own.get(clean) or known.get(fold(word)) or _numbered(clean, slot.levels)
        if level is not None:
            recode[word] = level
    fit = _fit(seen, recode, native={w for w, clean in plain.items() if clean in own})
    worded = {level for word, level in recode.items() if not _clean(word).isdigit()}
    telling = 0.0 if len(worded) < 2 else 0.6 if len(slot.levels) == 2 else 0.75
    return _with_telling(fit, telling)


def fit_vertebra(seen: Sketch) -> Fit:
    """Return how well codes agree with levels of the spine: L1, LWK 1, Lumbar 1, or 1 to 17.

    Parameters
    ----------
    seen : Sketch
        The foreign column.

    Returns
    -------
    Fit
        Agreement and recode; in the way the levels are written, all levels are listed.
    """
    words = list(_codes(seen))
    recode: dict[str, Scalar] = {}
    forms: set[str] = set()
    for word in words:
        found = _SPINE.match(word)
        level = _level(found) if found else None
        if found and level:
            recode[word] = level
            forms.add(word[: found.start("number")])
    if recode:
        native = {word for word in recode if word.strip().upper() in LEVELS}
        fit = _fit(seen, _all_levels(forms) | recode, native=native, listed=recode)
        return _with_telling(fit, 0.85 if len(set(recode.values())) >= _ENOUGH_LEVELS else 0.5)
    return _numbered_levels(seen, words)


def _numbered_levels(seen: Sketch, words: list[str]) -> Fit:
    numbers = [_clean(word) for word in words]
    last = _FIRST_NUMBER + len(LEVELS) - 1
    if not words or not all(n.isdigit() and 1 <= int(n) <= last for n in numbers):
        return Fit(0.0)
    recode: dict[str, Scalar] = {
        word: LEVELS[int(number) - _FIRST_NUMBER]
        for word, number in zip(words, numbers, strict=True)
        if int(number) >= _FIRST_NUMBER
    }
    common = max(seen.counts, key=lambda word: (seen.counts[word], word))
    text = "numbers 1 to 17: T1 is 1, L1 is 13, L5 is 17"
    if _clean(common) in _JUNCTION and max(map(int, numbers)) > int(max(_JUNCTION)):
        return Fit(1.0, evidence=(text, f"the most frequent is {common}"), recode=recode)
    return Fit(0.6, evidence=(text,), recode=recode, sure=False,
               question="are levels counted from T1 = 1?")  # fmt: skip


def _one_and_two(seen: Sketch, plain: dict[str, str]) -> Fit:
    recode: dict[str, Scalar] = {w: clean == "1" for w, clean in plain.items() if clean in "12"}
    return Fit(0.8, evidence=(_shares(seen, recode),), recode=recode, missing=_codes_missing(seen),
               sure=False, question="is 1 yes and 2 no, or the other way round?")  # fmt: skip


def _fit_sex(seen: Sketch, plain: dict[str, str], known: dict[str, str]) -> Fit:
    """Read 0/1 and 1/2: evident only where the column is called after one sex."""
    left = {clean: word for word, clean in plain.items() if clean in {"0", "1", "2"}}
    named = {level for word in fold(seen.name).split() if len(word) > 1
             and (level := known.get(word))}  # fmt: skip
    if len(named) == 1 and set(left) <= {"0", "1"} and left:
        yes = named.pop()
        no = "male" if yes == "female" else "female"
        recode: dict[str, Scalar] = {left[c]: yes if c == "1" else no for c in sorted(left)}
        return _fit(seen, recode, native=set())
    if set(left) not in ({"0", "1"}, {"1", "2"}):
        return Fit(0.0)
    low, high = sorted(left)
    more = max(left, key=lambda clean: (seen.counts[left[clean]], clean))
    recode = {left[c]: "female" if c == more else "male" for c in (low, high)}
    text = f"{_shares(seen, recode)}; most patients with osteoporotic fractures are women"
    return Fit(0.8, evidence=(text,), recode=recode, missing=_codes_missing(seen), sure=False,
               question=f"is {more} female?")  # fmt: skip


def _fit(
    seen: Sketch, recode: dict[str, Scalar], *, native: set[str],
    listed: dict[str, Scalar] | None = None,
) -> Fit:  # fmt: skip
    """Return the fit of codes that are read; no recode is needed where all are ours already."""
    listed = recode if listed is None else listed
    missing = _codes_missing(seen)
    n_known = sum(seen.counts.get(word, 0) for word in listed)
    n_all = seen.n - sum(n for word, n in seen.counts.items() if _as_number(word) in missing)
    if not listed or not n_all:
        return Fit(0.0)
    lost = [w for w in seen.counts if w not in listed and _as_number(w) not in missing]
    agreement = n_known / n_all
    evidence = (_shares(seen, listed),)
    question = f"{len(lost)} other codes stand there: recode them" if lost else ""
    needed = {} if set(listed) <= native else recode
    return Fit(agreement, evidence=evidence, recode=needed, missing=missing, question=question)


def _with_telling(fit: Fit, telling: float) -> Fit:
    return Fit(fit.agreement, telling, fit.evidence, fit.unit, fit.recode, fit.missing,
               fit.date_format, fit.sure, fit.question)  # fmt: skip


def _codes(seen: Sketch) -> dict[str, int]:
    return seen.counts if len(seen.counts) <= MAX_CODES else {}


def _clean(word: str) -> str:
    return _POINT_ZERO.sub("", word.strip().lower())


def _as_number(word: str) -> str:
    clean = _clean(word)
    return clean if re.fullmatch(r"-?\d+", clean) else ""


def _codes_missing(seen: Sketch) -> tuple[str, ...]:
    """Return 9, 99, -9 and the like beside other codes."""
    found = {f"{code:g}" for code in odd_codes(seen)}
    plain = {_as_number(word) for word in _codes(seen)}
    few = len(plain & {"0", "1", "2"}) >= 2 or not plain - {"", "9", "-9", "99", "-99"}
    found |= {c for c in ("9", "-9", "99", "-99", "-1") if few and c in plain}
    return tuple(sorted(found))


def _left(seen: Sketch, plain: dict[str, str]) -> set[str]:
    missing = _codes_missing(seen)
    return {clean for clean in plain.values() if clean not in missing}


def _numbered(clean: str, levels: tuple[str, ...]) -> str | None:
    """Return the level a number or numeral stands for, where levels are numbered (ASA, OF)."""
    numbers = {level[-1]: level for level in levels if level[-1:].isdigit()}
    found = _NUMBERED.match(clean.replace("-", " ").replace("_", " "))
    if len(numbers) < len(levels) or not found:
        return None
    return numbers.get(str(_NUMERALS.get(found[1], found[1])))


def _level(found: re.Match[str]) -> str | None:
    region = "L" if found["region"].lower().startswith("l") else "T"
    level = f"{region}{int(found['number'])}"
    return level if level in LEVELS else None


def _all_levels(forms: set[str]) -> dict[str, Scalar]:
    """Return every level in each way of writing seen: what is rare need not be looked up."""
    return {
        f"{form}{level[1:]}": level
        for form in sorted(forms)
        for level in LEVELS
        if (form.strip().lower().startswith("l")) == level.startswith("L")
    }


def _shares(seen: Sketch, recode: dict[str, Scalar]) -> str:
    """Return how frequent the most frequent codes are."""
    often = sorted((w for w in recode if seen.counts.get(w, 0) >= 5),
                   key=lambda w: (-seen.counts[w], w))  # fmt: skip
    if not often:
        return f"{len(recode)} codes"
    return "codes " + ", ".join(f"{w} {seen.counts[w] / seen.n:.0%}" for w in often[:4])
