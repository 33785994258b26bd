"""Further height loss: the film nearest the horizon against the film it is counted from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.followup import TOLERANCE, Assessment, nearest, numbers, positions, words
from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.schema.endpoints import Endpoint

# A film taken later than this no longer shows the vertebra as the procedure left it.
FIRST_FILM_DAYS = (0, 60)
_UNTREATED = ("conservative", "sham")


def assess_heights(registry: Registry, endpoint: Endpoint) -> Assessment:
    """Return whether any index vertebra of each episode lost further height.

    Each vertebra is compared with itself: the film nearest the horizon within the window against
    the first film after the procedure (day 0 to 60 and before the outcome film); untreated
    episodes, and vertebrae without such a film, against the height loss recorded at baseline.
    One vertebra beyond the threshold is an event. "No" is known only when every index vertebra
    that can be compared with something has its outcome film, and there is at least one.

    Parameters
    ----------
    registry : Registry
        A checked registry.
    endpoint : Endpoint
        An endpoint of kind height.

    Returns
    -------
    Assessment
        Outcome; its day is the first film that shows the event, or the last that shows none.
    """
    if endpoint.window_days is None:
        raise ValueError(f"{endpoint.name}: a height endpoint needs window_days")
    n = len(registry.episodes)
    owner, key = vertebra_keys(registry)
    films = _films(registry)
    outcome_film = nearest(*films, target=endpoint.horizon_days or 0, window=endpoint.window_days)
    day, final = _look_up(key, outcome_film)
    start, without = _starting_loss(registry, endpoint, owner, key, day, films)
    comparable, assessed = ~np.isnan(start), ~np.isnan(start) & ~np.isnan(final)
    lost = assessed & (final - start >= endpoint.height_loss_at_least - TOLERANCE)
    event = _any(owner, lost, n)
    known = event | (_any(owner, assessed, n) & ~_any(owner, comparable & ~assessed, n))
    note = (
        f"{without} vertebrae of treated episodes have no film within {FIRST_FILM_DAYS[1]} "
        "days of the procedure: their loss is counted from baseline"
    )
    notes = (note,) if without else ()
    when = _film_day(owner, day, assessed, lost, n)
    return Assessment(np.where(known, when, np.nan), known, event, (no_vertebra(registry),), notes)


def vertebra_keys(registry: Registry) -> tuple[IntArray, IntArray]:
    """Return owner and key (owner and level in one number) of the index vertebrae of known level.

    Parameters
    ----------
    registry : Registry
        A checked registry.

    Returns
    -------
    owner, key : ndarray of int
        Position of the episode, and a key that is the same for films of the same vertebra; -1
        where the level is missing.
    """
    owner, level = positions(registry, registry.vertebrae), numbers(registry.vertebrae, "level")
    return owner, np.where(np.isnan(level), -1, owner * len(LEVELS) + _codes(level))


def no_vertebra(registry: Registry) -> tuple[str, str, BoolArray]:
    """Return the exclusion of episodes that have no index vertebra of known level.

    Parameters
    ----------
    registry : Registry
        A checked registry.

    Returns
    -------
    tuple of (str, str, ndarray of bool)
        Step, reason and excluded episodes.
    """
    owner, key = vertebra_keys(registry)
    has = _any(owner, key >= 0, len(registry.episodes))
    return "eligible", "no index vertebra of known level", ~has


def _films(registry: Registry) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return key, day and height loss of the films of known level."""
    if registry.heights.empty:
        return np.zeros(0, dtype=np.intp), np.zeros(0), np.zeros(0)
    table = registry.heights[registry.heights["level"].notna()]
    key = positions(registry, table) * len(LEVELS) + _codes(numbers(table, "level"))
    return key, numbers(table, "day"), numbers(table, "height_loss_pct")


def _starting_loss(
    registry: Registry,
    endpoint: Endpoint,
    owner: IntArray,
    key: IntArray,
    outcome_day: FloatArray,
    films: tuple[IntArray, FloatArray, FloatArray],
) -> tuple[FloatArray, int]:
    """Return the height loss each vertebra starts from, and how many lack their first film."""
    baseline = np.where(key < 0, np.nan, numbers(registry.vertebrae, "height_loss_pct"))
    if endpoint.baseline_film == "baseline":
        return baseline, 0
    first, last = FIRST_FILM_DAYS
    day, loss = _look_up(key, nearest(*films, target=first, window=(first, last)))
    treated = ~np.isin(words(registry.episodes, "treatment"), _UNTREATED)[owner]
    usable = treated & ~np.isnan(loss) & ~(day >= outcome_day)
    lacking = treated & ~usable & ~np.isnan(outcome_day)
    return np.where(usable, loss, baseline), int(lacking.sum())


def _look_up(
    key: IntArray, found: tuple[IntArray, FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return day and value found for each key, NaN where there is none."""
    known, day, value = found
    if not known.size:
        return np.full(len(key), np.nan), np.full(len(key), np.nan)
    place = np.minimum(np.searchsorted(known, key), known.size - 1)
    hit = known[place] == key
    return np.where(hit, day[place], np.nan), np.where(hit, value[place], np.nan)


def _film_day(
    owner: IntArray, day: FloatArray, assessed: BoolArray, lost: BoolArray, n: int
) -> FloatArray:
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, owner[lost], day[lost])
    np.maximum.at(last, owner[assessed], day[assessed])
    return np.where(np.isfinite(first), first, last)


def _any(owner: IntArray, flag: BoolArray, n: int) -> BoolArray:
    return np.bincount(owner[flag], minlength=n) > 0


def _codes(level: FloatArray) -> IntArray:
    return np.nan_to_num(level, nan=0).astype(np.intp)
