"""What studies of several sizes would find: discrimination, calibration, precision, power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from vfprog.plots.base import FONT_SIZE, INK, MUTED, PALETTE, require_columns, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

PANELS = (
    ("c-statistic on fresh patients", ("c_statistic",), None),
    ("Calibration slope on fresh patients", ("calibration_slope",), 1.0),
    ("Width of the 95 % interval of the c-statistic", ("c_interval_width",), None),
    ("Power of the test of alignment", (
        "power_prognosis", "power_benefit", "false_positive_prognosis", "false_positive_benefit"),
     0.8),
)  # fmt: skip
LABELS = {
    "power_prognosis": "predicts the outcome",
    "power_benefit": "changes the benefit",
    "false_positive_prognosis": "no effect: outcome",
    "false_positive_benefit": "no effect: benefit",
}


def planning_figure(table: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw a plan as four panels over the number of participants.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns participants, figure, estimate, lower and upper.
    title : str
        Title of the whole.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = Figure(figsize=(9.6, 6.8), dpi=150, layout=layout, facecolor="white")
    for ax, (heading, names, reference) in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
        plot_plan(table, ax, figures=names, reference=reference, title=heading)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=FONT_SIZE + 4, color=INK)
    return figure


def plot_plan(
    table: pd.DataFrame,
    ax: Axes,
    *,
    figures: tuple[str, ...],
    reference: float | None = None,
    title: str = "",
) -> Axes:
    """Draw figures of a plan over the number of participants, limits as whiskers.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns participants, figure, estimate, lower and upper.
    ax : matplotlib.axes.Axes
        Where to draw.
    figures : tuple of str
        Rows to draw, one line each; those the table does not have are left out.
    reference : float, optional
        Where a line of reference goes.
    title : str
        Title.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(table, ("participants", "figure", "estimate", "lower", "upper"), "a plan")
    present = [name for name in figures if (table["figure"] == name).any()]
    sizes = sorted(table["participants"].unique())
    for place, name in enumerate(present):
        rows = table[table["figure"] == name].sort_values("participants")
        x = [sizes.index(n) + 0.07 * (place - (len(present) - 1) / 2) for n in rows["participants"]]
        y = rows["estimate"].to_numpy(dtype=float)
        spread = (y - rows["lower"].to_numpy(float), rows["upper"].to_numpy(float) - y)
        label = LABELS.get(name, "")
        ax.errorbar(x, y, yerr=spread, color=PALETTE[place], marker="o", markersize=4, capsize=2,
                    linewidth=1.2, label=label)  # fmt: skip
    if reference is not None:
        ax.axhline(reference, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.set_xticks(range(len(sizes)), [f"{n:,}" for n in sizes])
    ax.set_xlim(-0.4, len(sizes) - 0.6)
    ax.set_xlabel("Participants of the registry")
    if any(name in LABELS for name in present):
        ax.set_ylim(0, 1.3)
        ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        ax.legend(fontsize=FONT_SIZE - 1, frameon=False, loc="upper left", ncols=2, labelcolor=INK)
    return style_axes(ax, grid="y", title=title)
