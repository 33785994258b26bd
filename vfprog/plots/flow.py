"""Participant flow: how many were left at each step, and why others were not."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.patches import FancyBboxPatch

from vfprog.plots.base import FONT_SIZE, INK, MUTED, PALETTE, require_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MAIN, _SIDE = (0.24, 0.44), (0.76, 0.46)  # centre and width of a box, in axes units
_GAP = 0.9


# The step of a participant flow after which rows count parts, not exclusions.
OBSERVED_STEP = "outcome observed"
_EVENTS_STEP = "of these, events"


@dataclass(frozen=True)
class _Step:
    title: str
    n: int
    exclusions: list[str]


def plot_flow(table: pd.DataFrame, ax: Axes, *, unit: str = "episodes", title: str = "") -> Axes:
    """Draw the steps as boxes from top to bottom, exclusions beside the arrow between them.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns step, n (left after it), excluded (at it), reason; consecutive rows of one step
        are its several reasons.
    ax : matplotlib.axes.Axes
        Where to draw.
    unit : str
        What is counted.
    title : str
        Title.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.

    Raises
    ------
    ValueError
        The counts of two steps differ by another number than was excluded.
    """
    require_columns(table, ("step", "n", "excluded", "reason"), "a participant flow")
    steps = _steps(table)
    y = 0.0
    for place, step in enumerate(steps):
        height = _height(1 + step.title.count("\n") + 1)
        if place:
            y = _draw_arrow(ax, y, step)
        colour = PALETTE[0] if place in (0, len(steps) - 1) else MUTED
        _draw_box(ax, _MAIN, y - height / 2, height, f"{step.title}\n{step.n:,} {unit}", colour)
        y -= height
    ax.set(xlim=(0, 1), ylim=(y - 0.1, 0.1))
    ax.axis("off")
    if title:
        ax.set_title(title, loc="left", fontsize=FONT_SIZE + 2, color=INK, fontweight="bold")
    return ax


def ending_in_events(flow: pd.DataFrame) -> pd.DataFrame:
    """Return the steps of a cohort's flow up to the outcome, and those with the event.

    Parameters
    ----------
    flow : pandas.DataFrame
        As of `vfprog.data.cohort.build_cohort`.

    Returns
    -------
    pandas.DataFrame
        What `plot_flow` draws.
    """
    main = flow.loc[: flow.index[flow["step"] == OBSERVED_STEP][0]]
    known = int(main["n"].iloc[-1])
    events = int(flow.loc[flow["step"] == _EVENTS_STEP, "n"].iloc[0])
    last = {"step": "with the event", "n": events}
    last |= {"excluded": known - events, "reason": "without the event"}
    return pd.concat([main, pd.DataFrame([last])], ignore_index=True)


def _steps(table: pd.DataFrame) -> list[_Step]:
    steps: list[_Step] = []
    for _, rows in table.groupby((table["step"] != table["step"].shift()).cumsum(), sort=False):
        n, excluded = int(rows["n"].iloc[-1]), int(rows["excluded"].sum())
        if steps and steps[-1].n - excluded != n:
            name = rows["step"].iloc[0]
            raise ValueError(
                f"the flow does not add up at {name!r}: {steps[-1].n} less {excluded} is not {n}"
            )
        pairs = zip(rows["excluded"], rows["reason"], strict=True)
        lines = [f"{int(count):,}  {reason}" for count, reason in pairs if count > 0]
        title = textwrap.fill(str(rows["step"].iloc[0]), 30)
        steps.append(_Step(title, n, [_hang(line) for line in lines]))
    return steps


def _hang(line: str) -> str:
    return textwrap.fill(line, 36, subsequent_indent="      ")


def _height(lines: int) -> float:
    return 0.5 + 0.36 * lines


def _draw_arrow(ax: Axes, y: float, step: _Step) -> float:
    """Draw the arrow down to the next box and the exclusions beside it; return its end."""
    text = "\n".join(step.exclusions)
    height = _height(1 + text.count("\n")) if text else 0.0
    end = y - max(_GAP, height + 0.3)
    arrow = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (_MAIN[0], end), (_MAIN[0], y), arrowprops=arrow)
    if text:
        middle = (y + end) / 2
        left = _SIDE[0] - _SIDE[1] / 2
        ax.annotate("", (left, middle), (_MAIN[0], middle), arrowprops=arrow)
        _draw_box(ax, _SIDE, middle, height, text, MUTED, align="left")
    return end


def _draw_box(
    ax: Axes,
    box: tuple[float, float],
    y: float,
    height: float,
    text: str,
    colour: str,
    *,
    align: str = "center",
) -> None:
    centre, width = box
    corner = (centre - width / 2, y - height / 2)
    style: dict[str, Any] = {"boxstyle": "square,pad=0", "facecolor": "white", "linewidth": 1.1}
    ax.add_patch(FancyBboxPatch(corner, width, height, edgecolor=colour, **style))
    x = centre if align == "center" else corner[0] + 0.015
    words: dict[str, Any] = {"va": "center", "ha": align, "fontsize": FONT_SIZE - 0.5, "color": INK}
    ax.text(x, y, text, linespacing=1.3, **words)
