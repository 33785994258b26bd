"""Tables of the workflows as rows of text: performance, participant flow, importance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.cli.console import say, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

HEADLINE = "model"
# Metric, heading and decimals of each column shown; the other figures are in the files.
METRICS = (
    ("c_statistic", "c-statistic", 3),
    ("calibration_slope", "slope", 2),
    ("calibration_in_the_large", "in-the-large", 2),
    ("brier", "Brier", 3),
)
BANNER = "SIMULATED DATA: "


def show_performance(performance: pd.DataFrame, *, title: str, simulated: bool) -> None:
    """Write the performance of each model: estimate over interval.

    Parameters
    ----------
    performance : pandas.DataFrame
        Long table of a training or validation.
    title : str
        Heading.
    simulated : bool
        Whether model or data are simulated; the heading says so.
    """
    if "learner" in performance:
        performance = performance[performance["learner"] == HEADLINE]
    heads = ["model", *(head for _, head, _ in METRICS), "n", "events"]
    rows = [
        performance_row(str(name), part) for name, part in performance.groupby("model", sort=False)
    ]
    table((BANNER if simulated else "") + title, heads, rows)


def performance_row(model: str, part: pd.DataFrame) -> list[str]:
    """Return the cells of one model.

    Parameters
    ----------
    model : str
        Its name.
    part : pandas.DataFrame
        Its rows of the long table.

    Returns
    -------
    list of str
        Name, figures with their intervals, n and events.
    """
    by_metric = part.set_index("metric")
    figures = [figure_cell(by_metric, metric, decimals) for metric, _, decimals in METRICS]
    first = part.iloc[0]
    return [model_label(model), *figures, f"{first['n']:.0f}", f"{first['n_events']:.0f}"]


def show_sites(by_site: pd.DataFrame, *, simulated: bool) -> None:
    """Write the figures of each model pooled over sites; nothing where no sites were compared.

    Parameters
    ----------
    by_site : pandas.DataFrame
        Long table of a validation by site, one model or several.
    simulated : bool
        Whether model or data are simulated; the heading says so.
    """
    if by_site.empty:
        return
    rows = [
        row
        for name, part in by_site.groupby("model", sort=False)
        for row in sites_rows(str(name), part)
    ]
    say()
    title = "by site, pooled with 95 % limits"
    heads = ("model", "figure", "pooled", "limits", "new site", "I²", "sites")
    table((BANNER if simulated else "") + title, heads, rows, left=2)


def sites_rows(model: str, part: pd.DataFrame) -> list[list[str]]:
    """Return the lines of one model: a figure each, pooled over sites.

    Parameters
    ----------
    model : str
        Its name.
    part : pandas.DataFrame
        Its rows of the long table.

    Returns
    -------
    list of list of str
        Model, figure, mean, limits, prediction interval, I² and number of sites.
    """
    by_role: dict[tuple[str, str], Any] = {
        (row["metric"], row["role"]): row for row in part.to_dict("records")
    }
    names = [*model_label(model).split("\n"), *[""] * len(METRICS)]
    shown = [metric for metric in METRICS if (metric[0], "pooled") in by_role]
    rows = []
    for name, (metric, head, decimals) in zip(names, shown, strict=False):
        mean, ahead = (by_role[metric, role] for role in ("pooled", "prediction"))
        estimate = _number(mean["estimate"], decimals)
        limits = [_limits(row, decimals) for row in (mean, ahead)]
        spread = _number(100 * mean["i2"], 0, " %")
        rows.append([name, head, estimate, *limits, spread, f"{mean['n_sites']:.0f}"])
    return rows


def show_flows(flows: Mapping[str, pd.DataFrame]) -> None:
    """Write the participant flow of each endpoint."""
    columns = ("step", "reason", "n", "excluded")
    for endpoint, flow in flows.items():
        cells = flow.loc[:, list(columns)].astype(object).where(flow.notna(), "")
        rows = [[str(cell) for cell in row] for row in cells.to_numpy().tolist()]
        table(f"Participants: {endpoint}", columns, rows, left=2)
        say()


def show_importance(importance: pd.DataFrame, *, simulated: bool, top: int = 5) -> None:
    """Write the predictors each model relies on most.

    Parameters
    ----------
    importance : pandas.DataFrame
        Columns endpoint, prediction_time, predictor, concept, mean_abs_log_odds.
    simulated : bool
        Whether model or data are simulated.
    top : int
        Predictors per model.
    """
    rows = []
    for key, part in importance.groupby(["endpoint", "prediction_time"], sort=False):
        ranked = part.sort_values("mean_abs_log_odds", ascending=False).head(top)
        cells = ranked[["predictor", "concept", "mean_abs_log_odds"]].to_numpy().tolist()
        names = ["_".join(map(str, key)), *[""] * (top - 1)]
        rows += [
            (name, predictor, concept, f"{size:.3f}")
            for name, (predictor, concept, size) in zip(names, cells, strict=False)
        ]
    heads = ("model", "predictor", "concept", "mean |log-odds|")
    table((BANNER if simulated else "") + "what the models rely on most", heads, rows, left=3)


def model_label(model: str) -> str:
    """Return the name of a model on two lines: endpoint, prediction time."""
    for time in ("preprocedure", "postprocedure"):
        if model.endswith(f"_{time}"):
            return f"{model.removesuffix(f'_{time}')}\n{time}"
    return model


def _number(value: float, decimals: int, unit: str = "") -> str:
    return f"{value:.{decimals}f}{unit}" if value == value else "undefined"


def _limits(row: Any, decimals: int) -> str:
    if row["lower"] != row["lower"]:
        return "undefined"
    return f"{row['lower']:.{decimals}f}, {row['upper']:.{decimals}f}"


def figure_cell(by_metric: pd.DataFrame, metric: str, decimals: int) -> str:
    """Return a figure of a table indexed by metric, its limits on a second line."""
    if metric not in by_metric.index:
        return ""
    row = by_metric.loc[metric]
    if row["estimate"] != row["estimate"]:
        return "undefined"
    text = f"{row['estimate']:.{decimals}f}"
    if row["lower"] != row["lower"]:
        return text
    return f"{text}\n{_limits(row, decimals)}"
