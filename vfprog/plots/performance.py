"""One performance figure over endpoints and models, as dots with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from vfprog.features.arrays import FloatArray

IDEAL = {
    "calibration_in_the_large": 0.0,
    "calibration_slope": 1.0,
    "observed_expected": 1.0,
    "c_statistic": 0.5,
    "scaled_brier": 0.0,
}
"""Where a line of reference is drawn: the ideal of a calibration figure, chance for others."""


def plot_performance(
    table: pd.DataFrame,
    ax: Axes,
    *,
    metric: str,
    by: str = "endpoint",
    colour_by: str | None = None,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw one metric of each row of a long table of performance as a dot with its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns metric, estimate, lower, upper, and those of `by` and `colour_by`; rows whose
        estimate is missing are shown as undefined.
    ax : matplotlib.axes.Axes
        Where to draw.
    metric : str
        Which metric, such as ``c_statistic``.
    by : str
        Column that names the rows of the figure.
    colour_by : str, optional
        Column that gives several coloured dots in a row, such as ``model``.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for names in the table, and for the metric.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    columns = ["metric", "estimate", "lower", "upper", by, *([colour_by] if colour_by else [])]
    require_columns(table, columns, "a performance plot")
    rows = table[table["metric"] == metric]
    require_columns(rows, columns, f"a performance plot of {metric}")
    names = list(dict.fromkeys(rows[by]))
    kinds = list(dict.fromkeys(rows[colour_by])) if colour_by else [None]
    shifts = 0.22 * (np.arange(len(kinds)) - (len(kinds) - 1) / 2)
    for kind, shift, colour in zip(kinds, shifts, _colours(len(kinds)), strict=True):
        part = rows if kind is None else rows[rows[colour_by] == kind]
        places = np.array([names.index(name) for name in part[by]]) + shift
        _draw_dots(part, places, ax, colour, label_of(str(kind), labels) if kind else "")
    if metric in IDEAL:
        ax.axvline(IDEAL[metric], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    ax.set_yticks(range(len(names)), [label_of(str(name), labels) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(label_of(metric, labels))
    ax.margins(x=0.08)
    style_axes(ax, grid="x", title=title)
    hide_spine(ax, "left")
    if colour_by:
        _legend(ax, len(kinds))
    return ax


def _colours(n: int) -> list[str]:
    return [PALETTE[i % len(PALETTE)] for i in range(n)]


def _draw_dots(part: pd.DataFrame, places: FloatArray, ax: Axes, colour: str, label: str) -> None:
    known = part["estimate"].notna().to_numpy()
    shown = part[known]
    ax.hlines(places[known], shown["lower"], shown["upper"], color=colour, linewidth=1.8)
    ax.plot(shown["estimate"], places[known], "o", color=colour, markersize=6, label=label)
    transform = ax.get_yaxis_transform()
    style: dict[str, Any] = {
        "va": "center",
        "fontsize": FONT_SIZE - 1,
        "clip_on": False,
        "transform": transform,
    }
    figures = part[["estimate", "lower", "upper"]].to_numpy(dtype=float)
    for place, (estimate, lower, upper) in zip(places, figures, strict=True):
        text = _text(estimate, lower, upper)
        ax.text(1.02, place, text, color=INK if text != "undefined" else MUTED, **style)


def _text(estimate: float, lower: float, upper: float) -> str:
    if np.isnan(estimate):
        return "undefined"
    if np.isnan(lower):
        return f"{estimate:.2f}"
    return f"{estimate:.2f} ({lower:.2f} to {upper:.2f})"


def _legend(ax: Axes, columns: int) -> None:
    style: dict[str, Any] = {
        "frameon": False,
        "fontsize": FONT_SIZE,
        "labelcolor": INK,
        "handletextpad": 0.2,
    }
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.1, **style)
