"""Performance within groups of participants, small groups held back by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logit

from vfprog.schema.subgroups import UNKNOWN
from vfprog.validation._influence import z_value
from vfprog.validation.performance import COLUMNS, performance_or_reason, undefined_performance
from vfprog.validation.pooling import cochran_q
from vfprog.validation.rubin import scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.schema.subgroups import Fewest

NOT_RECORDED = "not recorded"
_LEVEL = 0.95
_N_BOOTSTRAP = 100
_LINKS = {"identity": np.asarray, "log": np.log, "logit": logit}


def by_subgroup(
    y_obs: ArrayLike,
    risk: ArrayLike,
    place: IntArray,
    names: Sequence[str],
    fewest: Fewest,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return every figure of performance in each group, and whether groups differ beyond chance.

    A group with fewer participants, events or non-events than the rule asks for is named with the
    reason; neither its figures nor its counts are given. That they could be worked out from the
    other groups and the whole (complementary disclosure) is not prevented.

    ``p_difference`` is the p-value of Cochran's Q over the groups that are given, on the scale on
    which the figure has its interval. It is one of many: a small one is a reason to look, no proof.
    It takes groups as independent, so nearly holds where few patients are in several.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1).
    place : ndarray of int, shape (n,)
        Place of each row in `names`; -1 where it is not known.
    names : sequence of str
        Groups in order.
    fewest : Fewest
        The rule.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0; rows of weight 0 are not counted.
    groups : array-like of shape (n,), optional
        Patient of each row.
    random_state : int
        Seed of the bootstrap behind some intervals.

    Returns
    -------
    pandas.DataFrame
        Columns group, those of performance, and p_difference; a group without a row is absent.
    """
    y, risks = np.asarray(y_obs, dtype=float), np.atleast_2d(np.asarray(risk, dtype=float))
    weight = np.ones(y.size) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    owner = np.arange(y.size) if groups is None else np.asarray(groups)
    tables = []
    for code, name in (*enumerate(names), (UNKNOWN, NOT_RECORDED)):
        rows = (place == code) & (weight > 0)
        if not rows.any():
            continue
        if reason := too_small(y[rows], fewest):
            table = undefined_performance(reason)
        else:
            table = performance_or_reason(
                y[rows], risks[:, rows], sample_weight=weight[rows], groups=owner[rows],
                random_state=random_state, n_bootstrap=_N_BOOTSTRAP,
            )  # fmt: skip
        tables.append(table.assign(group=name, n=table["n"].astype("Int64"),
                                   n_events=table["n_events"].astype("Int64")))  # fmt: skip
    if not tables:
        return pd.DataFrame(columns=["group", *COLUMNS, "p_difference"])
    whole = pd.concat(tables, ignore_index=True)
    p = {metric: _p_difference(str(metric), rows) for metric, rows in whole.groupby("metric")}
    return whole.assign(p_difference=whole["metric"].map(p))[["group", *COLUMNS, "p_difference"]]


def too_small(y: FloatArray, fewest: Fewest) -> str:
    """Return why a group's figures are not given, or an empty string.

    Parameters
    ----------
    y : ndarray of float, shape (n,)
        Its known outcomes.
    fewest : Fewest
        The rule.

    Returns
    -------
    str
        The rule in words; it tells no count of the group.
    """
    events = int(y.sum())
    if y.size >= fewest.participants and min(events, y.size - events) >= fewest.events:
        return ""
    return (
        f"not given: fewer than {fewest.participants} participants, or than {fewest.events} with "
        f"or {fewest.events} without the event"
    )


def _p_difference(metric: str, rows: pd.DataFrame) -> float:
    """Return the p-value of Cochran's Q; NaN where fewer than two groups have an interval."""
    scale = scale_of(metric)
    given = rows[_bounded(rows)]
    if scale is None or len(given) < 2:
        return float("nan")
    link: Any = _LINKS[scale]
    lower, value, upper = (link(given[c].to_numpy(float)) for c in ("lower", "estimate", "upper"))
    error = (upper - lower) / (2 * z_value(_LEVEL))
    return float(stats.chi2.sf(cochran_q(value, error**2), len(given) - 1))


def _bounded(rows: pd.DataFrame) -> BoolArray:
    width = rows["upper"].to_numpy(float) - rows["lower"].to_numpy(float)
    return np.asarray(width > 0)
