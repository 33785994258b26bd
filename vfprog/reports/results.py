"""How well the models did: every table of the evidence as the page shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vfprog.errors import ConfigError
from vfprog.reports.evidence import SHOWN
from vfprog.reports.grid import NONE, Grid, figure, label, plain, wide
from vfprog.reports.parts import PARTS

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.reports.evidence import Evidence


HEADLINE = ("c_statistic", "calibration_slope", "calibration_in_the_large", "observed_expected",
            "ici", "scaled_brier")  # fmt: skip
FIGURES = ("c_statistic", "calibration_in_the_large", "calibration_slope", "observed_expected",
           "ici", "e50", "e90", "emax", "brier", "scaled_brier")  # fmt: skip
MOST_ROWS = 60  # of a table no section was made for
# Tables another section of the page shows, or draws.
ELSEWHERE = ("flow_", "characteristics_", "delta_adjusted_", "accrual", "sample_size",
             "calibration_curve", "decision_curve", "risk_distribution", "importance",
             "comparator_decision_curves", "instability_by_risk",
             "calibration_instability")  # fmt: skip


def headline_grid(evidence: Evidence) -> Grid:
    """Return the figures of the first screen: a row per model."""
    table = evidence.performance
    shown = table[table["learner"] == SHOWN]
    return wide(shown, ["model"], HEADLINE, caption="Cross-validated performance, 95 % intervals",
                first=evidence.titles)  # fmt: skip


def performance_grid(evidence: Evidence, model: str) -> Grid | None:
    """Return all figures of one model and of its learners alone, None where there are none."""
    rows = evidence.performance[evidence.performance["model"] == model]
    if not len(rows):
        return None
    learners = list(dict.fromkeys(rows["learner"]))
    cells = {(r["metric"], r["learner"]): r for r in rows.to_dict("records")}
    lines = tuple(
        (label(metric), *(figure(cells[metric, name]) if (metric, name) in cells else NONE
                          for name in learners))
        for metric in dict.fromkeys(rows["metric"])
    )  # fmt: skip
    reasons = [f"{label(m)}, {label(name)}: {row['reason']}" for (m, name), row in cells.items()
               if row["reason"]]  # fmt: skip
    n, events = int(rows["n"].max()), int(rows["n_events"].max())
    told = f"{n:,} participants with a known outcome{_effective(evidence, model)}, {events:,} with"
    notes = (f"{told} the event. Learners alone are not recalibrated.", *dict.fromkeys(reasons))
    return Grid("Cross-validated figures, 95 % intervals",
                ("Figure", *(label(name) for name in learners)), lines, notes)  # fmt: skip


def _effective(evidence: Evidence, model: str) -> str:
    """Return what the outcome weights leave of the number of participants."""
    table = evidence.of_model("sample_size", model)
    if table is None or "n_effective" not in table:
        return ""
    return f" (effective sample size under their weights: {table['n_effective'].iloc[0]:,.0f})"


def external_grid(evidence: Evidence, table: pd.DataFrame, name: str) -> Grid:
    """Return the performance of the frozen models on another registry.

    Parameters
    ----------
    evidence : Evidence
        The bundle.
    table : pandas.DataFrame
        What ``vfprog validate --out`` wrote.
    name : str
        Name of the registry.

    Returns
    -------
    Grid
        A row per model.

    Raises
    ------
    ConfigError
        It is no such table, or of models this bundle does not have.
    """
    lacking = {"model", "metric", "estimate", "lower", "upper"} - set(table.columns)
    if lacking:
        raise ConfigError(f"{name} is no table of vfprog validate: it lacks {sorted(lacking)}")
    strange = sorted(set(table["model"]) - set(evidence.models))
    if strange:
        raise ConfigError(f"{name} is of other models than this bundle's: {', '.join(strange)}")
    return wide(table, ["model"], FIGURES, caption=f"Frozen models on {name}, 95 % intervals",
                first=evidence.titles)  # fmt: skip


def other_tables(evidence: Evidence) -> dict[str, Grid]:
    """Return the tables of the bundle no section shows, so that none is left out in silence."""
    shown = {name for part in PARTS for name in part.tables}
    return {
        name: plain(frame.head(MOST_ROWS), caption=name, drop=())
        for name, frame in evidence.frames.items()
        if name not in shown and not name.startswith(ELSEWHERE)
    }


def missing_outcome_grid(evidence: Evidence, endpoint: str) -> Grid | None:
    """Return the delta-adjusted risks of an endpoint, None where every outcome was seen."""
    table = evidence.frames.get(f"delta_adjusted_{endpoint}")
    if table is None:
        return None
    grid = plain(table, caption="If those whose outcome was not seen differ")
    note = ("Delta is added to the log-odds of those whose outcome was not seen; 0 is what the "
            "outcome weights assume.")  # fmt: skip
    return replace(grid, notes=(note,))
