"""How far each missing input could move a risk: what is worth measuring.

Every missing input is set, one at a time, to plausible values (`vfprog.scoring.plausible`); the
others stay as they are, given or missing. All patients, inputs and values are answered in one pass
per model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.features.design import derive_features
from vfprog.scoring.model import expit
from vfprog.scoring.panel import Gap
from vfprog.scoring.patient import PELVIC_ANGLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vfprog.features.arrays import BoolArray, EpisodeArrays, FloatArray, IntArray
    from vfprog.schema.dictionary import Dictionary
    from vfprog.scoring.bundle import Bundle

LEVEL = "level"
# Differences in log-odds below this are rounding.
_EQUAL = 1e-12


@dataclass(frozen=True)
class _Tried:
    """One missing input of one patient, and its values, which stand together in one long list."""

    row: int
    predictor: str
    start: int
    values: tuple[Any, ...]


def find_gaps(
    bundle: Bundle,
    arrays: EpisodeArrays,
    missing: Sequence[Sequence[str]],
    answering: Sequence[tuple[str, BoolArray]],
) -> dict[tuple[str, int], tuple[Gap, ...]]:
    """Return the gaps of each risk of each patient.

    Parameters
    ----------
    bundle : Bundle
        The bundle that answers.
    arrays : EpisodeArrays
        Patients.
    missing : sequence of sequence of str
        Inputs each patient lacks.
    answering : sequence of (str, ndarray of bool)
        Which model answers for which patients, see `vfprog.scoring.choice.assignments`.

    Returns
    -------
    dict of (str, int) to tuple of Gap
        By model and patient, the largest spread first; without inputs the model does not use.
    """
    tried = _tried(bundle, arrays, missing)
    if not tried:
        return {}
    variants = _variants(bundle, arrays, tried)
    derived = derive_features(variants, bundle.dictionary)
    kept = _consistent(derived, tried, bundle.dictionary, variants.n)
    places, own = _rectangle(tried)
    usable = own & kept[places]
    gaps: dict[tuple[str, int], tuple[Gap, ...]] = {}
    for name, asked in answering:
        model = bundle.model(name)
        mine = [
            place
            for place, one in enumerate(tried)
            if asked[one.row] and one.predictor in model.parents
        ]
        if not mine:
            continue
        # Patients whom this model does not answer are computed along: they are the exception.
        log_odds = model.log_odds(model.matrix(derived, variants.n))
        spreads = _spreads([tried[place] for place in mine], log_odds, places[mine], usable[mine])
        for row, found in groupby(spreads, key=itemgetter(0)):
            gaps[name, row] = tuple(sorted((gap for _, gap in found), key=_minus_spread))
    return gaps


def _minus_spread(gap: Gap) -> float:
    return round(gap.lowest_risk - gap.highest_risk, 12)


def _tried(bundle: Bundle, arrays: EpisodeArrays, missing: Sequence[Sequence[str]]) -> list[_Tried]:
    number = np.bincount(arrays.owner, minlength=arrays.n).tolist()
    tried, start = [], 0
    for row, names in enumerate(missing):
        for name in names:
            # Several vertebrae have several levels: no one value can stand for them.
            if name not in bundle.plausible or (name == LEVEL and number[row] > 1):
                continue
            values = bundle.plausible[name].values
            tried.append(_Tried(row, name, start, values))
            start += len(values)
    return tried


def _variants(bundle: Bundle, arrays: EpisodeArrays, tried: Sequence[_Tried]) -> EpisodeArrays:
    """Return one episode per value; what is tried of a vertebra is tried of all of them alike."""
    rows = np.repeat([one.row for one in tried], [len(one.values) for one in tried])
    variants = _with_vertebrae(arrays).take(rows)
    blank = np.full(variants.n, np.nan)
    codes: dict[str, FloatArray] = {}
    for one in tried:
        column = codes.setdefault(one.predictor, blank.copy())
        column[one.start : one.start + len(one.values)] = bundle.plausible[one.predictor].codes
    episodes, vertebrae = dict(variants.episodes), dict(variants.vertebrae)
    for name, column in codes.items():
        # Where a code is set the input was missing, so nothing given is overwritten.
        if bundle.dictionary[name].table == "episodes":
            episodes[name] = _or(column, episodes.get(name))
        else:
            vertebrae[name] = _or(column[variants.owner], vertebrae.get(name))
    return replace(variants, episodes=episodes, vertebrae=vertebrae)


def _or(codes: FloatArray, given: FloatArray | None) -> FloatArray:
    return codes if given is None else np.where(np.isnan(codes), given, codes)


def _with_vertebrae(arrays: EpisodeArrays) -> EpisodeArrays:
    """Return the episodes, those without vertebrae having one of which nothing is known."""
    without = np.flatnonzero(np.bincount(arrays.owner, minlength=arrays.n) == 0)
    if not len(without):
        return arrays
    blank = np.full(len(without), np.nan)
    vertebrae = {name: np.concatenate([v, blank]) for name, v in arrays.vertebrae.items()}
    owner = np.concatenate([arrays.owner, without]).astype(np.intp)
    return replace(arrays, vertebrae=vertebrae, owner=owner)


def _consistent(
    derived: dict[str, FloatArray], tried: Sequence[_Tried], dictionary: Dictionary, n: int
) -> BoolArray:
    """Return which variants leave all three pelvic angles where angles are: two give the third."""
    kept = np.ones(n, dtype=bool)
    for one in tried:
        if one.predictor not in PELVIC_ANGLES:
            continue
        mine = slice(one.start, one.start + len(one.values))
        for name in PELVIC_ANGLES:
            usual = dictionary[name].usual_range if name in dictionary else None
            if usual is not None:
                angle = derived[name][mine]
                kept[mine] &= ~((angle < usual[0]) | (angle > usual[1]))
    return kept


def _spreads(
    tried: Sequence[_Tried], log_odds: FloatArray, places: IntArray, usable: BoolArray
) -> Iterator[tuple[int, Gap]]:
    """Yield patient and gap of each input of which two values are left at least."""
    values = log_odds[places]
    low = _first_lowest(np.where(usable, values, np.inf))
    high = _first_lowest(np.where(usable, -values, np.inf))
    each = np.arange(len(tried))
    lowest, highest = expit(values[each, [low, high]]).tolist()
    enough = (usable.sum(axis=1) > 1).tolist()
    for place, (i, j) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        if enough[place]:
            one = tried[place]
            at = (one.values[i], one.values[j])
            yield one.row, Gap(one.predictor, lowest[place], highest[place], *at)


def _first_lowest(values: FloatArray) -> IntArray:
    """Return the first of the lowest in each row: rounding must not choose among equals."""
    equal = values <= values.min(axis=1, keepdims=True) + _EQUAL
    first: IntArray = equal.argmax(axis=1)
    return first


def _rectangle(tried: Sequence[_Tried]) -> tuple[IntArray, BoolArray]:
    """Return the places of the values of each input, one row each, and which are its own."""
    starts = np.array([one.start for one in tried])
    counts = np.array([len(one.values) for one in tried])
    steps = np.arange(counts.max())
    own = steps < counts[:, None]
    return starts[:, None] + np.where(own, steps, 0), own
