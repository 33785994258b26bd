"""The figures of a report: drawn from the tables of a bundle, stamped if simulated."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vfprog.plots.base import mark_simulated, new_figure, svg_of
from vfprog.plots.calibration import plot_calibration
from vfprog.plots.comparison import plot_differences
from vfprog.plots.contributions import plot_importance
from vfprog.plots.distribution import plot_risk_distribution
from vfprog.plots.flow import OBSERVED_STEP, ending_in_events, plot_flow
from vfprog.plots.forest import forest_height, plot_forest
from vfprog.plots.instability import plot_instability
from vfprog.plots.performance import plot_performance
from vfprog.plots.subgroups import plot_subgroups, subgroups_height
from vfprog.plots.utility import plot_decision_curve
from vfprog.reports.evidence import SHOWN
from vfprog.reports.grid import LABELS, label
from vfprog.reports.grid import figure as figure_words
from vfprog.reports.parts import lesser_singles
from vfprog.reports.words import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from vfprog.reports.evidence import Evidence

_WIDTH, _HEIGHT = 5.4, 4.0
_WHOLE = {
    False: "c-statistic of each model, cross-validated", True: "c-statistic of each model updated",
}  # fmt: skip
_LARGEST = 12  # predictors in the figure of importance


@dataclass(frozen=True)
class Picture:
    """A figure ready for a page.

    Parameters
    ----------
    source : str
        The drawing, as the address of an image that holds it.
    alt : str
        What it shows, for those who cannot see it.
    caption : str
        Title below it.
    width, height : int
        Size in CSS pixels.
    """

    source: str
    alt: str
    caption: str
    width: int
    height: int


def flow_picture(evidence: Evidence, endpoint: str) -> Picture | None:
    """Return the participant flow of an endpoint, None where the bundle keeps none."""
    flow = evidence.frames.get(f"flow_{endpoint}")
    if flow is None or not (flow["step"] == OBSERVED_STEP).any():
        return None
    drawn = ending_in_events(flow)
    n, last = int(drawn["n"].iloc[0]), drawn["n"].tolist()
    alt = f"Flow diagram: of {n} episodes {last[-2]} have a known outcome, {last[-1]} the event."
    height = 1.15 * drawn["step"].nunique() + 0.4
    return _picture(evidence, lambda ax: plot_flow(drawn, ax), alt, "Participant flow", height)


def calibration_picture(evidence: Evidence, model: str) -> Picture | None:
    """Return the calibration curve of a model with its band, None where it is undefined."""
    curve, spread = (evidence.of_model(name, model) for name in
                     ("calibration_curve", "risk_distribution"))  # fmt: skip
    if curve is None:
        return None
    slope = evidence.headline(model).get("calibration_slope")
    said = f" Calibration slope {figure_words(slope)}." if slope else ""
    low, high = curve["risk"].min(), curve["risk"].max()
    alt = (
        f"Calibration curve: observed against predicted risk from {percent(low)} to "
        f"{percent(high)}, with a 95 % band, over the distribution of the risks.{said}"
    )
    caption = f"Calibration, {evidence.judged}, with its 95 % band"
    return _picture(
        evidence, lambda ax: plot_calibration(curve, ax, distribution=spread), alt, caption
    )


def decision_picture(evidence: Evidence, model: str) -> Picture | None:
    """Return the decision curve of a model, None where the bundle keeps none."""
    curve = evidence.of_model("decision_curve", model)
    if curve is None:
        return None
    ahead = _range_ahead(curve)
    alt = f"Decision curve: net benefit of the model against treating all and none. {ahead}"
    labels = {"model": "Model", "treat_all": "Treat all", "treat_none": "Treat none"}
    return _picture(evidence, lambda ax: plot_decision_curve(curve, ax, labels=labels), alt,
                    f"Net benefit, {evidence.judged}, with 95 % limits")  # fmt: skip


def _range_ahead(curve: pd.DataFrame) -> str:
    """Return in words between which thresholds the model does better than all and none."""
    table = curve.pivot_table(index="threshold", columns="strategy", values="net_benefit")
    if not {"model", "treat_all", "treat_none"} <= set(table.columns):
        return ""
    ahead = table.index[table["model"] > table[["treat_all", "treat_none"]].max(axis=1)]
    if not len(ahead):
        return "The model is above both at no threshold."
    return f"It is above both from {percent(min(ahead))} to {percent(max(ahead))} or nearly so."


def distribution_picture(evidence: Evidence, model: str) -> Picture | None:
    """Return the distribution of a model's risks, None where the bundle keeps none."""
    table = evidence.of_model("risk_distribution", model)
    if table is None:
        return None
    event = percent(float(table.loc[table["outcome"] == 1, "share"].sum()))
    alt = f"Histogram of the risks, those with the event ({event}) upwards, the others downwards."
    return _picture(evidence, lambda ax: plot_risk_distribution(table, ax), alt,
                    f"Risks by outcome, {evidence.judged}")  # fmt: skip


