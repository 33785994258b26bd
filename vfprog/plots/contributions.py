"""What drives a risk: one patient's waterfall, importance, and the swarm of contributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.patches import Patch
from scipy.special import expit, logit

from vfprog.plots.base import (
    FAINT,
    FONT_SIZE,
    INK,
    LOWERS,
    MUTED,
    PALETTE,
    RAISES,
    hide_spine,
    label_of,
    require_columns,
    style_axes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from vfprog.features.arrays import FloatArray, IntArray

_RISK_TICKS = (
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99),
    tuple(round(0.05 * k, 2) for k in range(1, 20)),
    tuple(round(0.01 * k, 2) for k in range(1, 100)),
    tuple(round(0.002 * k, 3) for k in range(1, 500)),
)


def plot_waterfall(
    contributions: pd.DataFrame,
    ax: Axes,
    *,
    base_log_odds: float,
    max_rows: int = 12,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw how the predictors of one patient lead from the base risk to the patient's.

    Parameters
    ----------
    contributions : pandas.DataFrame
        Columns predictor, value (text, empty or missing if not known), log_odds.
    ax : matplotlib.axes.Axes
        Where to draw.
    base_log_odds : float
        Log-odds from which the contributions start.
    max_rows : int
        Predictors shown; the smaller contributions are summed in one last bar.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for the predictors.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; log-odds below, risk above.
    """
    require_columns(contributions, ("predictor", "value", "log_odds"), "a waterfall")
    names, steps = _largest(contributions, max_rows, labels)
    ends = base_log_odds + np.cumsum(steps)
    starts = ends - steps
    places = np.arange(1, len(steps) + 1)
    colours = [RAISES if step > 0 else LOWERS for step in steps]
    ax.barh(places, steps, left=starts, height=0.62, color=colours)
    corners = np.concatenate([[base_log_odds], ends])
    ax.vlines(
        corners, np.arange(len(corners)), np.arange(1, len(corners) + 1), MUTED, lw=0.7, zorder=0.5
    )
    ax.plot([corners[0], corners[-1]], [0, len(corners)], "o", color=INK, markersize=6)
    _write_steps(ax, places, np.maximum(starts, ends), steps)
    first = f"Base risk {_percent(base_log_odds)}"
    last = f"Risk of this patient {_percent(corners[-1])}"
    ax.set_yticks(range(len(corners) + 1), [first, *names, last])
    ax.get_yticklabels()[-1].set_fontweight("bold")
    ax.set_ylim(len(corners) + 0.6, -0.6)
    ax.set_xlabel("Log-odds")
    style_axes(ax, title=title)
    hide_spine(ax, "left")
    _widen(ax, corners)
    _risk_axis(ax)
    return ax


def plot_importance(
    table: pd.DataFrame,
    ax: Axes,
    *,
    max_rows: int = 20,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the mean absolute contribution of each predictor, coloured by concept.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns predictor, concept, mean_abs_log_odds; lower and upper if there are limits; rank,
        rank_lower and rank_upper if ranks are to be written beside the bars.
    ax : matplotlib.axes.Axes
        Where to draw.
    max_rows : int
        Predictors shown, largest first.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for predictors and concepts.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(table, ("predictor", "concept", "mean_abs_log_odds"), "an importance plot")
    concepts = sorted(table["concept"].unique())
    colours = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(concepts)}
    shown = table.sort_values("mean_abs_log_odds", ascending=False).head(max_rows)
    places = np.arange(len(shown))
    bars = shown["mean_abs_log_odds"].to_numpy()
    ax.barh(places, bars, height=0.68, color=[colours[name] for name in shown["concept"]])
    if {"lower", "upper"} <= set(shown.columns):
        ax.hlines(places, shown["lower"], shown["upper"], color=INK, linewidth=1.1)
    ax.set_yticks(places, [label_of(name, labels) for name in shown["predictor"]])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlabel("Mean absolute contribution (log-odds)")
    _write_ranks(shown, ax)
    style_axes(ax, grid="x", title=title)
    hide_spine(ax, "left")
    present = [name for name in concepts if name in set(shown["concept"])]
    handles = [Patch(color=colours[name], label=label_of(name, labels)) for name in present]
    style: dict[str, Any] = {
        "frameon": False,
        "fontsize": FONT_SIZE,
        "loc": "lower right",
        "labelcolor": INK,
    }
    ax.legend(handles=handles, **style)
    return ax


def _write_ranks(shown: pd.DataFrame, ax: Axes) -> None:
    """Write the rank of each bar and where refits placed it, if the table tells."""
    columns = ["rank", "rank_lower", "rank_upper"]
    if not set(columns) <= set(shown.columns) or shown[columns].isna().any(axis=None):
        return
    style: dict[str, Any] = {"va": "center", "fontsize": FONT_SIZE - 1, "color": MUTED}
    style |= {"clip_on": False, "transform": ax.get_yaxis_transform()}
    ax.text(1.02, -0.9, "rank", **style)
    for place, (rank, low, high) in enumerate(shown[columns].to_numpy(dtype=float)):
        ax.text(1.02, place, f"{rank:.0f} ({low:.0f} to {high:.0f})", **style)


