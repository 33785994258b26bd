"""Another registry beside the development data, as rows of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.cli.console import say, table
from vfprog.cli.tables import BANNER, figure_cell, model_label

if TYPE_CHECKING:
    import pandas as pd

_MOST = 10
_CASE_MIX = (
    ("outcome_frequency", "outcome frequency", 3),
    ("mean_risk", "mean risk", 3),
    ("sd_linear_predictor", "sd of log-odds", 2),
    ("expected_c_statistic", "c if right here", 3),
    ("c_statistic", "c-statistic", 3),
)
_OVER_TIME = (
    ("uno_c", "Uno's C", 3),
    ("auc", "AUC", 3),
    ("observed_expected", "O/E", 2),
    ("brier", "Brier", 3),
)


def show_population(population: pd.DataFrame, *, simulated: bool) -> None:
    """Write the predictors that differ most between development and here.

    Parameters
    ----------
    population : pandas.DataFrame
        Long table of a validation; of a predictor of several endpoints the largest difference.
    simulated : bool
        Whether model or data are simulated; the heading says so.
    """
    if population.empty:
        return
    used = population[population["used"]]
    size = used["standardised_difference"].abs().fillna(float("inf"))
    ranked = used.assign(size=size).sort_values("size", ascending=False, kind="stable")
    first = ranked.drop_duplicates("predictor").head(_MOST)
    rows = []
    for place in first.itertuples():
        same = (used["predictor"] == place.predictor) & (used["endpoint"] == place.endpoint)
        rows.append(population_row(used[same]))
    title = "patients in development and here: what differs most"
    heads = ("predictor", "development", "here", "missing", "difference")
    table((BANNER if simulated else "") + title, heads, rows)
    say()


def population_row(part: pd.DataFrame) -> list[str]:
    """Return the cells of one predictor: median and quartiles, or the level that differs most.

    Parameters
    ----------
    part : pandas.DataFrame
        Its rows of the long table.

    Returns
    -------
    list of str
        Name, development, here, missing there and here in percent, standardised difference.
    """
    by: dict[Any, Any] = {(row["level"], row["statistic"]): row for row in part.to_dict("records")}
    cells = [_described(by, side) for side in ("development", "here")]
    gone = by["", "missing_percent"]
    missing = ", ".join(f"{gone[side]:.0f} %" for side in ("development", "here"))
    size = float(gone["standardised_difference"])
    difference = f"{size:.2f}" if size == size else "undefined"
    return [str(gone["predictor"]), *cells, missing, difference]


def show_case_mix(case_mix: pd.DataFrame, *, simulated: bool) -> None:
    """Write, for each model, what tells other patients from a model that does not fit.

    Parameters
    ----------
    case_mix : pandas.DataFrame
        Long table of a validation.
    simulated : bool
        Whether model or data are simulated; the heading says so.
    """
    if case_mix.empty:
        return
    rows = []
    for model, part in case_mix.groupby("model", sort=False):
        by = part.set_index("statistic")
        names = [*model_label(str(model)).split("\n"), *[""] * len(_CASE_MIX)]
        for name, (statistic, head, decimals) in zip(names, _CASE_MIX, strict=False):
            values = (by.loc[statistic, side] for side in ("development", "here"))
            rows.append([name, head, *(_value(value, decimals) for value in values)])
    say()
    title = "case mix or misfit?"
    table((BANNER if simulated else "") + title, ("model", "", "development", "here"), rows, left=2)


def show_time_to_event(figures: pd.DataFrame, *, simulated: bool) -> None:
    """Write the figures of dated endpoints as times to an event; nothing without one.

    Parameters
    ----------
    figures : pandas.DataFrame
        Long table of a training or validation.
    simulated : bool
        Whether model or data are simulated; the heading says so.
    """
    if figures.empty:
        return
    rows = []
    for model, part in figures.groupby("model", sort=False):
        by = part.set_index("metric")
        cells = [figure_cell(by, metric, decimals) for metric, _, decimals in _OVER_TIME]
        counts = (f"{part.iloc[0][name]:.0f}" for name in ("n", "n_events"))
        rows.append([model_label(str(model)), *cells, *counts])
    say()
    horizons = " and ".join(f"{days:.0f}" for days in sorted(figures["horizon_days"].unique()))
    title = f"as time to an event, death competing, at {horizons} days"
    heads = ["model", *(head for _, head, _ in _OVER_TIME), "n", "events"]
    table((BANNER if simulated else "") + title, heads, rows)


def _described(by: dict[Any, Any], side: str) -> str:
    if ("", "median") in by:
        cells = [by["", name][side] for name in ("median", "q1", "q3")]
        if cells[0] != cells[0]:
            return "not recorded"
        return "{:.4g} ({:.4g}-{:.4g})".format(*cells)
    shares = [row for (_, name), row in by.items() if name == "percent"]
    if not shares or all(row[side] != row[side] for row in shares):
        return "not recorded"
    most = max(shares, key=lambda row: abs(_number(row["here"]) - _number(row["development"])))
    return f"{most['level']} {_number(most[side]):.0f} %"


def _number(value: float) -> float:
    """Return a share; a level that is absent on one side has none."""
    return value if value == value else 0.0


def _value(value: Any, decimals: int) -> str:
    return f"{value:.{decimals}f}" if value == value else "not kept"
