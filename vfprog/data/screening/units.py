"""Columns that seem to be in another unit, as a whole, at one site, or in part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.screening.columns import numbers_of, sites_of, span
from vfprog.data.screening.unit_candidates import Candidate, candidates
from vfprog.data.screening.unit_days import check_days
from vfprog.data.values import find_target
from vfprog.errors import Failure
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.schema.dictionary import Range

# A median of fewer says nothing about a unit.
LEAST_VALUES = 20
# Share of the values that must be possible in the unit supposed.
NEARLY_ALL = 0.95
# The least factor between two units is 2.5; a site makes up at most half of all values.
_NO_FACTOR = 0.25
# Larger numbers are slips of the pen, and overflow when multiplied.
_LARGEST = 1e100
# Scales that some count from the other end, and how much of one the values must span to say so.
_SCALES = ("points", "vas_0_10", "%")
_LEAST_SPAN = 0.25
# Medians over all follow-up visits; those of the baseline stand in the dictionary.
_FOLLOW_UP_MEDIANS = {("visits", "vas"): (1.0, 8.0), ("visits", "rmdq"): (3.0, 20.0)}


@dataclass(frozen=True)
class _Column:
    """A numeric column, what is known of it, and the units it may be in."""

    table: str
    name: str
    unit: str
    hard: Range
    usual: Range
    median: Range | None
    candidates: list[Candidate]

    def possible(self, values: FloatArray) -> bool:
        """Return whether nearly all values can be."""
        return bool(_within(values, self.hard).mean() >= NEARLY_ALL)

    def expected(self, values: FloatArray) -> bool:
        """Return whether the median is one of a registry."""
        low, high = self.median or self.usual
        return bool(low <= np.median(values) <= high)

    def in_words(self) -> str:
        """Return our unit for people."""
        return f" ({'points' if self.unit.startswith('vas') else self.unit})" if self.unit else ""

    def middle(self) -> float:
        low, high = self.median or self.usual
        return float(np.sqrt(low * high)) if low > 0 else (low + high) / 2

    def failure(self, value: float, text: str) -> Failure:
        return Failure(self.table, None, self.name, value, "unit_suspect", text, "warning")


def check_units(screened: Screened) -> list[Failure]:
    """Find numeric columns whose values as a whole look like another unit.

    A column is suspect where its median lies outside that of any registry (or most values cannot
    be) and one factor between units brings the median inside and 95 % of the values to where they
    can be; or where the other sign does, or counting from the other end of the scale. The same is
    asked of each site against the others (factors alone), of the values that cannot be, and of
    days of follow-up against the other days of the registry. A median that is unusual without
    such a factor says another population, not another unit, and is passed over.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Rule ``unit_suspect``, one for each column, or column and site; the value is the median
        seen.
    """
    failures: list[Failure] = []
    sites = {table: sites_of(screened, table) for table in screened.raw if table in REGISTRY}
    for column in _columns(screened):
        values = numbers_of(screened, column.table, column.name)
        values = np.where(np.abs(values) < _LARGEST, values, np.nan)
        seen = values[~np.isnan(values)]
        if len(seen) < LEAST_VALUES:
            continue
        whole = _whole_column(column, seen)
        failures += (
            whole or _by_site(column, values, *sites[column.table]) or _in_part(column, seen)
        )
    return failures + check_days(screened)


def _columns(screened: Screened) -> Iterator[_Column]:
    for table in screened.raw:
        for p in screened.predictors(table):
            if p.is_numeric and p.hard_range is not None:
                hard, usual = p.hard_range, p.usual_range or p.hard_range
                yield _column(screened, table, p.name, hard, usual, p.usual_median, p.kind)
        for c in REGISTRY.get(table, ()):
            if c.type == "number" and c.name in screened.raw[table] and c.hard_range is not None:
                median = _FOLLOW_UP_MEDIANS.get((table, c.name))
                if median is None and c.name in screened.dictionary:
                    median = screened.dictionary[c.name].usual_median
                hard = c.hard_range
                yield _column(screened, table, c.name, hard, hard, median, "continuous")


def _column(
    screened: Screened,
    table: str,
    name: str,
    hard: Range,
    usual: Range,
    median: Range | None,
    kind: str,
) -> _Column:
    target = find_target(table, name, screened.dictionary)
    unit = "" if target is None else target.unit or ""
    found = candidates(unit, hard, counted=kind == "count")
    return _Column(table, name, unit, hard, usual, median, found)


def _within(values: FloatArray, limits: Range) -> BoolArray:
    inside: BoolArray = (values >= limits[0]) & (values <= limits[1])
    return inside


def _whole_column(column: _Column, values: FloatArray) -> list[Failure]:
    most_possible = _within(values, column.hard).mean() > 0.5
    if most_possible and column.expected(values):
        return []
    best = _best(column, values)
    turned = [] if best is not None and best.known else _turned(column, values)
    if turned or best is None:
        return turned
    low, high = column.median or column.usual
    text = (
        f"seems to be in {best.words}: {span(values)} in {len(values)} values; in "
        f"our unit{column.in_words()} a registry's median lies between {low:g} and {high:g}; "
        f"set unit: {best.setting} in the mapping"
    )
    return [column.failure(float(np.median(values)), text)]


def _turned(column: _Column, values: FloatArray) -> list[Failure]:
    """Look for values of the other sign, or counted from the other end of the scale."""
    if column.median is None:
        return []
    if _fits(column, -values):
        words, setting = "the sign seems to be turned", "{multiply: -1}"
    elif _spans_scale(column, values) and _fits(column, sum(column.hard) - values):
        words = "may be counted from the other end"
        setting = f"{{multiply: -1, add: {sum(column.hard):g}}}"
    else:
        return []
    low, high = column.median
    text = (
        f"{words}: {span(values)} in {len(values)} values; a registry's median lies between "
        f"{low:g} and {high:g}; if so, set unit: {setting} in the mapping"
    )
    return [column.failure(float(np.median(values)), text)]


def _fits(column: _Column, values: FloatArray) -> bool:
    return column.possible(values) and column.expected(values)


def _spans_scale(column: _Column, values: FloatArray) -> bool:
    """Return whether the values are spread over a good part of a scale with two ends."""
    low, high = np.quantile(values, [0.05, 0.95])
    wide = high - low >= _LEAST_SPAN * (column.hard[1] - column.hard[0])
    return bool(column.unit in _SCALES and column.possible(values) and wide)


def _best(column: _Column, values: FloatArray) -> Candidate | None:
    """Return the unit that explains the values best; a unit in use before a lost point."""
    fitting = [c for c in column.candidates if _fits(column, values * c.factor)]
    middle, median = column.middle(), float(np.median(values))
    width = (column.median or column.usual)[1] - (column.median or column.usual)[0]

    def distance(c: Candidate) -> tuple[bool, float]:
        ours = median * c.factor
        far = np.log(ours / middle) if ours > 0 and middle > 0 else (ours - middle) / width
        return not c.known, abs(float(far))

    return min(fitting, key=distance, default=None)


def _by_site(
    column: _Column, values: FloatArray, place: IntArray, names: list[str]
) -> list[Failure]:
    known = ~np.isnan(values)
    middle, size = float(np.median(values[known])), float(np.median(np.abs(values[known])))
    failures = []
    for code, site in enumerate(names if len(names) > 1 else []):
        here = (place == code) & known
        own = values[here]
        if len(own) < LEAST_VALUES or _same_size(own, middle, size):
            continue
        others = values[~here & known]
        if min(len(own), len(others)) < LEAST_VALUES or not column.expected(others):
            continue
        for candidate in column.candidates:
            if column.possible(own * candidate.factor) and _differ_by(own, others, candidate):
                failures.append(_site_failure(column, site, own, others, candidate))
                break
    return failures


def _same_size(own: FloatArray, middle: float, size: float) -> bool:
    """Return whether a site is so like all that no factor need be tried."""
    own_middle, own_size = float(np.median(own)), float(np.median(np.abs(own)))
    alike = size > 0 and own_size > 0 and abs(np.log(own_size / size)) < _NO_FACTOR
    return bool(alike and own_middle * middle >= 0)


def _differ_by(own: FloatArray, others: FloatArray, candidate: Candidate) -> bool:
    """Return whether a site's values are those of the others but for a factor."""
    if candidate.factor < 0:
        ours, theirs = np.quantile(own, [0.25, 0.75]), np.quantile(others, [0.25, 0.75])
        return bool(ours[0] > 0 > theirs[1] or ours[1] < 0 < theirs[0])
    size = abs(np.log(candidate.factor))
    return all(
        own_size > 0
        and other_size > 0
        and abs(np.log(own_size * candidate.factor / other_size)) < min(share * size, limit)
        for own_size, other_size, share, limit in zip(
            _sizes(own), _sizes(others), (0.35, 0.6), (0.5, 0.9), strict=True
        )
    )