def plot_beeswarm(
    table: pd.DataFrame,
    ax: Axes,
    *,
    max_rows: int = 15,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw each participant's contribution of each predictor, coloured by the predictor's value.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns predictor, value (number; missing is grey), log_odds.
    ax : matplotlib.axes.Axes
        Where to draw.
    max_rows : int
        Predictors shown, largest mean absolute contribution first.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for the predictors.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(table, ("predictor", "value", "log_odds"), "a beeswarm")
    size = table["log_odds"].abs().groupby(table["predictor"]).mean()
    names = size.sort_values(ascending=False).index[:max_rows].tolist()
    span = float(np.ptp(table["log_odds"].to_numpy())) or 1.0
    ax.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
    dots = None
    for place, name in enumerate(names):
        part = table[table["predictor"] == name]
        x = part["log_odds"].to_numpy(dtype=float)
        y = place + _swarm(x, span)
        rank = _relative_rank(part["value"])
        known = np.isfinite(rank)
        style: dict[str, Any] = {"s": 7, "linewidths": 0, "rasterized": True, "zorder": 2}
        ax.scatter(x[~known], y[~known], color="#B5B5B5", **style)
        shade: dict[str, Any] = {"c": rank[known], "cmap": "viridis", "vmin": 0, "vmax": 1.08}
        dots = ax.scatter(x[known], y[known], **shade, **style)
    ax.set_yticks(range(len(names)), [label_of(name, labels) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel("Contribution to the log-odds")
    style_axes(ax, title=title)
    hide_spine(ax, "left")
    ax.grid(visible=True, axis="y", color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)
    _value_bar(ax, dots)
    return ax


def _largest(
    contributions: pd.DataFrame, max_rows: int, labels: Mapping[str, str] | None
) -> tuple[list[str], FloatArray]:
    """Return words and steps of the largest contributions, the remainder as one last step."""
    order = contributions["log_odds"].abs().sort_values(ascending=False, kind="stable").index
    ranked = contributions.loc[order]
    cut = len(ranked) if len(ranked) <= max_rows + 1 else max_rows  # a rest of one has a name
    shown, rest = ranked.iloc[:cut], ranked.iloc[cut:]
    pairs = zip(shown["predictor"], shown["value"], strict=True)
    names = [f"{label_of(name, labels)}: {_value(value)}" for name, value in pairs]
    steps = shown["log_odds"].to_numpy(dtype=float)
    if len(rest):
        names.append(f"{len(rest)} smaller contributions")
        steps = np.append(steps, rest["log_odds"].sum())
    return names, steps


def _value(value: object) -> str:
    return "not known" if pd.isna(value) or value == "" else str(value)  # type: ignore[call-overload]


def _percent(log_odds: float) -> str:
    risk = 100 * float(expit(log_odds))
    return f"{risk:.1f} %" if risk < 10 or risk > 90 else f"{risk:.0f} %"


def _write_steps(ax: Axes, places: IntArray, ends: FloatArray, steps: FloatArray) -> None:
    style: dict[str, Any] = {
        "va": "center",
        "ha": "left",
        "fontsize": FONT_SIZE - 1,
        "textcoords": "offset points",
    }
    for place, end, step in zip(places, ends, steps, strict=True):
        colour = RAISES if step > 0 else LOWERS
        text = f"{step:+.2f}".replace("-", "\N{MINUS SIGN}")
        ax.annotate(text, (end, place), xytext=(4, 0), color=colour, **style)


def _widen(ax: Axes, corners: FloatArray) -> None:
    """Leave room on the right for the numbers beside the bars."""
    low, high = float(corners.min()), float(corners.max())
    span = max(high - low, 0.5)
    ax.set_xlim(low - 0.06 * span, high + 0.16 * span)


def _risk_axis(ax: Axes) -> None:
    low, high = ax.get_xlim()
    above = ax.secondary_xaxis("top")
    inside = [[r for r in ticks if low <= logit(r) <= high] for ticks in _RISK_TICKS]
    ticks = next((found for found in inside if len(found) >= 3), inside[-1])
    above.set_xticks([logit(risk) for risk in ticks], [f"{100 * risk:g}" for risk in ticks])
    above.set_xlabel("Risk (%)", fontsize=FONT_SIZE + 0.5, color=INK)
    above.tick_params(labelsize=FONT_SIZE, colors=INK, width=0.8, length=3)
    above.spines["top"].set_color(MUTED)


def _relative_rank(values: pd.Series[Any]) -> FloatArray:
    """Return ranks from 0 for the lowest value to 1 for the highest; missing stays missing."""
    rank = np.asarray(values.astype("float64").rank(), dtype=np.float64)
    if np.isnan(rank).all():
        return rank
    low, high = float(np.nanmin(rank)), float(np.nanmax(rank))
    relative: FloatArray = (rank - low) / max(high - low, 1.0)
    return relative


def _swarm(x: FloatArray, span: float) -> FloatArray:
    """Return vertical shifts that spread dots of like contribution, fullest bin widest."""
    bins = np.floor(x / span * 120).astype(int)
    order = np.lexsort((x, bins))
    shifts = np.zeros(x.size)
    _, starts, counts = np.unique(bins[order], return_index=True, return_counts=True)
    for start, count in zip(starts, counts, strict=True):
        k = np.arange(count)
        shifts[order[start : start + count]] = np.where(k % 2 == 0, k // 2, -(k // 2) - 1)
    return 0.38 * shifts / max(float(np.abs(shifts).max()), 8.0)


def _value_bar(ax: Axes, dots: Any) -> None:
    bar = ax.figure.colorbar(dots, ax=ax, aspect=40, pad=0.02, fraction=0.04)
    bar.set_ticks([0, 1], labels=["low", "high"], fontsize=FONT_SIZE, color=INK)
    bar.set_label("Value of the predictor (grey: not known)", fontsize=FONT_SIZE, color=INK)
    bar.ax.set_ylim(0, 1)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
