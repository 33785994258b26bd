"""Predictors that know the outcome: by what they hold, by their blanks, and by their name."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from vfprog.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.screening.context import Screened
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.schema.dictionary import Predictor

# No single measurement before a procedure tells its outcome this well.
TELLING = 0.85
SURELY = 0.8
LEAST_EVENTS = 10
# Ranking this many of each class tells an area to a hundredth; more would only take longer.
_MOST = 20_000

_LATE_WORDS = {
    "fu", "fup", "followup", "follow", "post", "postop", "postoperative", "discharge", "outcome",
    "outcomes", "response", "responder", "died", "death", "dead", "deceased", "endpoint", "final",
}  # fmt: skip
_EARLY_WORDS = {
    "baseline", "base", "bl", "pre", "preop", "prior", "previous", "before", "history", "hx",
    "menopausal", "menopause", "traumatic", "mother", "father", "family",
}  # fmt: skip
# Time that has passed: falls_last_12m, falls_past_year_1y.
_PAST_WORDS = {"last", "past", "recent", "since"}
_HORIZON = re.compile(
    r"([a-z]{2,})?\d+(d|days?|w|wks?|weeks?|m|mo|mths?|months?|y|yrs?|years?)"
    r"|(day|wk|week|mo|month|yr|year)\d+"
    r"|d(30|60|90|180|365)|w(2|4|6|8|12|24|26|52)|m(3|6|9|12|18|24|36)|y(1|2|3|5|10)"
)
_SPAN = re.compile(r"days?|weeks?|months?|years?|wks?|mths?|mos?|yrs?")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def check_leaks(screened: Screened) -> list[Failure]:
    """Find predictors that tell the outcome, or whose name says that they come later.

    A single predictor is ranked against each endpoint: by its values (of a vertebra, the
    largest and the smallest of the episode), by the share of events of its levels, and by
    whether it is there at all.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Warnings of whole columns. ``encodes_outcome``: the area under the curve is .85 or more,
        surely above .8, with ten or more episodes with and without the event; the value is
        the area. ``not_yet_known``: the source calls the column after a time or an outcome.
    """
    return [*_late_names(screened), *_encoding(screened)]


def looks_late(name: str) -> bool:
    """Return whether a column's name says that it is recorded after the index date.

    Parameters
    ----------
    name : str
        Name in the source.

    Returns
    -------
    bool
        Whether a word such as ``fu``, ``discharge`` or ``30d`` is in it, and none such as
        ``baseline`` or ``previous``.

    Examples
    --------
    >>> [looks_late(name) for name in ("bonemed_fu", "vas_30d", "vas_0d", "fracture_age_days")]
    [True, True, False, False]
    """
    spaced = _CAMEL.sub("_", name).lower()
    words = [word for word in re.split(r"[^a-z0-9]+", spaced) if word]
    if _EARLY_WORDS & set(words):
        return False
    apart = any(a.isdigit() and int(a) > 0 and _SPAN.fullmatch(b) for a, b in pairwise(words))
    timed = apart or any(_HORIZON.fullmatch(word) and _after_day_0(word) for word in words)
    return (timed and not _PAST_WORDS & set(words)) or bool(
        _LATE_WORDS & {word.rstrip("0123456789") for word in words}
    )


def _after_day_0(word: str) -> bool:
    """Return whether a word such as 30d counts any time; 0d is the index date itself."""
    return any(digit in word for digit in "123456789")


def _late_names(screened: Screened) -> list[Failure]:
    failures: list[Failure] = []
    for table in ("episodes", "vertebrae"):
        for predictor in screened.predictors(table):
            theirs = screened.origins.get((table, predictor.name), predictor.name)
            if predictor.known_at != "procedure" and looks_late(theirs):
                text = f"the name {theirs!r} says it is recorded after the index date"
                failures.append(
                    Failure(table, None, predictor.name, theirs, "not_yet_known", text, "warning")
                )
    return failures


def _encoding(screened: Screened) -> list[Failure]:
    failures: list[Failure] = []
    cast = screened.owners["vertebrae"]
    for endpoint, event in screened.outcomes.items():
        rows = _chosen(event)
        if not rows.size:
            continue
        for table, predictor, values in _values(screened, rows, cast):
            area, how = max(_areas(predictor, values, event[rows] == 1))
            if area >= TELLING and _lower(area, event[rows] == 1) > SURELY:
                text = (
                    f"{how} tells {endpoint} with an area under the curve of {area:.3f}; "
                    "no measurement before the procedure does"
                )
                failures.append(
                    Failure(table, None, predictor.name, round(area, 3), "encodes_outcome", text,
                            "warning")
                )  # fmt: skip
    return failures


def _chosen(event: FloatArray) -> IntArray:
    """Return the episodes to look at: of each class at most so many, none if there are few."""
    rng = np.random.default_rng(0)
    classes = [np.flatnonzero(event == value) for value in (0, 1)]
    if min(map(len, classes)) < LEAST_EVENTS:
        return classes[0][:0]
    kept = [c if len(c) <= _MOST else rng.choice(c, _MOST, replace=False) for c in classes]
    return np.sort(np.concatenate(kept))


def _values(
    screened: Screened, rows: IntArray, cast: IntArray
) -> Iterator[tuple[str, Predictor, list[FloatArray]]]:
    """Yield every predictor with one value, or two ways to have one, for each episode."""
    for predictor in screened.predictors("episodes"):
        column = screened.typed["episodes"][predictor.name].to_numpy(dtype=np.float64)
        yield "episodes", predictor, [column[rows]]
    place = np.full(len(screened.typed["episodes"]) + 1, -1, dtype=np.intp)
    place[rows] = np.arange(len(rows))
    to = place[cast]
    for predictor in screened.predictors("vertebrae"):
        column = screened.typed["vertebrae"][predictor.name].to_numpy(dtype=np.float64)
        most, least = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        np.fmax.at(most, to[to >= 0], column[to >= 0])
        np.fmin.at(least, to[to >= 0], column[to >= 0])
        yield "vertebrae", predictor, [most, least]


def _areas(
    predictor: Predictor, values: list[FloatArray], event: BoolArray
) -> Iterator[tuple[float, str]]:
    """Yield how well each reading of a predictor tells the event."""
    for column in values:
        known = ~np.isnan(column)
        yield _area(known.astype(np.float64), event), "whether it is there"
        if min(event[known].sum(), (~event[known]).sum()) < LEAST_EVENTS:
            continue
        if predictor.kind == "nominal":
            yield _by_level(column[known].astype(np.intp), event[known]), "the level"
        else:
            yield _area(column[known], event[known]), "the value"


def _area(score: FloatArray, event: BoolArray) -> float:
    """Return the area under the curve, whichever way the score runs."""
    if score.size == 0 or np.ptp(score) == 0:
        return 0.5
    yes = int(event.sum())
    no = len(event) - yes
    area = (rankdata(score)[event].sum() - yes * (yes + 1) / 2) / (yes * no)
    return float(max(area, 1 - area))


def _by_level(level: IntArray, event: BoolArray) -> float:
    """Rank the levels by their share of events in every other row, and judge them by the rest."""
    learn = np.arange(len(level)) % 2 == 0
    size = int(level.max()) + 1
    n = np.bincount(level[learn], minlength=size)
    share = (np.bincount(level[learn], weights=event[learn], minlength=size) + 0.5) / (n + 1)
    rest = event[~learn]
    if min(rest.sum(), (~rest).sum()) == 0:
        return 0.5
    return _area(share[level[~learn]], rest)


def _lower(area: float, event: BoolArray) -> float:
    """Return the area less three standard errors of Hanley and McNeil (Radiology 1982)."""
    yes, no = int(event.sum()), int((~event).sum())
    capped = min(area, 1 - 1 / (2 * min(yes, no)))
    spread = capped * (1 - capped)
    spread += (yes - 1) * (capped / (2 - capped) - capped**2)
    spread += (no - 1) * (2 * capped**2 / (1 + capped) - capped**2)
    return float(capped - 3 * np.sqrt(spread / (yes * no)))
