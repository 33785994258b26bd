"""Grids: tables as a page shows them, made from long tables."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_bool

from vfprog.reports.words import short, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NONE = "\u2013"
# Columns that say of which model a table is: its heading does that.
OF_MODEL = ("model", "endpoint", "prediction_time")
# Columns that stay columns even where they are the same throughout.
_ALWAYS = ("metric", "apparent", "optimism")
_TRIPLE = ("estimate", "lower", "upper")

LABELS = {
    "c_statistic": "c-statistic",
    "calibration_in_the_large": "Calibration in the large",
    "calibration_slope": "Calibration slope",
    "observed_expected": "Observed / expected",
    "ici": "ICI",
    "e50": "E50",
    "e90": "E90",
    "emax": "Emax",
    "brier": "Brier score",
    "scaled_brier": "Scaled Brier score",
    "harrell_c": "Harrell's C",
    "uno_c": "Uno's C",
    "auc": "AUC at the horizon (IPCW)",
    "model": "Model shown (blend, calibrated)",
    "logistic": "Logistic learner",
    "trees": "Trees",
    "shipped": "As shipped (apparent)",
    "n_events": "Events",
    "n": "n",
    "n_resamples": "Refits",
    "632plus": ".632+",
    "p_value": "p",
    "z_mean": "z of the mean",
    "p_mean": "p of the mean",
    "bridge": "Largest distance of the bridge",
    "p_bridge": "p of the bridge",
    "risk_at_bridge": "At risk",
    "i2": "I2",
    "asked": "Asked for",
    "flat": "Learned nothing",
    "harrell": "Harrell's optimism",
}
# Decimals of an estimate; three where nothing else is said.
_DECIMALS = {
    "calibration_slope": 2, "calibration_in_the_large": 2, "observed_expected": 2,
}  # fmt: skip
# A name of ours, such as overall_risk; anything else stands as it is.
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9.]+)+")
_NET_BENEFIT = "net_benefit_at_"


@dataclass(frozen=True)
class Grid:
    """A table ready for a page.

    Parameters
    ----------
    caption : str
        What it shows.
    columns : tuple of str
        Heads.
    rows : tuple of tuple of str
        Cells, as long as ``columns``; the first of a row is its head.
    notes : tuple of str
        Below the table, such as why a figure is undefined.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column holds numbers, and so stands flush right; the first never does."""
        cells = [tuple(row[place] for row in self.rows) for place in range(len(self.columns))]
        return tuple(place > 0 and _is_numeric(column) for place, column in enumerate(cells))


def label(name: str) -> str:
    """Return the words for the name of a figure, a learner or a column.

    Parameters
    ----------
    name : str
        Such as ``calibration_slope``.

    Returns
    -------
    str
        Words.

    Examples
    --------
    >>> label("net_benefit_at_0.3"), label("c_statistic"), label("rank_lower")
    ('Net benefit at 30 %', 'c-statistic', 'Rank lower')
    """
    if name in LABELS:
        return LABELS[name]
    if name.startswith(_NET_BENEFIT):
        return f"Net benefit at {100 * float(name.removeprefix(_NET_BENEFIT)):g} %"
    spoken = str(name).replace("_", " ").strip()
    return spoken[:1].upper() + spoken[1:]


def head(column: str) -> str:
    """Return the words for a column; ``model`` names a model there, not a learner."""
    return "Model" if column == "model" else label(column)


def interval(estimate: Any, lower: Any, upper: Any, *, decimals: int = 3) -> str:
    """Return an estimate with its limits in words.

    Parameters
    ----------
    estimate, lower, upper : float or None
        The figure; None or NaN where it is undefined or has no interval.
    decimals : int
        Decimals shown.

    Returns
    -------
    str
        Such as ``0.712 (0.686 to 0.736)``, the estimate alone, or a dash.

    Examples
    --------
    >>> interval(0.7116, 0.6859, 0.7361), interval(1, None, None, decimals=2)
    ('0.712 (0.686 to 0.736)', '1.00')
    """
    known = not (_absent(lower) or _absent(upper))
    limits = f"{fixed(lower, decimals)} to {fixed(upper, decimals)}" if known else ""
    if _absent(estimate):
        return limits or NONE
    return fixed(estimate, decimals) + (f" ({limits})" if known else "")


def fixed(number: float, decimals: int) -> str:
    """Return a number with so many decimals, and nothing that rounds to zero below it."""
    return f"{round(number, decimals) + 0.0:.{decimals}f}"


def figure(row: Mapping[Any, Any]) -> str:
    """Return the estimate of a row of a long table with its limits, with fitting decimals."""
    decimals = _DECIMALS.get(str(row.get("metric", "")), 3)
    return interval(row["estimate"], row.get("lower"), row.get("upper"), decimals=decimals)


def wide(
    table: pd.DataFrame,
    by: Sequence[str],
    metrics: Iterable[str],
    *,
    caption: str,
    counts: bool = True,
    first: Mapping[str, str] | None = None,
) -> Grid:
    """Return a long table with a row per group and a column per figure.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns of ``by``, metric, estimate, lower, upper, and n, n_events and reason if there.
    by : sequence of str
        Columns that name a row.
    metrics : iterable of str
        Figures, in order; those the table does not have are left out.
    caption : str
        Caption.
    counts : bool
        Whether n and events get columns.
    first : mapping of str to str, optional
        Words for the values of ``by``.

    Returns
    -------
    Grid
        A dash where a figure is undefined; the reasons are its notes.
    """
    there = [m for m in metrics if (table["metric"] == m).any()]
    counted = [c for c in ("n", "n_events") if counts and c in table]
    columns = (*(head(c) for c in by), *(label(c) for c in counted), *(label(m) for m in there))
    rows, reasons = [], []
    for key, part in table.groupby(list(by), sort=False, dropna=False):
        cells = {row["metric"]: row for row in part.to_dict("records")}
        names = [(first or {}).get(str(k), label(str(k))) for k in key]
        sizes = [_count(part[c].max()) for c in counted]
        figures = [figure(cells[m]) if m in cells else NONE for m in there]
        rows.append((*names, *sizes, *figures))
        reasons += [
            f"{', '.join(names)}, {label(m)}: {cells[m]['reason']}"
            for m in there
            if m in cells and cells[m].get("reason") and _absent(cells[m]["estimate"])
        ]
    return Grid(caption, columns, tuple(rows), tuple(dict.fromkeys(reasons)))


def plain(table: pd.DataFrame, *, caption: str, drop: Sequence[str] = OF_MODEL) -> Grid:
    """Return a long table column by column, estimate and limits in one.

    Parameters
    ----------
    table : pandas.DataFrame
        Any table.
    caption : str
        Caption.
    drop : sequence of str
        Columns the caption or heading tells already.

    Returns
    -------
    Grid
        Words as they are, numbers with four figures; a column that is empty throughout is left
        out, one that is the same throughout stands below.
    """
    shown = table.drop(columns=[name for name in drop if name in table])
    empty = [c for c in shown if (shown[c].isna() | (shown[c].astype(str) == "")).all()]
    alike = [c for c in shown if len(shown) > 1 and len(set(shown[c].astype(str))) == 1]
    folded = [c for c in alike if c not in {*empty, *_TRIPLE, *_ALWAYS}]
    merged = set(_TRIPLE) <= set(shown.columns)
    heads, cells = [], []
    for name in shown.columns:
        if name in folded or (name in empty and name not in _TRIPLE):
            continue
        if merged and name in _TRIPLE:
            if name == "estimate":
                heads.append("Estimate (interval)")
                cells.append([figure(row) for row in shown.to_dict("records")])
            continue
        heads.append(head(str(name)))
        cells.append([_cell(value) for value in shown[name]])
    rows = tuple(zip(*cells, strict=True)) if cells else ()
    notes = tuple(f"{label(str(c))}: {_cell(shown[c].iloc[0])}" for c in folded)
    said = ("; ".join(notes) + ".",) if notes else ()
    return Grid(caption, tuple(heads), rows, said)


def _cell(value: Any) -> str:
    if _absent(value):
        return NONE
    if is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, str):
        return label(value) if _IDENTIFIER.fullmatch(value) or value in LABELS else value
    return whole(value) if float(value).is_integer() else short(float(value))


def _is_numeric(column: tuple[str, ...]) -> bool:
    """Return whether a column holds numbers, or dashes in their place, and nothing else."""
    told = [cell for cell in column if cell]
    return bool(told) and all(cell == NONE or _is_number(cell) for cell in told)


def _is_number(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "", 1)[:1].isdigit() and not cell.endswith("or more")


def _count(number: Any) -> str:
    return NONE if _absent(number) else whole(number)


def _absent(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
