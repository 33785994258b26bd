"""Blocks of rows with another share of events: files put together from cases and others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import xlogy

from vfprog.errors import Failure

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

# The share of events of a block must be this much farther from the one expected of its rows than
# that of the other rows is from theirs...
LEAST_GAP = 0.3
# ...or the block must lack events nearly altogether where this share was expected.
LEAST_EXPECTED = 0.1
LEAST_EVENTS = 10
LEAST_ROWS = 20
MOST_BLOCKS = 5
_CHANCE = 1e-6
_SHORTEST = 8


@dataclass(frozen=True)
class _Block:
    start: int
    stop: int
    surprise: float


@dataclass(frozen=True)
class _Sums:
    """Running totals over the rows: what was seen, and what was expected."""

    event: FloatArray
    other: FloatArray
    expected_of_seen: FloatArray
    expected_event: FloatArray
    expected_other: FloatArray

    def __len__(self) -> int:
        return len(self.event) - 1


def check_blocks(screened: Screened) -> list[Failure]:
    """Find runs of rows, in the order of the file, with another share of events.

    All runs are compared with what the sites and treatments of their rows let expect, so that a
    file ordered by site or by treatment passes. By Hoeffding's bound a run of L rows with k events
    where m were expected has a chance of at most exp(-D), D = k log(k / m) + (L - k) log((L - k) /
    (L - m)); it must stay below 1e-6 for all runs of the file together. It must do so, too, if the
    episodes without an outcome all speak against it: at the end of a file ordered by date only
    those with an early event have an outcome yet.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Warnings ``event_block``, at most five per endpoint; the row is "rows A to B" as a
        spreadsheet counts them, the line A, the value the share of events there.
    """
    failures: list[Failure] = []
    strata = _strata(screened.typed["episodes"])
    for endpoint, event in screened.outcomes.items():
        if min((event == 1).sum(), (event == 0).sum()) >= LEAST_EVENTS:
            blocks = _blocks(event, strata)
            failures += [_failure(screened, endpoint, event, block) for block in blocks]
    return failures


def _failure(screened: Screened, endpoint: str, event: FloatArray, block: _Block) -> Failure:
    rest = np.delete(event, np.arange(block.start, block.stop))
    inside = event[block.start : block.stop]
    lines = screened.typed["episodes"].index
    first, last = int(lines[block.start]), int(lines[block.stop - 1])
    share, elsewhere = float(np.nanmean(inside)), float((rest == 1).sum() / (rest >= 0).sum())
    text = (
        f"{share:.0%} of {int((inside >= 0).sum())} episodes have the event {endpoint}, "
        f"of the other rows {elsewhere:.0%}"
    )
    where = f"rows {first} to {last}"
    return Failure("episodes", where, endpoint, round(share, 3), "event_block", text, "warning",
                   first)  # fmt: skip


def _strata(episodes: pd.DataFrame) -> IntArray:
    """Return a number for each site and treatment; small ones are taken together."""
    sites = pd.factorize(episodes["site_id"].to_numpy(dtype=object))[0] + 1
    arms = pd.factorize(episodes["treatment"].to_numpy(dtype=object))[0] + 1
    codes = pd.factorize(sites * (arms.max(initial=0) + 1) + arms)[0] + 1
    n = np.bincount(codes, minlength=1)
    return np.where(n[codes] >= LEAST_ROWS, codes, 0)


def _blocks(event: FloatArray, strata: IntArray) -> list[_Block]:
    """Return the most surprising block, then those of the parts before and behind it."""
    needed = float(np.log(len(event) ** 2 / 2 / _CHANCE))
    plain = np.ones(len(event), dtype=bool)
    parts = [(0, len(event))]
    blocks: list[_Block] = []
    while parts and len(blocks) < MOST_BLOCKS:
        start, stop = parts.pop(0)
        block = _best(_sums(event, strata, plain, slice(start, stop)))
        if block is not None and block.surprise >= needed:
            known = (
                start
                + block.start
                + np.flatnonzero(~np.isnan(event[start + block.start : start + block.stop]))
            )
            block = _Block(int(known[0]), int(known[-1]) + 1, block.surprise)
            plain[block.start : block.stop] = False
            parts += [(start, block.start), (block.stop, stop)]
            blocks.append(block)
    return sorted(blocks, key=lambda block: block.start)


def _sums(event: FloatArray, strata: IntArray, plain: BoolArray, part: slice) -> _Sums:
    yes, no = event == 1, event == 0
    seen = yes | no
    columns = (
        yes[part],
        no[part],
        (_share(yes, strata, plain & seen) * seen)[part],
        _share(yes, strata, plain)[part],
        _share(no, strata, plain)[part],
    )
    return _Sums(*(np.append(0.0, np.cumsum(column, dtype=np.float64)) for column in columns))


def _share(flag: BoolArray, strata: IntArray, rows: BoolArray) -> FloatArray:
    """Return the share of each row's stratum among some rows, drawn a little to that of all."""
    if not rows.any():
        return np.full(len(flag), 0.5)
    n = np.bincount(strata[rows], minlength=int(strata.max()) + 1)
    k = np.bincount(strata[rows], weights=flag[rows], minlength=len(n))
    share: FloatArray = np.clip((k + 10 * flag[rows].mean()) / (n + 10), 1e-6, 1 - 1e-6)[strata]
    return share


