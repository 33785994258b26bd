"""What all figures share: size, style, colours, and the stamp on simulated data."""

from __future__ import annotations

import io
import re
import warnings
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from matplotlib.axes import Axes

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#666666")
"""Okabe and Ito's colours, safe for colour-blind readers, darkest first."""
RAISES, LOWERS = "#D55E00", "#0072B2"
INK, MUTED, FAINT = "#222222", "#6B6B6B", "#E4E4E4"
FONT_SIZE = 9
SIMULATED = "SIMULATED DATA"
_NO_GLYPH = r"Glyph \d+ .* missing from font"
_TOLD = ("Date", "Creator", "Format", "Type")  # what an SVG would tell beside the drawing


def new_figure(width: float = 6.4, height: float = 4.4) -> tuple[Figure, Axes]:
    """Return a figure of this size in inches and its one axes, free of global state.

    Parameters
    ----------
    width, height : float
        Size in inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Figure whose layout leaves room for all labels.
    axes : matplotlib.axes.Axes
        Its axes.
    """
    layout = ConstrainedLayoutEngine(w_pad=0.09, h_pad=0.09)
    figure = Figure(figsize=(width, height), dpi=150, layout=layout, facecolor="white")
    return figure, figure.add_subplot()


def mark_simulated(figure: Figure, *, rows: int = 1, columns: int = 1) -> Figure:
    """Stamp SIMULATED DATA across a figure, and return it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Any figure drawn from simulated data.
    rows, columns : int
        Panels of equal size below and beside each other: each is stamped, for it may be cut out.

    Returns
    -------
    matplotlib.figure.Figure
        The same figure.
    """
    width, height = figure.get_size_inches()
    size = 6.2 * min(width / columns, 1.6 * height / rows)
    style: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "rotation": 24,
        "rotation_mode": "anchor",
    }
    look: dict[str, Any] = {
        "fontsize": size,
        "fontweight": "bold",
        "color": "#B00020",
        "alpha": 0.14,
    }
    for row, column in product(range(rows), range(columns)):
        x, y = (column + 0.5) / columns, (row + 0.5) / rows
        figure.text(x, y, SIMULATED, zorder=10, **style, **look)
    return figure


def svg_of(figure: Figure) -> str:
    """Return a figure as SVG, the same text for the same figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Any figure.

    Returns
    -------
    str
        An ``svg`` element; letters stay letters, in a sans-serif the reader has.
    """
    drawn = io.StringIO()
    with (
        rc_context({"svg.hashsalt": "vfprog", "svg.fonttype": "none"}),
        warnings.catch_warnings(),
    ):
        # Letters our font lacks, as in the name of a site, are drawn by the reader's.
        warnings.filterwarnings("ignore", message=_NO_GLYPH, category=UserWarning)
        figure.savefig(drawn, format="svg", metadata=dict.fromkeys(_TOLD))
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    return re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)


def style_axes(ax: Axes, *, grid: Literal["x", "y"] | None = None, title: str = "") -> Axes:
    """Give axes the common look: no box, quiet ticks, a faint grid along one axis or none."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(MUTED)
        ax.spines[side].set_linewidth(0.8)
    ax.tick_params(labelsize=FONT_SIZE, colors=INK, width=0.8, length=3)
    ax.xaxis.label.set(fontsize=FONT_SIZE + 0.5, color=INK)
    ax.yaxis.label.set(fontsize=FONT_SIZE + 0.5, color=INK)
    if grid:
        ax.grid(visible=True, axis=grid, color=FAINT, linewidth=0.8)
        ax.set_axisbelow(True)
    if title:
        ax.set_title(title, loc="left", fontsize=FONT_SIZE + 2, color=INK, fontweight="bold")
    return ax


def hide_spine(ax: Axes, *sides: str) -> None:
    """Remove spines, and the tick marks of the left one where it goes."""
    for side in sides:
        ax.spines[side].set_visible(False)
    if "left" in sides:
        ax.tick_params(axis="y", length=0)


def in_percent() -> PercentFormatter:
    """Return a formatter that shows shares as percentages without the sign."""
    return PercentFormatter(1, symbol="", decimals=None)


def require_columns(table: pd.DataFrame, columns: Iterable[str], figure: str) -> None:
    """Raise ValueError unless the table has rows and these columns."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ValueError(f"{figure} needs the columns {missing}, got {list(table.columns)}")
    if table.empty:
        raise ValueError(f"{figure} needs at least one row, got an empty table")


def label_of(name: str, labels: Mapping[str, str] | None) -> str:
    """Return the label of a name, or the name with blanks and a capital."""
    if labels and name in labels:
        return labels[name]
    words = str(name).replace("_", " ").strip()
    return words[:1].upper() + words[1:]
