"""New vertebral fractures: the first dated one that counts, by distance from the index level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.followup import first_day, numbers, positions, words
from vfprog.data.heights import no_vertebra, vertebra_keys
from vfprog.schema.dictionary import LEVELS

if TYPE_CHECKING:
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.schema.endpoints import Endpoint


def first_fracture(
    registry: Registry, endpoint: Endpoint
) -> tuple[FloatArray, tuple[tuple[str, str, BoolArray], ...], tuple[str, ...]]:
    """Return the day of the first new fracture that counts.

    A fracture of day 0 or before is not new. *Adjacent* is one level away from an index vertebra
    (L1 and T12 are neighbours), *distant* further away from all of them; a fracture of an index
    vertebra itself is neither, and counts as *any* only. A fracture of unknown level counts as
    *any* only, which the notes report.

    Parameters
    ----------
    registry : Registry
        A checked registry.
    endpoint : Endpoint
        An endpoint of kind event.

    Returns
    -------
    day : ndarray of float, shape (n,)
        Day of the first such fracture, infinity where none.
    exclusions : tuple
        Episodes in which the location cannot be told, for adjacent and distant.
    notes : tuple of str
        Fractures left out for want of a level.
    """
    owner, day = positions(registry, registry.events), numbers(registry.events, "day")
    new = (words(registry.events, "event") == "new_fracture") & (day > 0)
    n = len(registry.episodes)
    if endpoint.location == "any":
        return first_day(owner, day, new, n), (), ()
    level = numbers(registry.events, "level")
    distance = _distance(registry, owner, level)
    counts = distance == 1 if endpoint.location == "adjacent" else distance > 1
    unknown = int((new & np.isnan(level)).sum())
    notes = (f"{unknown} new fractures have no level and do not count as {endpoint.location}",)
    return (
        first_day(owner, day, new & counts, n),
        (no_vertebra(registry),),
        notes if unknown else (),
    )


def _distance(registry: Registry, owner: IntArray, level: FloatArray) -> FloatArray:
    """Return how many levels lie between each fracture and its nearest index vertebra.

    NaN where the level, or every index level, is unknown.
    """
    _, key = vertebra_keys(registry)
    width = len(LEVELS)
    here = np.zeros((len(registry.episodes), width), dtype=bool)
    here.ravel()[key[key >= 0]] = True
    steps = np.abs(np.arange(width) - level[:, None])
    with_index = np.where(here[owner], steps, np.inf)
    nearest_step = with_index.min(axis=1, initial=np.inf)
    return np.where(np.isfinite(nearest_step), nearest_step, np.nan)
