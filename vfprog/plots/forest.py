"""A figure by site, pooled, and its prediction interval, as a forest plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.plots.base import (
    FONT_SIZE,
    INK,
    MUTED,
    PALETTE,
    hide_spine,
    label_of,
    require_columns,
    style_axes,
)
from vfprog.plots.performance import IDEAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

LOG_SCALE = ("observed_expected",)
_COLUMNS = ("metric", "role", "site", "estimate", "lower", "upper", "share", "n", "n_events",
            "n_sites", "i2", "reason")  # fmt: skip
_MAIN, _AHEAD = PALETTE[0], PALETTE[1]
_SMALLEST, _LARGEST = 4.0, 11.0


def plot_forest(
    table: pd.DataFrame,
    ax: Axes,
    *,
    metric: str,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw one figure of each site as a square with its interval, the mean as a diamond.

    A square grows with the site's weight in the mean. Below the sites stand the mean and, as
    a bar, the prediction interval: where a new site may lie. Sites left out, and those that only
    count among the small ones, are named without a square.

    Parameters
    ----------
    table : pandas.DataFrame
        As of `vfprog.validation.heterogeneity.by_site`.
    ax : matplotlib.axes.Axes
        Where to draw.
    metric : str
        Which figure, such as ``c_statistic``.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for the metric and for sites.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(table, _COLUMNS, "a forest plot")
    rows = table[table["metric"] == metric].reset_index(drop=True)
    require_columns(rows, _COLUMNS, f"a forest plot of {metric}")
    summary = rows["role"].isin(["pooled", "prediction"])
    places = np.arange(len(rows)) + 0.4 * summary.to_numpy()
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        _draw(row, place, ax)
        _write(row, place, ax)
    if metric in IDEAL:
        ax.axvline(IDEAL[metric], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    if metric in LOG_SCALE:
        _log_scale(rows, ax)
    ax.axhline(places[summary][0] - 0.7 if summary.any() else -1, color=MUTED, linewidth=0.6)
    ax.set_yticks(places, [_name(row, labels) for row in rows.to_dict("records")])
    ax.set_ylim(places[-1] + 0.6, -0.7)
    ax.set_xlabel(label_of(metric, labels))
    ax.margins(x=0.05)
    style_axes(ax, grid="x", title=title)
    hide_spine(ax, "left")
    return ax


def forest_height(table: pd.DataFrame, metric: str) -> float:
    """Return the height in inches that leaves each row of a forest plot its room.

    Parameters
    ----------
    table : pandas.DataFrame
        As of `vfprog.validation.heterogeneity.by_site`.
    metric : str
        The figure drawn.

    Returns
    -------
    float
        Height for `vfprog.plots.base.new_figure`.
    """
    return 1.4 + 0.27 * float((table["metric"] == metric).sum())


def _draw(row: Mapping[Any, Any], place: float, ax: Axes) -> None:
    if pd.isna(row["estimate"]):
        return
    low, high = row["lower"], row["upper"]
    if row["role"] == "pooled":
        inside = [row["estimate"], high, row["estimate"], low]
        ax.fill(inside, [place - 0.28, place, place + 0.28, place], color=_MAIN, zorder=3)
    elif row["role"] == "prediction":
        if not pd.isna(low):
            ax.hlines(place, low, high, color=_AHEAD, linewidth=5)
    else:
        ax.hlines(place, low, high, color=INK, linewidth=1.2)
        span = _LARGEST - _SMALLEST
        size = _SMALLEST + span * float(np.sqrt(row["share"]))
        ax.plot(row["estimate"], place, "s", color=_MAIN, markersize=size, zorder=3)


def _write(row: Mapping[Any, Any], place: float, ax: Axes) -> None:
    text = _text(row)
    style: dict[str, Any] = {
        "va": "center",
        "fontsize": FONT_SIZE - 1,
        "clip_on": False,
        "transform": ax.get_yaxis_transform(),
        "color": MUTED if pd.isna(row["lower"]) else INK,
    }
    ax.text(1.02, place, text, **style)


def _text(row: Mapping[Any, Any]) -> str:
    if row["role"] == "prediction":
        known = not pd.isna(row["lower"])
        return f"{row['lower']:.2f} to {row['upper']:.2f}" if known else "undefined"
    if pd.isna(row["estimate"]):
        return "among the small sites" if "counted in" in row["reason"] else "left out"
    return f"{row['estimate']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"


def _name(row: Mapping[Any, Any], labels: Mapping[str, str] | None) -> str:
    if row["role"] == "prediction":
        return "A new site"
    if row["role"] == "pooled" and row["n_sites"] == 1:
        return "One alone: nothing pooled"
    if row["role"] == "pooled":
        spread = "" if pd.isna(row["i2"]) else f", I² {100 * row['i2']:.0f} %"
        return f"Pooled ({row['n_sites']} sites{spread})"
    name = labels.get(row["site"], row["site"]) if labels else row["site"]
    if row["role"] == "small_sites":
        name = f"{row['n_sites']} {name}"
    return f"{name}  ({row['n_events']} of {row['n']})"


def _log_scale(rows: pd.DataFrame, ax: Axes) -> None:
    """Show a ratio on a log scale with ticks a reader can name."""
    ax.set_xscale("log")
    low, high = rows["lower"].min(), rows["upper"].max()
    ticks = [t for t in (0.1, 0.2, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 5, 10) if low <= t <= high]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