def importance_picture(evidence: Evidence, model: str) -> Picture | None:
    """Return what a model relies on, with rank intervals, None where the bundle keeps none."""
    table = evidence.of_model("importance", model)
    if table is None:
        return None
    bundle = evidence.bundle
    labels = {name: bundle.label(name) for name in table["predictor"]} | bundle.dictionary.concepts
    first = ", ".join(bundle.label(name) for name in table["predictor"].head(3))
    alt = f"Bar chart of mean absolute contributions. The largest: {first}."
    caption = "What the model relies on"
    if table[["lower", "rank_lower"]].notna().any(axis=None):
        caption += " (bars), and over bootstrap refits the 5th to 95th percentile of the size "
        caption += "(lines) and of the rank (right)"
    return _picture(
        evidence, lambda ax: plot_importance(table, ax, max_rows=_LARGEST, labels=labels), alt,
        caption, width=9.0,
    )  # fmt: skip


def forest_picture(evidence: Evidence, model: str, metric: str) -> Picture | None:
    """Return a figure of a model by site with its mean, None where no site has it."""
    table = evidence.of_model("internal_external", model)
    rows = None if table is None else table[table["metric"] == metric]
    if rows is None or rows["estimate"].isna().all():
        return None
    pooled = rows[rows["role"] == "pooled"].to_dict("records")
    said = f"{_mean_words(pooled[0])} {figure_words(pooled[0])}." if pooled else ""
    alt = f"Forest plot of the {label(metric)} by site. {said}"
    return _picture(
        evidence, lambda ax: plot_forest(rows, ax, metric=metric, labels={metric: label(metric)}),
        alt, f"{label(metric)} by site, each judged by a model that never saw it",
        forest_height(rows, metric), width=8.0,
    )  # fmt: skip


def _mean_words(row: Mapping[Any, Any]) -> str:
    return "Nothing is pooled; the one judged has" if row["n_sites"] == 1 else "Pooled"


def comparators_picture(evidence: Evidence, model: str) -> Picture | None:
    """Return the decision curves of a model and its comparators, None without them."""
    curve = evidence.of_model("comparator_decision_curves", model)
    if curve is None:
        return None
    labels = dict(curve[["strategy", "label"]].drop_duplicates().to_numpy().tolist())
    others = curve["strategy"] != SHOWN  # so many bands would hide each other
    for limit in ("lower", "upper"):
        curve[limit] = curve[limit].mask(others, curve["net_benefit"])
    names = ", ".join(labels.values())
    return _picture(
        evidence, lambda ax: plot_decision_curve(curve, ax, labels=labels),
        f"Decision curves of {names}.",
        "Net benefit of the model, with 95 % limits, and of its comparators",
        height=5.4, width=9.0,
    )  # fmt: skip


