"""Blanks that are not spread by chance: by site, and by outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from vfprog.data.screening.owners import of_owner
from vfprog.data.words import as_words
from vfprog.errors import Failure, Severity
from vfprog.schema.registry import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

# Sites and outcome groups with fewer rows are too small to say anything about.
LEAST_ROWS = 20
# A site that records next to nothing of what the others usually record.
NEARLY_ALL = 0.98
USUAL = 0.6
# The sites' shares of missing values may spread this far without a word.
SITE_RANGE = 0.6
OUTCOME_GAP = 0.15
_Told: TypeAlias = tuple[str, str, str, Severity]
_P_SITE = 1e-8
_P_OUTCOME = 1e-6


def check_missingness(screened: Screened) -> list[Failure]:
    """Find measurements whose blanks depend on the site or, of predictors, on the outcome.

    Values of the procedure are looked at in treated vertebrae only.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Warnings of whole columns: ``missing_by_site`` where a site of 20 rows or more leaves
        nearly all blank that others record (a note where the sites' shares only spread by .6
        or more: centres do differ in their work-up); ``missing_by_outcome`` where the share
        differs by .15 or more between episodes with and without the event. The value is the
        shares.
    """
    sites, names = pd.factorize(screened.typed["episodes"]["site_id"].to_numpy(dtype=object))
    failures: list[Failure] = []
    for table, column, blank, owner in _columns(screened):
        place = np.append(sites, -1)[owner]
        told = [_by_site(blank, place, [str(name) for name in names])]
        outcomes = {} if table in MEASURED else screened.outcomes
        told += [
            _by_outcome(blank, of_owner(event, owner), endpoint)
            for endpoint, event in outcomes.items()
        ]
        failures += [Failure(table, None, column, *parts) for parts in told if parts]
    return failures


def _columns(screened: Screened) -> Iterator[tuple[str, str, BoolArray, IntArray]]:
    """Yield the blanks of every measurement that has some, and the episode of each row."""
    for table in ("episodes", "vertebrae"):
        frame = screened.typed[table]
        owner = np.arange(len(frame)) if table == "episodes" else screened.owners[table]
        for predictor in screened.predictors(table):
            blank = _blank(screened, table, predictor.name)
            rows = _looked_at(screened, table, predictor.known_at == "procedure", owner)
            if blank[rows].any() and not blank[rows].all():
                yield table, predictor.name, blank[rows], owner[rows]
    for table, columns in MEASURED.items():
        for column in columns:
            blank = _blank(screened, table, column)
            if blank.any() and not blank.all():
                yield table, column, blank, screened.owners[table]


def _blank(screened: Screened, table: str, column: str) -> BoolArray:
    """Return the rows where nothing was written; a value in error is no blank."""
    lost: BoolArray = screened.typed[table][column].isna().to_numpy()
    raw = screened.raw.get(table)
    if raw is None or column not in raw or len(raw) != len(lost):
        return lost
    blank = np.zeros(len(lost), dtype=bool)
    blank[lost] = as_words(raw[column][lost]).isna().to_numpy()
    return blank


def _looked_at(screened: Screened, table: str, of_procedure: bool, owner: IntArray) -> BoolArray:
    """Return the rows whose predictor could have been recorded."""
    if not of_procedure:
        return np.ones(len(owner), dtype=bool)
    arms = screened.typed["episodes"]["treatment"].to_numpy(dtype=object)
    idle = np.append(np.isin(arms, ["conservative", "sham"]), True)[owner]
    frame = screened.typed[table]
    treated = frame["treated"].to_numpy() != 0 if "treated" in frame else ~idle
    rows: BoolArray = treated & ~idle
    return rows


def _by_site(blank: BoolArray, site: IntArray, names: list[str]) -> _Told | None:
    n = np.bincount(site[site >= 0], minlength=len(names))
    lost = np.bincount(site[site >= 0], weights=blank[site >= 0], minlength=len(names))
    large = np.flatnonzero(n >= LEAST_ROWS)
    if large.size < 2:
        return None
    n, lost = n[large], lost[large].astype(np.intp)
    share = lost / n
    odd = _silent(n, lost, share)
    if odd.size:
        rest = np.setdiff1d(np.arange(len(large)), odd)
        told = ", ".join(f"{names[large[i]]} {share[i]:.0%}" for i in odd)
        value = f"{told}; elsewhere {lost[rest].sum() / n[rest].sum():.0%}"
        text = f"blank in nearly all rows of some sites, not of others: {value}"
        return value, "missing_by_site", text, "warning"
    low, high = int(share.argmin()), int(share.argmax())
    if share[high] - share[low] < SITE_RANGE or not _differ(n, lost, len(large), low, high):
        return None
    value = f"{names[large[low]]} {share[low]:.0%} to {names[large[high]]} {share[high]:.0%}"
    return value, "missing_by_site", f"the share of blanks differs between sites: {value}", "note"


def _silent(n: IntArray, lost: IntArray, share: FloatArray) -> IntArray:
    """Return the sites that leave nearly all blank while the others do not."""
    odd = np.flatnonzero(share >= NEARLY_ALL)
    rest = np.setdiff1d(np.arange(len(n)), odd)
    if not rest.size or lost[rest].sum() / n[rest].sum() > USUAL:
        return odd[:0]
    total, gone = int(n[rest].sum()), int(lost[rest].sum())
    chance = stats.hypergeom.sf(lost[odd] - 1, total + n[odd], gone + lost[odd], n[odd])
    sure: IntArray = odd[chance * len(n) < _P_SITE]
    return sure


def _differ(n: IntArray, lost: IntArray, sites: int, low: int, high: int) -> bool:
    """Return whether the two sites farthest apart differ, all pairs of sites allowed for."""
    drawn, gone = int(n[high]), int(lost[high])
    total = drawn + int(n[low])
    chance = stats.hypergeom.sf(gone - 1, total, gone + int(lost[low]), drawn)
    return bool(chance * sites * (sites - 1) < _P_SITE)


def _by_outcome(blank: BoolArray, event: FloatArray, endpoint: str) -> _Told | None:
    ends = event == 1, event == 0
    n = [int(np.count_nonzero(end)) for end in ends]
    if min(n) < LEAST_ROWS / 2:
        return None
    lost = [int(np.count_nonzero(blank & end)) for end in ends]
    shares = lost[0] / n[0], lost[1] / n[1]
    if abs(shares[0] - shares[1]) < OUTCOME_GAP:
        return None
    more = int(shares[1] > shares[0])
    chance = stats.hypergeom.sf(lost[more] - 1, sum(n), sum(lost), n[more])
    if chance > _P_OUTCOME:
        return None
    value = f"{endpoint}: event {shares[0]:.0%}, no event {shares[1]:.0%}"
    text = f"the share of blanks depends on the outcome: {value}"
    return value, "missing_by_outcome", text, "warning"
