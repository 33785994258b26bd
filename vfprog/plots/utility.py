"""Decision curve: net benefit against threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.plots.base import (
    FONT_SIZE,
    INK,
    MUTED,
    PALETTE,
    in_percent,
    label_of,
    require_columns,
    style_axes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

_REFERENCES: dict[str, dict[str, Any]] = {
    "treat_all": {"color": MUTED, "linewidth": 1.3, "linestyle": (0, (5, 2))},
    "treat_none": {"color": INK, "linewidth": 1.0, "linestyle": "-"},
}
_BESIDE_ONE = 0.01  # room on either side of the only threshold


def plot_decision_curve(
    table: pd.DataFrame,
    ax: Axes,
    *,
    title: str = "",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the net benefit of each strategy over the thresholds.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns strategy, threshold, net_benefit, lower, upper; strategies other than
        ``treat_all`` and ``treat_none`` are drawn in colour with their limits.
    ax : matplotlib.axes.Axes
        Where to draw.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for the strategies.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    columns = ("strategy", "threshold", "net_benefit", "lower", "upper")
    require_columns(table, columns, "a decision curve")
    mark = "o" if len(set(table["threshold"])) == 1 else ""  # a line of one point is invisible
    models = [name for name in table["strategy"].unique() if name not in _REFERENCES]
    for name, style in _REFERENCES.items():
        part = table[table["strategy"] == name]
        if not part.empty:
            words = label_of(name, labels)
            ax.plot(part["threshold"], part["net_benefit"], label=words, marker=mark, **style)
    for place, name in enumerate(models):
        part, colour = table[table["strategy"] == name], PALETTE[place % len(PALETTE)]
        x = part["threshold"]
        ax.fill_between(x, part["lower"], part["upper"], color=colour, alpha=0.16, linewidth=0)
        words = label_of(name, labels)
        ax.plot(x, part["net_benefit"], color=colour, linewidth=2, label=words, marker=mark)
    _frame(table, ax)
    style_axes(ax, grid="y", title=title)
    _legend(ax, n_models=len(models))
    return ax


def _frame(table: pd.DataFrame, ax: Axes) -> None:
    """Cut the fall of treating all, which says nothing once it is well below zero."""
    limits = table[["net_benefit", "upper"]].max()
    highest = max(float(limits.max()), 0.01)
    ax.set_ylim(-0.25 * highest, 1.08 * highest)
    low, high = float(table["threshold"].min()), float(table["threshold"].max())
    alone = _BESIDE_ONE if low == high else 0.0
    ax.set_xlim(low - alone, high + alone)
    ax.set(xlabel="Threshold risk (%)", ylabel="Net benefit per participant")
    ax.xaxis.set_major_formatter(in_percent())


def _legend(ax: Axes, *, n_models: int) -> None:
    """List models first; the upper right corner is empty, as net benefit falls."""
    handles, words = ax.get_legend_handles_labels()
    order = list(range(len(words) - n_models, len(words))) + list(range(len(words) - n_models))
    style: dict[str, Any] = {
        "frameon": False,
        "fontsize": FONT_SIZE,
        "loc": "upper right",
        "labelcolor": INK,
    }
    ax.legend([handles[i] for i in order], [words[i] for i in order], **style)
