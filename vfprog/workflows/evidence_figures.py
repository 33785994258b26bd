"""Figures of the evidence about one model: sites, subgroups, comparators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.plots.base import mark_simulated, new_figure
from vfprog.plots.comparison import plot_differences
from vfprog.plots.forest import forest_height, plot_forest
from vfprog.plots.subgroups import plot_subgroups, subgroups_height
from vfprog.plots.utility import plot_decision_curve
from vfprog.records import Figure
from vfprog.workflows.curves import of_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


WORDS = {
    "c_statistic": "c-statistic",
    "calibration_slope": "Calibration slope",
    "calibration_in_the_large": "Calibration in the large",
    "brier": "Brier score",
}
DRAWN_BY_SITE = ("c_statistic", "calibration_slope", "calibration_in_the_large")
"""Figures drawn by site; the table holds the others too."""
DRAWN_BY_GROUP = ("c_statistic", "calibration_in_the_large")
DRAWN_DIFFERENCES = ("c_statistic", "brier")
_WIDTH = 7.2


def forest_figures(
    table: pd.DataFrame, *, prefix: str, title: str, simulated: bool
) -> Iterator[Figure]:
    """Yield forest plots by site of one model.

    Parameters
    ----------
    table : pandas.DataFrame
        As of `vfprog.validation.heterogeneity.by_site`.
    prefix : str
        First part of the names.
    title : str
        Title.
    simulated : bool
        Whether any of the patients is simulated.

    Yields
    ------
    Figure
        ``<prefix>_<metric>`` for each of `DRAWN_BY_SITE`.
    """
    for metric in DRAWN_BY_SITE:
        figure, ax = new_figure(_WIDTH, forest_height(table, metric))
        plot_forest(table, ax, metric=metric, title=title, labels=WORDS)
        yield Figure(f"{prefix}_{metric}", mark_simulated(figure) if simulated else figure)


def evidence_figures(
    tables: Mapping[str, pd.DataFrame],
    performance: pd.DataFrame,
    model: str,
    *,
    title: str,
    simulated: bool,
) -> Iterator[Figure]:
    """Yield the figures of a training's evidence about one model, as far as it is defined.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Long tables of the training.
    performance : pandas.DataFrame
        Its cross-validated performance.
    model : str
        Name of the model.
    title : str
        Title.
    simulated : bool
        Whether the patients are simulated.

    Yields
    ------
    Figure
        ``internal_external_<metric>``, ``subgroups_<metric>``, ``comparators_<metric>`` and
        ``comparator_decision_curves``.
    """
    sites = _rows(tables, "internal_external", model)
    if len(sites) and sites["estimate"].notna().any():
        yield from forest_figures(
            sites,
            prefix="internal_external",
            title=f"{title}, each site left out",
            simulated=simulated,
        )
    judged = f"{title}, cross-validated"
    drawn: list[tuple[str, float, Callable[[Any], object]]] = [
        *_of_subgroups(_rows(tables, "subgroups", model), _headline(performance, model), judged),
        *_of_comparators(tables, model, judged),
    ]
    for name, height, draw in drawn:
        figure, ax = new_figure(_WIDTH, height)
        draw(ax)
        yield Figure(name, mark_simulated(figure) if simulated else figure)


def _rows(tables: Mapping[str, pd.DataFrame], name: str, model: str) -> pd.DataFrame:
    """Return the rows of a model; none where the table was not made, as by an update."""
    return of_model(tables[name], model) if name in tables else pd.DataFrame()


def _headline(performance: pd.DataFrame, model: str) -> dict[str, float]:
    rows = performance[(performance["model"] == model) & (performance["learner"] == "model")]
    return dict(zip(rows["metric"], rows["estimate"].astype(float), strict=True))


def _of_subgroups(
    table: pd.DataFrame, whole: Mapping[str, float], title: str
) -> Iterator[tuple[str, float, Callable[[Any], object]]]:
    for metric in DRAWN_BY_GROUP if len(table) else ():

        def draw(ax: Any, metric: str = metric) -> object:
            return plot_subgroups(
                table, ax, metric=metric, whole=whole.get(metric), title=title, labels=WORDS
            )

        yield f"subgroups_{metric}", subgroups_height(table, metric), draw


def _of_comparators(
    tables: Mapping[str, pd.DataFrame], model: str, title: str
) -> Iterator[tuple[str, float, Callable[[Any], object]]]:
    differences = _rows(tables, "comparator_differences", model)
    for metric in DRAWN_DIFFERENCES if len(differences) else ():
        rows = int(((differences["metric"] == metric) & differences["difference"].notna()).sum())
        if not rows:
            continue

        def draw(ax: Any, metric: str = metric) -> object:
            return plot_differences(differences, ax, metric=metric, title=title, labels=WORDS)

        yield f"comparators_{metric}", 1.2 + 0.25 * rows, draw
    curves = _rows(tables, "comparator_decision_curves", model)
    if curves.empty:
        return
    labels = dict(zip(curves["strategy"], curves["label"], strict=True))
    yield (
        "comparator_decision_curves",
        4.8,
        lambda ax: plot_decision_curve(curves, ax, title=title, labels=labels),
    )
