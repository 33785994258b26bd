"""Predicted risks of those with and without the event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter

from vfprog.plots.base import (
    FONT_SIZE,
    INK,
    LOWERS,
    RAISES,
    in_percent,
    require_columns,
    style_axes,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_risk_distribution(table: pd.DataFrame, ax: Axes, *, title: str = "") -> Axes:
    """Draw the histogram of risks, those with the event upwards and the others downwards.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns outcome (0 or 1), lower_edge, upper_edge, share of all participants.
    ax : matplotlib.axes.Axes
        Where to draw.
    title : str
        Title.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    columns = ("outcome", "lower_edge", "upper_edge", "share")
    require_columns(table, columns, "a distribution plot")
    for outcome, colour, sign in ((1, RAISES, 1), (0, LOWERS, -1)):
        part = table[table["outcome"] == outcome]
        width = part["upper_edge"] - part["lower_edge"]
        words = ("with" if outcome else "without") + f" event ({100 * part['share'].sum():.0f} %)"
        style: dict[str, Any] = {"align": "edge", "color": colour, "alpha": 0.85, "linewidth": 0}
        ax.bar(part["lower_edge"], sign * part["share"], 0.92 * width, label=words, **style)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xlim=_span(table), xlabel="Predicted risk (%)", ylabel="Share of participants (%)")
    ax.xaxis.set_major_formatter(in_percent())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * abs(share):g}"))
    style_axes(ax, grid="y", title=title)
    legend: dict[str, Any] = {
        "frameon": False,
        "fontsize": FONT_SIZE,
        "loc": "best",
        "labelcolor": INK,
    }
    ax.legend(**legend)
    return ax


def _span(table: pd.DataFrame) -> tuple[float, float]:
    """Return the range of risks that holds participants, with one bin to spare."""
    filled = table[table["share"] > 0]
    spare = float((table["upper_edge"] - table["lower_edge"]).max())
    low = max(0.0, float(filled["lower_edge"].min()) - spare)
    return low, min(1.0, float(filled["upper_edge"].max()) + spare)
