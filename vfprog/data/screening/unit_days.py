"""Days of follow-up that seem to be weeks, months, years or hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.screening.columns import numbers_of, sites_of, span
from vfprog.data.screening.unit_candidates import Candidate, day_candidates
from vfprog.errors import Failure
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import FloatArray
    from vfprog.schema.dictionary import Range

LEAST_VALUES = 20
# Where the last days of a registry's follow-up usually lie.
_USUAL_END = (150.0, 4000.0)
# The longest follow-up of one kind, as a share of that of the others.
_ALIKE = (0.45, 1.1)
# The end of follow-up lies beyond the rest, and sites differ a little.
_LOOSE = (0.45, 1.6)
# A day is counted; parts of a day come from a division.
_DIVIDED = 0.3
_YEAR = 400.0
# Visits and films are planned, most often to a year: three months of visits are no two years of
# weeks.
_SCHEDULED, _PLANNED = ("visits", "heights"), (300.0, 500.0)


def check_days(screened: Screened) -> list[Failure]:
    """Find columns of days that seem to be in another unit.

    The end of one kind of follow-up (95th percentile of its days) is held against that of the
    other kinds. A column with parts of days is suspect by itself, since days are counted.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Rule ``unit_suspect``, one for each column; the value is the median seen.
    """
    days = _days(screened)
    ends = {key: float(np.quantile(values, 0.95)) for key, values in days.items()}
    failures = []
    for (table, column), values in days.items():
        others = [end for key, end in ends.items() if key != (table, column)]
        limits = _LOOSE if table == "episodes" else _ALIKE
        best = _divided(values) or _unlike(ends[table, column], others, limits)
        if best is not None and table in _SCHEDULED and not _to_a_year(ends[table, column], best):
            best = None
        if best is None:
            failures += _by_site(screened, table, column)
            continue
        against = f"; other follow-up ends about day {max(others):.4g}" if others else ""
        text = (
            f"seems to be in {best.words}, not days: {span(values)} in {len(values)} values"
            f"{against}; set unit: {best.setting} in the mapping"
        )
        median = float(np.median(values))
        failures.append(Failure(table, None, column, median, "unit_suspect", text, "warning"))
    return failures


def _by_site(screened: Screened, table: str, column: str) -> list[Failure]:
    values = numbers_of(screened, table, column)
    place, names = sites_of(screened, table)
    known = ~np.isnan(values)
    failures = []
    for code, site in enumerate(names if len(names) > 1 else []):
        here = (place == code) & known
        own = values[here]
        if len(own) < LEAST_VALUES or _is_usual(float(np.quantile(own, 0.95))):
            continue
        others = values[~here & known]
        if len(others) < LEAST_VALUES:
            continue
        end = float(np.quantile(own, 0.95))
        best = _unlike(end, [float(np.quantile(others, 0.95))], _LOOSE)
        if best is None or not _alike_throughout(own * best.factor, others):
            continue
        text = (
            f"at site {site!r} seems to be in {best.words}, not days: {span(own)} in {len(own)} "
            f"values; at the other sites {span(others)}; convert the values of this site "
            f"({best.words} times {best.factor:.4g}) before reading"
        )
        median = float(np.median(own))
        failures.append(Failure(table, None, column, median, "unit_suspect", text, "warning"))
    return failures


def _alike_throughout(own: FloatArray, others: FloatArray) -> bool:
    shares = (0.5, 0.75, 0.9)
    pairs = zip(np.quantile(own, shares), np.quantile(others, shares), strict=True)
    return all(theirs > 0 and _alike(float(ours), float(theirs), _LOOSE) for ours, theirs in pairs)


def _days(screened: Screened) -> dict[tuple[str, str], FloatArray]:
    found = {}
    for table, raw in screened.raw.items():
        for column in REGISTRY.get(table, ()):
            if column.type == "day" and column.name in raw:
                values = numbers_of(screened, table, column.name)
                values = values[~np.isnan(values)]
                if len(values) >= LEAST_VALUES:
                    found[table, column.name] = values
    return found


def _unlike(end: float, others: list[float], limits: Range) -> Candidate | None:
    """Return the unit that makes the end of follow-up like the latest of the others."""
    usual = [other for other in others if _is_usual(other)]
    if not usual or end <= 0 or _is_usual(end):
        return None
    return _nearest(end, max(usual), limits)


def _divided(values: FloatArray) -> Candidate | None:
    parts = np.abs(values - np.round(values)) > 1e-6
    end = float(np.quantile(values, 0.95))
    if parts.mean() < _DIVIDED or end <= 0 or end >= _USUAL_END[0]:
        return None
    return _nearest(end, _YEAR, _LOOSE)


def _nearest(end: float, reference: float, limits: Range) -> Candidate | None:
    fitting = [c for c in day_candidates() if _alike(end * c.factor, reference, limits)]
    return min(fitting, key=lambda c: abs(np.log(end * c.factor / reference)), default=None)


def _is_usual(end: float) -> bool:
    return _USUAL_END[0] <= end <= _USUAL_END[1]


def _to_a_year(end: float, candidate: Candidate) -> bool:
    return _PLANNED[0] <= end * candidate.factor <= _PLANNED[1]


def _alike(end: float, reference: float, limits: Range) -> bool:
    return limits[0] <= end / reference <= limits[1]
