"""Pain response: the visit nearest the horizon against the pain before the procedure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.followup import TOLERANCE, Assessment, nearest, numbers, positions

if TYPE_CHECKING:
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.schema.endpoints import Endpoint, PainRule


def assess_pain(registry: Registry, endpoint: Endpoint) -> Assessment:
    """Return the pain response of every episode.

    The visit with a VAS nearest the horizon within the window counts; see
    `vfprog.data.followup.nearest` for ties. An episode is eligible when its baseline VAS is
    recorded and at least ``endpoint.vas_baseline_at_least``.

    Parameters
    ----------
    registry : Registry
        A checked registry.
    endpoint : Endpoint
        An endpoint of kind pain.

    Returns
    -------
    Assessment
        Response, known where a visit stands in the window.
    """
    if endpoint.rule is None or endpoint.window_days is None:
        raise ValueError(f"{endpoint.name}: a pain endpoint needs rule and window_days")
    baseline = numbers(registry.episodes, "vas_baseline")
    owner, at, vas = nearest(
        positions(registry, registry.visits),
        numbers(registry.visits, "day"),
        numbers(registry.visits, "vas"),
        target=endpoint.horizon_days or 0,
        window=endpoint.window_days,
    )
    day = np.full(len(baseline), np.nan)
    day[owner] = at
    known = ~np.isnan(day) & ~np.isnan(baseline)
    event = np.zeros(len(baseline), dtype=bool)
    event[owner] = responds(baseline[owner], vas, endpoint.rule)
    return Assessment(day, known, event & known, baseline_exclusions(registry, endpoint))


def responds(baseline: FloatArray, vas: FloatArray, rule: PainRule) -> BoolArray:
    """Return whether any criterion of the rule is met.

    Parameters
    ----------
    baseline, vas : ndarray of float, shape (n,)
        Pain before the procedure and at the visit, 0-10.
    rule : PainRule
        The criteria.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for a response; a missing value meets no criterion.
    """
    fall = baseline - vas
    met = np.zeros(len(vas), dtype=bool)
    if rule.fall_at_least is not None:
        met |= fall >= rule.fall_at_least - TOLERANCE
    if rule.relative_fall_at_least is not None:
        # A product, not a ratio: pain of 0 before cannot fall.
        met |= (baseline > 0) & (fall >= rule.relative_fall_at_least * baseline - TOLERANCE)
    if rule.below is not None:
        met |= vas < rule.below - TOLERANCE
    return met


def baseline_exclusions(
    registry: Registry, endpoint: Endpoint
) -> tuple[tuple[str, str, BoolArray], ...]:
    """Return the episodes without baseline pain, and those with too little of it.

    Parameters
    ----------
    registry : Registry
        A checked registry.
    endpoint : Endpoint
        An endpoint of kind pain.

    Returns
    -------
    tuple of (str, str, ndarray of bool)
        Step, reason and excluded episodes.
    """
    baseline, least = numbers(registry.episodes, "vas_baseline"), endpoint.vas_baseline_at_least
    low = baseline < least - TOLERANCE
    return (
        ("baseline recorded", "vas_baseline is missing", np.isnan(baseline)),
        ("eligible", f"vas_baseline below {least:g}", low),
    )
