"""How much a model gains over simpler rules: paired differences as dots with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

_COLUMNS = ("label", "metric", "difference", "lower", "upper", "better")
_DIGITS = 3


def plot_differences(
    table: pd.DataFrame,
    ax: Axes,
    *,
    metric: str,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the model's figure minus that of each comparator; zero is no difference.

    Parameters
    ----------
    table : pandas.DataFrame
        As of `vfprog.validation.comparison.paired_differences`, with a column label, of one model.
    ax : matplotlib.axes.Axes
        Where to draw.
    metric : str
        Which figure, such as ``brier``.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for the metric.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(table, _COLUMNS, "a plot of differences")
    rows = table[(table["metric"] == metric) & table["difference"].notna()]
    require_columns(rows, _COLUMNS, f"a plot of differences in {metric}")
    for place, row in enumerate(rows.to_dict("records")):
        _draw(row, place, ax)
    ax.axvline(0, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    ax.set_yticks(range(len(rows)), rows["label"].tolist())
    ax.set_ylim(len(rows) - 0.4, -0.6)
    side = "right" if rows["better"].iloc[0] == "higher" else "left"
    words = label_of(metric, labels)
    ax.set_xlabel(f"{words}: model minus comparator (better to the {side})")
    ax.margins(x=0.08)
    style_axes(ax, grid="x", title=title)
    hide_spine(ax, "left")
    return ax


def _draw(row: Mapping[Any, Any], place: int, ax: Axes) -> None:
    value, low, high = row["difference"], row["lower"], row["upper"]
    ax.plot(value, place, "o", color=PALETTE[0], markersize=6)
    text = f"{value:+.{_DIGITS}f}"
    if not pd.isna(low):
        ax.hlines(place, low, high, color=PALETTE[0], linewidth=1.8)
        text += f" ({low:+.{_DIGITS}f} to {high:+.{_DIGITS}f})"
    style: dict[str, Any] = {
        "va": "center",
        "fontsize": FONT_SIZE - 1,
        "clip_on": False,
        "transform": ax.get_yaxis_transform(),
        "color": INK,
    }
    ax.text(1.02, place, text, **style)