def differences_picture(evidence: Evidence, model: str) -> Picture | None:
    """Return how far a model is ahead of its comparators, None without them."""
    table = evidence.of_model("comparator_differences", model)
    rows = None if table is None else table[table["metric"] == "c_statistic"]
    left = lesser_singles(evidence, model)
    rows = None if rows is None else rows[rows["difference"].notna()]
    rows = None if rows is None else rows[~rows["comparator"].isin(left)]
    if rows is None or not len(rows):
        return None
    said = "; ".join(f"{row['label']} {row['difference']:+.3f}" for row in rows.to_dict("records"))
    return _picture(
        evidence,
        lambda ax: plot_differences(rows, ax, metric="c_statistic", labels=LABELS),
        f"Differences in c-statistic, model minus comparator: {said}.",
        "Difference in c-statistic, model minus comparator, with 95 % intervals",
        1.3 + 0.27 * len(rows), width=9.0,
    )  # fmt: skip


def subgroups_picture(evidence: Evidence, model: str) -> Picture | None:
    """Return the c-statistic of a model by group, None without groups."""
    table = evidence.of_model("subgroups", model)
    rows = None if table is None else table[table["metric"] == "c_statistic"]
    if rows is None or rows["estimate"].isna().all():
        return None
    whole = evidence.headline(model).get("c_statistic", {}).get("estimate")
    low, high = rows["estimate"].min(), rows["estimate"].max()
    return _picture(
        evidence,
        lambda ax: plot_subgroups(rows, ax, metric="c_statistic", whole=whole, labels=LABELS),
        f"c-statistic by group, from {low:.2f} to {high:.2f}.",
        "c-statistic by group; the line is that of all", subgroups_height(rows, "c_statistic"),
        width=8.0,
    )  # fmt: skip


def instability_picture(evidence: Evidence, model: str) -> Picture | None:
    """Return how far refits differ along the risk, None where the bundle keeps no such table."""
    table = evidence.of_model("instability_by_risk", model)
    if table is None:
        return None
    wide = float((table["upper"] - table["lower"]).mean())
    alt = (f"Instability plot: risks of the refits against the risk shown; the 90 % instability "
           f"interval is on average {100 * wide:.0f} percentage points wide.")  # fmt: skip
    return _picture(evidence, lambda ax: plot_instability(table, ax), alt,
                    "Risks of bootstrap refits along the risk shown")  # fmt: skip


def headline_picture(evidence: Evidence) -> Picture | None:
    """Return the c-statistics of all models side by side, None where there is none."""
    table = evidence.performance
    table = table[(table["learner"] == "model") & (table["metric"] == "c_statistic")]
    if not len(table) or table["estimate"].isna().all():
        return None
    labels = evidence.titles | {"c_statistic": label("c_statistic")}
    alt = "; ".join(f"{evidence.titles[row['model']]}: {figure_words(row)}"
                    for row in table.to_dict("records"))  # fmt: skip
    height = 1.0 + 0.36 * len(table)
    return _picture(
        evidence, lambda ax: plot_performance(table, ax, metric="c_statistic", by="model",
                                              labels=labels),
        f"c-statistics with 95 % intervals. {alt}.", _WHOLE[evidence.updated],
        height, width=9.0,
    )  # fmt: skip


def _picture(
    evidence: Evidence, draw: Callable[[Any], object], alt: str, caption: str,
    height: float = _HEIGHT, *, width: float = _WIDTH,
) -> Picture:  # fmt: skip
    drawing, ax = new_figure(width, height)
    draw(ax)
    simulated = evidence.bundle.simulated
    svg = svg_of(mark_simulated(drawing) if simulated else drawing)
    encoded = base64.b64encode(svg.encode()).decode()
    mark = "SIMULATED DATA. " if simulated else ""
    return Picture(f"data:image/svg+xml;base64,{encoded}", mark + alt, caption,
                   round(96 * width), round(96 * height))  # fmt: skip
