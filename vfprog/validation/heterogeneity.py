"""Performance by site, pooled over sites, with what may be expected at a new one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from vfprog.validation._check import Sample, UndefinedFigureError, check_level, check_sample
from vfprog.validation._flexible_curve import MIN_PER_CLASS
from vfprog.validation._influence import z_value
from vfprog.validation._site_figures import RULES, Rule, SiteFigure
from vfprog.validation.pooling import Pooled, pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from vfprog.features.arrays import IntArray
    from vfprog.validation.pooling import IntervalMethod, Tau2Method

SITE_METRICS = tuple(RULES)
COLUMNS = (
    "metric", "role", "site", "estimate", "lower", "upper", "standard_error", "share", "n",
    "n_events", "n_sites", "tau2", "q", "i2", "method", "reason",
)  # fmt: skip
_NUMBERS = ("estimate", "lower", "upper", "standard_error", "share", "tau2", "q", "i2")
SMALL_SITES = "small sites"
NO_SITE = "(no site recorded)"
SmallSites = Literal["pool", "leave_out"]


@dataclass(frozen=True)
class _Unit:
    """What enters the pooling, or does not: a site, or the small sites together."""

    name: str
    role: str
    sample: Sample | None
    n: int
    n_events: int
    n_sites: int = 1
    reason: str = ""


def by_site(
    y_obs: ArrayLike,
    risk: ArrayLike,
    site: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    min_per_class: int = MIN_PER_CLASS,
    small_sites: SmallSites = "pool",
    tau2_method: Tau2Method = "reml",
    interval: IntervalMethod = "hartung_knapp",
) -> pd.DataFrame:
    """Return c-statistic, calibration and observed to expected ratio by site, and pooled.

    A site with fewer than `min_per_class` rows with, or without, the event is small. Two or
    more small sites that have enough together are judged as one, ``small sites``; others are left
    out, and each is named with the reason. Rows without a site are left out.

    The c-statistic is pooled on the logit scale and the ratio on the log scale [1]_, slope and
    calibration-in-the-large as they are; see `vfprog.validation.pooling.pool`. Within a site the
    c-statistic has DeLong's variance and the calibration figures that of the calibration model: the
    sandwich rests on too few events there [2]_, but is used where a patient has several rows.
    Weights are taken as fixed.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,)
        Predicted risk in (0, 1), of a model that did not see the site.
    site : array-like of shape (n,)
        Site of each row; missing or ``""`` where it is not recorded.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0; rows of weight 0 are not counted.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of all intervals.
    min_per_class : int
        Fewest rows with, and without, the event of a site that stands alone.
    small_sites : {"pool", "leave_out"}
        What becomes of small sites.
    tau2_method, interval : str
        As for `vfprog.validation.pooling.pool`.

    Returns
    -------
    pandas.DataFrame
        Long table. ``role`` is ``site``, ``small_sites``, ``pooled`` or ``prediction`` (limits for
        a new site); estimate and limits are on the scale of the figure, ``standard_error`` and
        ``tau2`` on that of the pooling, ``share`` is the weight in the mean. What is undefined
        or left out is NaN and ``reason`` says why.

    Raises
    ------
    ValueError
        An input is outside what is allowed, or the risk has more than one dimension.

    References
    ----------
    .. [1] Debray TPA et al. Stat Methods Med Res 2019;28:2768-2786.
    .. [2] Kauermann G, Carroll RJ. J Am Stat Assoc 2001;96:1387-1396.
    """
    check_level(level)
    if np.ndim(risk) != 1:
        raise ValueError(f"risk must have shape (n,) by site, got {np.shape(risk)}")
    if min_per_class < 1:
        raise ValueError(f"min_per_class must be at least 1, got {min_per_class}")
    whole = check_sample(y_obs, risk, sample_weight, groups)[0]
    names = _site_names(site, sample_weight, np.size(np.asarray(y_obs)))
    units = _units(whole, names, min_per_class, small_sites)
    rows: list[dict[str, object]] = []
    for metric in SITE_METRICS:
        found = [_measure(RULES[metric], unit) for unit in units]
        kept = [figure for figure, _ in found if figure is not None]
        pooled = _pooled(kept, tau2_method, interval, level)
        rows += _site_rows(metric, units, found, pooled, level)
        rows += _pooled_rows(metric, units, found, pooled)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(**table[list(_NUMBERS)].astype(float))


def undefined_by_site(reason: str) -> pd.DataFrame:
    """Return the summary rows of `by_site` without figures, and why.

    Parameters
    ----------
    reason : str
        Why no site is judged.

    Returns
    -------
    pandas.DataFrame
        Columns as of `by_site`.
    """
    found: list[tuple[SiteFigure | None, str]] = [(None, "")]
    none = [_Unit("", "site", None, 0, 0)]
    rows = [row for m in SITE_METRICS for row in _pooled_rows(m, none, found, None)]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).assign(reason=reason)
    return table.assign(**table[list(_NUMBERS)].astype(float))


def with_unjudged(
    table: pd.DataFrame, names: Sequence[str], n: Sequence[int], n_events: Sequence[int], why: str
) -> pd.DataFrame:
    """Return the table of `by_site` with further sites that could not be judged.

    Parameters
    ----------
    table : pandas.DataFrame
        As of `by_site`.
    names : sequence of str
        The sites.
    n, n_events : sequence of int
        Their rows and events.
    why : str
        Why they have no figures.

    Returns
    -------
    pandas.DataFrame
        The table; in each figure these sites stand before the summary.
    """
    more = pd.DataFrame({"site": names, "n": n, "n_events": n_events}, columns=list(COLUMNS))
    more = more.assign(role="site", n_sites=1, method="", reason=why)
    more = more.assign(**more[list(_NUMBERS)].astype(float))
    parts = []
    for metric, rows in table.groupby("metric", sort=False):
        summary = rows["role"].isin(["pooled", "prediction"])
        parts += [rows[~summary], more.assign(metric=metric), rows[summary]]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def n_usable(table: pd.DataFrame, metric: str = "c_statistic") -> int:
    """Return how many sites, the small ones together as one, have a figure.

    Parameters
    ----------
    table : pandas.DataFrame
        What `by_site` returned.
    metric : str
        The figure.

    Returns
    -------
    int
        Their number.
    """
    own = table["role"].isin(["site", "small_sites"]) & (table["metric"] == metric)
    return int(table.loc[own, "estimate"].notna().sum())


def _site_names(site: ArrayLike, weight: ArrayLike | None, n: int) -> NDArray[np.object_]:
    """Return the names of the sites of rows of positive weight, as text; "" for none."""
    given = np.asarray(site, dtype=object)
    if given.shape != (n,):
        raise ValueError(f"site must have shape ({n},), got {given.shape}")
    names = np.where(pd.isna(given), "", given).astype(str).astype(object)
    return names if weight is None else names[np.asarray(weight, dtype=float) > 0]


def _units(
    whole: Sample, names: NDArray[np.object_], least: int, small_sites: SmallSites
) -> list[_Unit]:
    code, labels = pd.factorize(names, sort=True)
    order = np.argsort(code, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(code))[:-1])
    rows = dict(zip(map(str, labels), members, strict=True))
    missing = rows.pop("", None)
    small = {name for name, index in rows.items() if _fewest(whole, index) < least}
    merged = np.concatenate([rows[name] for name in rows if name in small] or [members[0][:0]])
    together = small_sites == "pool" and len(small) > 1 and _fewest(whole, merged) >= least
    units = [
        _unit(name, whole, index, _why(whole, index, least, together) if name in small else "")
        for name, index in rows.items()
    ]
    if together:
        units.append(
            replace(_unit(SMALL_SITES, whole, merged), role="small_sites", n_sites=len(small))
        )
    if missing is not None:
        units.append(_unit(NO_SITE, whole, missing, "left out: no site is recorded"))
    return units


def _unit(name: str, whole: Sample, index: IntArray, reason: str = "") -> _Unit:
    """Return a site with its rows, or without them where a reason keeps them out."""
    sample = None if reason else _part(whole, index)
    return _Unit(name, "site", sample, index.size, int(whole.y[index].sum()), 1, reason)


def _part(whole: Sample, index: IntArray) -> Sample:
    cluster, patients = pd.factorize(whole.cluster[index])
    owner = np.asarray(cluster, dtype=np.intp)
    return Sample(whole.y[index], whole.risk[index], whole.weight[index], owner, len(patients))


def _fewest(whole: Sample, index: IntArray) -> int:
    events = int(whole.y[index].sum())
    return min(events, index.size - events)


def _why(whole: Sample, index: IntArray, least: int, together: bool) -> str:
    events = int(whole.y[index].sum())
    fate = f"counted in '{SMALL_SITES}'" if together else "left out"
    return (
        f"{fate}: {events} with and {index.size - events} without the event, at least {least} of "
        "each are asked for"
    )


def _measure(rule: Rule, unit: _Unit) -> tuple[SiteFigure | None, str]:
    """Return the figure of a site, or why there is none."""
    if unit.sample is None:
        return None, unit.reason
    try:
        return rule.compute(unit.sample), ""
    except UndefinedFigureError as error:
        return None, f"left out: {error}"


def _pooled(
    figures: list[SiteFigure], tau2_method: Tau2Method, interval: IntervalMethod, level: float
) -> Pooled | None:
    if not figures:
        return None
    values, errors = [f.value for f in figures], [f.error for f in figures]
    return pool(values, errors, tau2_method=tau2_method, interval=interval, level=level)


def _site_rows(
    metric: str,
    units: list[_Unit],
    found: list[tuple[SiteFigure | None, str]],
    pooled: Pooled | None,
    level: float,
) -> list[dict[str, object]]:
    rule, z = RULES[metric], z_value(level)
    shares: Iterable[float] = iter(()) if pooled is None else iter(pooled.shares)
    rows = []
    for unit, (figure, reason) in zip(units, found, strict=True):
        row: dict[str, object] = {"metric": metric, "role": unit.role, "site": unit.name}
        row |= {"n": unit.n, "n_events": unit.n_events, "n_sites": unit.n_sites}
        row |= {"method": "", "reason": reason}
        if figure is not None:
            low, high = figure.value - z * figure.error, figure.value + z * figure.error
            row |= _limits(rule, figure.value, low, high)
            row |= {"standard_error": figure.error, "method": figure.method}
            row["share"] = next(iter(shares))
        rows.append(row)
    return rows


def _pooled_rows(
    metric: str,
    units: list[_Unit],
    found: list[tuple[SiteFigure | None, str]],
    pooled: Pooled | None,
) -> list[dict[str, object]]:
    used = [unit for unit, (figure, _) in zip(units, found, strict=True) if figure is not None]
    shared: dict[str, object] = {"metric": metric, "site": "", "n_sites": len(used), "method": ""}
    shared |= {"n": sum(unit.n for unit in used), "n_events": sum(unit.n_events for unit in used)}
    mean, ahead = {**shared, "role": "pooled"}, {**shared, "role": "prediction"}
    if pooled is None:
        reason = "no site can be judged alone, nor the small ones together"
        return [{**mean, "reason": reason}, {**ahead, "reason": reason}]
    rule = RULES[metric]
    spread = {"tau2": pooled.tau2, "q": pooled.q, "i2": pooled.i2, "method": pooled.method}
    mean |= _limits(rule, pooled.estimate, pooled.lower, pooled.upper)
    mean |= {**spread, "standard_error": pooled.standard_error, "reason": pooled.reason}
    ahead |= _limits(rule, pooled.estimate, pooled.prediction_lower, pooled.prediction_upper)
    ahead |= {**spread, "reason": pooled.reason}
    return [mean, ahead]


def _limits(rule: Rule, value: float, low: float | None, high: float | None) -> dict[str, object]:
    """Return estimate and limits on the scale of the figure."""
    back = {"estimate": value, "lower": low, "upper": high}
    return {name: None if x is None else rule.back(x) for name, x in back.items()}