def _sizes(values: FloatArray) -> tuple[float, float]:
    """Return the typical size and the spread."""
    spread = float(np.subtract(*np.quantile(values, [0.9, 0.1])))
    return float(np.median(np.abs(values))), spread


def _site_failure(
    column: _Column, site: str, own: FloatArray, others: FloatArray, candidate: Candidate
) -> Failure:
    text = (
        f"at site {site!r} seems to be in {candidate.words}: {span(own)} in {len(own)} values; at "
        f"the other sites the median is {np.median(others):.4g}; convert the values of this site "
        f"({candidate.words} times {candidate.factor:.4g}) before reading"
    )
    return column.failure(float(np.median(own)), text)


def _in_part(column: _Column, values: FloatArray) -> list[Failure]:
    """Look for a part of the column in another unit among the values that cannot be."""
    lost = values[~_within(values, column.hard)]
    if len(lost) < LEAST_VALUES:
        return []
    _, counts = np.unique(lost, return_counts=True)
    if counts.max() > len(lost) / 2:  # one value over and over is a code, not a unit
        return []
    best = _best(column, lost)
    if best is None:
        return []
    text = (
        f"{len(lost)} of {len(values)} values lie outside {column.hard[0]:g} to "
        f"{column.hard[1]:g} and seem to be in {best.words}: {span(lost)}; the others are in our "
        "unit: ask who recorded which, and convert these values before reading"
    )
    return [column.failure(float(np.median(lost)), text)]
