"""One performance figure over subgroups, as dots with intervals under the name of each grouping."""

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

_COLUMNS = ("label", "group", "metric", "estimate", "lower", "upper", "n", "n_events")


def plot_subgroups(
    table: pd.DataFrame,
    ax: Axes,
    *,
    metric: str,
    whole: float | None = None,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw one figure of each group; groups held back by rule are named without a dot.

    Parameters
    ----------
    table : pandas.DataFrame
        As of `vfprog.workflows.subgroups.subgroup_figures`, of one model.
    ax : matplotlib.axes.Axes
        Where to draw.
    metric : str
        Which figure, such as ``c_statistic``.
    whole : float, optional
        The figure of all participants, drawn as a line.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for the metric.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(table, _COLUMNS, "a plot of subgroups")
    rows = table[table["metric"] == metric]
    require_columns(rows, _COLUMNS, f"a plot of subgroups of {metric}")
    ticks: list[tuple[float, str]] = []
    place = 0.0
    for heading, part in rows.groupby("label", sort=False):
        ticks.append((place, str(heading)))
        for row in part.to_dict("records"):
            place += 1
            ticks.append((place, f"{row['group']}{_counts(row)}"))
            _draw(row, place, ax)
        place += 1.4
    lines = [(IDEAL.get(metric), (0, (4, 3))), (whole, "-")]
    for value, style in lines:
        if value is not None:
            ax.axvline(value, color=MUTED, linewidth=1, linestyle=style, zorder=1)
    ax.set_yticks([at for at, _ in ticks], [words for _, words in ticks])
    headings = set(rows["label"].astype(str))
    for text in ax.get_yticklabels():
        text.set_fontweight("bold" if text.get_text() in headings else "normal")
    ax.set_ylim(place - 0.8, -0.8)
    ax.set_xlabel(label_of(metric, labels))
    ax.margins(x=0.05)
    style_axes(ax, grid="x", title=title)
    hide_spine(ax, "left")
    return ax


def subgroups_height(table: pd.DataFrame, metric: str) -> float:
    """Return the height in inches that leaves each row its room.

    Parameters
    ----------
    table : pandas.DataFrame
        As of `plot_subgroups`.
    metric : str
        The figure drawn.

    Returns
    -------
    float
        Height for `vfprog.plots.base.new_figure`.
    """
    rows = table[table["metric"] == metric]
    return 1.2 + 0.25 * (len(rows) + 1.4 * rows["label"].nunique())


def _counts(row: Mapping[Any, Any]) -> str:
    """Return events and participants, where they are told."""
    if pd.isna(row["n"]):
        return ""
    return f"  ({int(row['n_events'])} of {int(row['n'])})"


def _draw(row: Mapping[Any, Any], place: float, ax: Axes) -> None:
    value, low, high = (float(row[name]) for name in ("estimate", "lower", "upper"))
    text = "not given"
    if not np.isnan(value):
        ax.plot(value, place, "s", color=PALETTE[0], markersize=5, zorder=3)
        text = f"{value:.2f}"
    if not np.isnan(low):
        ax.hlines(place, low, high, color=INK, linewidth=1.2)
        text += f" ({low:.2f} to {high:.2f})"
    style: dict[str, Any] = {
        "va": "center",
        "fontsize": FONT_SIZE - 1,
        "clip_on": False,
        "transform": ax.get_yaxis_transform(),
        "color": MUTED if np.isnan(value) else INK,
    }
    ax.text(1.02, place, text, **style)
