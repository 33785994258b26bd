"""Figures and tables of a training and of an explanation, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.explain.attribution import attribution_table, importance
from vfprog.plots.base import mark_simulated, new_figure
from vfprog.plots.calibration import plot_calibration
from vfprog.plots.contributions import plot_beeswarm, plot_importance
from vfprog.plots.flow import ending_in_events, plot_flow
from vfprog.plots.utility import plot_decision_curve
from vfprog.records import Figure, Table
from vfprog.workflows.reliance import MAX_EXPLAINED, explained_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from vfprog.data.cohort import Cohort
    from vfprog.schema.dictionary import Dictionary
    from vfprog.scoring.model import PrognosticModel


def curve_figures(
    tables: Mapping[str, pd.DataFrame], *, title: str, simulated: bool
) -> Iterator[Figure]:
    """Yield decision curve and calibration of one model, as far as there are tables of them.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Of ``risk_distribution``, ``decision_curve`` and ``calibration_curve`` those that are
        defined, see `vfprog.workflows.curves.judged_curves`.
    title : str
        Title of the figures.
    simulated : bool
        Whether any of the patients is simulated.

    Yields
    ------
    Figure
        ``decision_curve`` and ``calibration``.
    """
    shares = tables["risk_distribution"]
    yield _drawn("decision_curve", simulated, lambda ax: plot_decision_curve(
        tables["decision_curve"], ax, title=title))  # fmt: skip
    curve = tables.get("calibration_curve")
    if curve is not None and len(curve):
        yield _drawn("calibration", simulated, lambda ax: plot_calibration(
            curve, ax, distribution=shares, title=title))  # fmt: skip


def explained_figures(
    model: PrognosticModel,
    cohort: Cohort,
    dictionary: Dictionary,
    labels: dict[str, str],
    *,
    max_rows: int = MAX_EXPLAINED,
    random_state: int = 0,
) -> Iterator[Table | Figure]:
    """Yield contributions, importance, bar and beeswarm of one model.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    cohort : Cohort
        Participants to explain.
    dictionary : Dictionary
        Dictionary of the model.
    labels : dict of str to str
        Words for predictors and two-parent features.
    max_rows : int
        Participants explained, drawn at random from more.
    random_state : int
        Seed of that draw.

    Yields
    ------
    Table or Figure
        ``contributions``, ``importance`` and ``importance_concepts`` as long tables, and figures.
    """
    rows = explained_rows(cohort.n, most=max_rows, random_state=random_state)
    table = attribution_table(model, cohort.arrays.take(rows), dictionary, cohort.episode_id[rows])
    title = f"{model.endpoint.label}, {model.prediction_time}"
    ranked = importance(table)
    yield Table("contributions", table)
    yield Table("importance", ranked)
    yield Table("importance_concepts", importance(table, by="concept"))
    yield _drawn("shap_importance", cohort.simulated, lambda ax: plot_importance(
        ranked, ax, title=title, labels=labels), height=6.4)  # fmt: skip
    yield _drawn("shap_beeswarm", cohort.simulated, lambda ax: plot_beeswarm(
        table, ax, title=title, labels=labels), height=6.4)  # fmt: skip


def flow_figure(cohort: Cohort) -> Figure:
    """Return the participant flow of a cohort as a figure, ending in those with the event."""
    drawn = ending_in_events(cohort.flow)
    title = cohort.endpoint.label
    return _drawn(
        "participant_flow", cohort.simulated, lambda ax: plot_flow(drawn, ax, title=title), height=6
    )


def line_labels(model: PrognosticModel, dictionary: Dictionary) -> dict[str, str]:
    """Return the words for each line of a model's explanations."""
    derived = {feature.name: feature.label for feature in model.features}
    known = {p.name: p.label for p in dictionary.predictors}
    names = [line.predictor for line in model.lines]
    return {name: known.get(name, derived.get(name, name)) for name in names}


def _drawn(
    name: str, simulated: bool, draw: Callable[[Any], object], *, height: float = 4.6
) -> Figure:
    figure, ax = new_figure(7.2, height)
    draw(ax)
    return Figure(name, mark_simulated(figure) if simulated else figure)
