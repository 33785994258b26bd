"""Instability of individual risks: what bootstrap refits say against what the model says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.plots.base import (
    FONT_SIZE,
    INK,
    MUTED,
    PALETTE,
    in_percent,
    require_columns,
    style_axes,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_COLUMNS = ("risk", "lower", "upper", "lowest", "highest")


def plot_instability(table: pd.DataFrame, ax: Axes, *, title: str = "") -> Axes:
    """Draw how far the risks of refits lie from the risk shown (Riley and Collins 2023).

    Parameters
    ----------
    table : pandas.DataFrame
        Columns risk, lower, upper, lowest and highest, as of
        `vfprog.validation.instability.instability_by_risk`; groups of participants, no single one.
    ax : matplotlib.axes.Axes
        Where to draw.
    title : str
        Title.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(table, _COLUMNS, "an instability plot")
    rows = table.sort_values("risk")
    x, colour = rows["risk"], PALETTE[0]
    style: dict[str, Any] = {"color": colour, "linewidth": 0}
    ax.fill_between(x, rows["lowest"], rows["highest"], alpha=0.12, label="All refits", **style)
    ax.fill_between(
        x, rows["lower"], rows["upper"], alpha=0.32, label="90 % of the refits", **style
    )
    top = float(max(rows["highest"].max(), x.max()))
    ax.plot([0, top], [0, top], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="No change")
    ax.set(xlim=(0, top), ylim=(0, top), xlabel="Risk shown (%)", ylabel="Risk of the refits (%)")
    ax.xaxis.set_major_formatter(in_percent())
    ax.yaxis.set_major_formatter(in_percent())
    style_axes(ax, title=title)
    ax.legend(frameon=False, fontsize=FONT_SIZE, loc="upper left", labelcolor=INK)
    return ax