def _best(sums: _Sums) -> _Block | None:
    """Return the most surprising run of rows, its ends moved until nothing gains."""
    n = len(sums)
    best = _Block(0, 0, 0.0)
    for length in _lengths(n):
        starts = np.arange(0, n - length + 1, max(1, length // 8))
        starts = np.append(starts, n - length)
        best = max(best, _most(sums, starts, starts + length), key=lambda block: block.surprise)
    if best.surprise == 0:
        return None
    for _ in range(5):
        before, reach = best, best.stop - best.start
        starts = np.arange(max(0, best.start - reach), best.stop - _SHORTEST + 1)
        best = _most(sums, starts, np.full(len(starts), best.stop))
        stops = np.arange(best.start + _SHORTEST, min(n, best.stop + reach) + 1)
        best = _most(sums, np.full(len(stops), best.start), stops)
        if best == before:
            break
    return best


def _lengths(n: int) -> list[int]:
    """Return the lengths tried, each a quarter longer than the last."""
    lengths, length = [], float(_SHORTEST)
    while length <= 0.9 * n:
        lengths.append(int(length))
        length *= 1.25
    return lengths


def _most(sums: _Sums, starts: IntArray, stops: IntArray) -> _Block:
    """Return the most surprising of some runs of rows; without surprise where no gap is wide."""

    def within(total: FloatArray) -> FloatArray:
        return total[stops] - total[starts]

    k, other, m = within(sums.event), within(sums.other), within(sums.expected_of_seen)
    seen_in_all = sums.event[-1] + sums.other[-1]
    # Against the rows outside, which lack what the block has too many of.
    rest = np.maximum(seen_in_all - k - other, seen_in_all / 2)
    wide = np.abs(k - m) * seen_in_all >= LEAST_GAP * (k + other) * rest
    void = (k <= 0.1 * m) & (m >= LEAST_EXPECTED * (k + other))
    odd = np.flatnonzero((wide | void) & (k + other > 0))
    if not odd.size:
        return _Block(0, 0, 0.0)
    starts, stops, k, other, m = starts[odd], stops[odd], k[odd], other[odd], m[odd]
    seen, length = k + other, (stops - starts).astype(np.float64)
    above = np.minimum(_bound(k, m, seen), _bound(k, within(sums.expected_event), length))
    below = np.minimum(_bound(other, seen - m, seen),
                       _bound(other, within(sums.expected_other), length))  # fmt: skip
    surprise = np.maximum(np.where(wide[odd], above, 0.0), below)
    i = int(surprise.argmax())
    return _Block(int(starts[i]), int(stops[i]), float(surprise[i]))


def _bound(k: FloatArray, m: FloatArray, n: FloatArray) -> FloatArray:
    """Return minus the log of Hoeffding's bound of k or more of n where m are expected."""
    m = np.clip(m, 1e-9, np.maximum(n - 1e-9, 1e-9))
    bound = xlogy(k, k / m) + xlogy(n - k, (n - k) / np.maximum(n - m, 1e-9))
    return np.where(k > m, bound, 0.0)
