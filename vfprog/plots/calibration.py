"""Calibration curve over the distribution of risks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.plots.base import (
    FONT_SIZE,
    INK,
    LOWERS,
    MUTED,
    PALETTE,
    RAISES,
    in_percent,
    require_columns,
    style_axes,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_STRIP = 0.2


def plot_calibration(
    curve: pd.DataFrame,
    ax: Axes,
    *,
    distribution: pd.DataFrame | None = None,
    title: str = "",
    note: str = "",
) -> Axes:
    """Draw observed against predicted risk, with limits, over a histogram of the risks.

    Parameters
    ----------
    curve : pandas.DataFrame
        Columns risk, observed, lower, upper, as of `vfprog.validation.calibration`.
    ax : matplotlib.axes.Axes
        Where to draw.
    distribution : pandas.DataFrame, optional
        Columns outcome, lower_edge, upper_edge, share: events are drawn upwards, the
        others downwards, below the curve.
    title, note : str
        Title, and a short text such as slope and intercept in the upper left corner.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(curve, ("risk", "observed", "lower", "upper"), "a calibration plot")
    top = _top(curve)
    ax.plot([0, top], [0, top], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="Ideal")
    ax.fill_between(
        curve["risk"], curve["lower"], curve["upper"], color=PALETTE[0], alpha=0.18, linewidth=0
    )
    ax.plot(curve["risk"], curve["observed"], color=PALETTE[0], linewidth=2, label="Observed")
    ax.set(xlim=(0, top), ylim=(0, top), xlabel="Predicted risk (%)", ylabel="Observed risk (%)")
    ax.set_aspect("equal", adjustable="box")
    style_axes(ax, title=title)
    ax.xaxis.set_major_formatter(in_percent())
    ax.yaxis.set_major_formatter(in_percent())
    ax.legend(frameon=False, fontsize=FONT_SIZE, loc="upper left", labelcolor=INK)
    if note:
        style: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": FONT_SIZE, "color": INK}
        ax.text(0.98, 0.03 if distribution is None else 0.21, note, transform=ax.transAxes, **style)
    if distribution is not None:
        _draw_strip(distribution, ax, top)
    return ax


def _top(curve: pd.DataFrame) -> float:
    """Return the end of both axes: the next tenth above all that is drawn."""
    highest = float(curve[["risk", "observed", "upper"]].to_numpy().max())
    return min(1.0, math.ceil(highest * 10) / 10)


def _draw_strip(distribution: pd.DataFrame, ax: Axes, top: float) -> None:
    """Draw the histogram in a strip below zero; the strip is no part of the vertical scale."""
    require_columns(distribution, ("outcome", "lower_edge", "upper_edge", "share"), "a histogram")
    shown = distribution[(distribution["lower_edge"] < top) & (distribution["share"] > 0)]
    ticks = [tick for tick in ax.get_yticks() if 0 <= tick <= top]
    middle, height = -0.55 * _STRIP * top, 0.4 * _STRIP * top / shown["share"].max()
    for outcome, colour, sign in ((1, RAISES, 1), (0, LOWERS, -1)):
        part = shown[shown["outcome"] == outcome]
        width = part["upper_edge"] - part["lower_edge"]
        bars = sign * height * part["share"]
        style: dict[str, Any] = {"align": "edge", "color": colour, "alpha": 0.75, "linewidth": 0}
        ax.bar(part["lower_edge"], bars, 0.9 * width, bottom=middle, **style)
        words: dict[str, Any] = {
            "ha": "right",
            "va": "center",
            "fontsize": FONT_SIZE - 1.5,
            "color": colour,
        }
        text = "event" if outcome else "no event"
        ax.text(0.995 * top, middle + sign * 0.22 * _STRIP * top, text, **words)
    ax.axhline(middle, color=MUTED, linewidth=0.5)
    ax.set_ylim(-_STRIP * top, top)
    ax.set_yticks(np.asarray(ticks))
    ax.spines["left"].set_bounds(0, top)
