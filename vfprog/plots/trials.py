"""Simulated trials beside published ones: how many standard errors each figure lies apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.plots.base import (
    FAINT,
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

_COLUMNS = ("trial", "figure", "role", "day", "published", "simulated", "z")
_INSIDE, _OUTSIDE = PALETTE[0], PALETTE[1]
# What chance alone does in 19 of 20 figures, and what asks for an explanation.
_USUAL, _FAR = 1.96, 2.5


def plot_trials(
    table: pd.DataFrame, ax: Axes, *, title: str = "", labels: Mapping[str, str] | None = None
) -> Axes:
    """Draw the distance of each simulated figure from the published one, trial by trial.

    A dot for each figure, small ones for the visits of a figure that has several; the band is
    where 19 of 20 would lie if simulated and published differed by chance alone. Beyond 2.5
    a dot changes its colour. Published and simulated values stand at the right.

    Parameters
    ----------
    table : pandas.DataFrame
        As of `vfprog.simulate.replicate.replicate`; inputs of the simulation are left out.
    ax : matplotlib.axes.Axes
        Where to draw.
    title : str
        Title.
    labels : mapping of str to str, optional
        Words for trials and figures.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    require_columns(table, _COLUMNS, "a figure of trials")
    told = table[table["role"] == "outcome"]
    ax.axvspan(-_USUAL, _USUAL, color=FAINT, alpha=0.6, zorder=0)
    ax.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    place, ticks, words = 0.0, [], []
    for trial, rows in told.groupby("trial", sort=False):
        _heading(ax, label_of(str(trial), labels), place)
        for figure, days in rows.groupby("figure", sort=False):
            place += 1
            _draw(ax, days, place)
            ticks.append(place)
            words.append(label_of(str(figure), labels))
        place += 1.6
    ax.set_yticks(ticks, words)
    ax.set_ylim(place - 0.9, -0.8)
    reach = max(3.0, float(told["z"].abs().max()) + 0.4)
    ax.set_xlim(-reach, reach)
    ax.set_xlabel("simulated minus published, in standard errors")
    style_axes(ax, title=title)
    ax.tick_params(axis="y", labelsize=FONT_SIZE - 1)
    hide_spine(ax, "left")
    return ax


def _heading(ax: Axes, text: str, place: float) -> None:
    at = ax.get_yaxis_transform()
    ax.text(0.01, place + 0.15, text, transform=at, fontsize=FONT_SIZE, fontweight="bold",
            color=INK, va="center")  # fmt: skip


def _draw(ax: Axes, days: pd.DataFrame, place: float) -> None:
    z = days["z"].to_numpy(dtype=np.float64)
    combined = float(np.sqrt(np.mean(z**2)) * np.sign(z.mean()))
    colour = _OUTSIDE if abs(combined) > _FAR else _INSIDE
    if len(z) > 1:
        ax.plot(z, np.full(len(z), place), linestyle="", marker="|", markersize=7, color=colour)
    ax.plot([combined], [place], linestyle="", marker="o", markersize=5, color=colour)
    style: dict[str, Any] = {"fontsize": FONT_SIZE - 1.5, "color": INK, "va": "center"}
    ax.text(1.01, place, _values(days), transform=ax.get_yaxis_transform(), **style)


def _values(days: pd.DataFrame) -> str:
    if len(days) > 2:
        return f"{len(days)} visits"
    pairs = zip(days["published"], days["simulated"], strict=True)
    return "; ".join(f"{published:.2f} : {simulated:.2f}" for published, simulated in pairs)
