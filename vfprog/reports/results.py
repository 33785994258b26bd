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
_LEARNERS = "Learners alone are not recalibrated."
_FROZEN = "Frozen is the model before the update, on the same participants."
_SHIPPED = (
    " Some fold decided otherwise than the update: the cross-validated figures are of the "
    "procedure. Shipped is the model of this bundle on the participants it was changed on."
)
_VALIDATION = {"model", "metric", "estimate", "lower", "upper", "bundle_sha256", "registry_sha256",
               "simulated"}  # fmt: skip
_ORIGINS = ("developed_on", "judged_on")
_MOVED = ("calibration_in_the_large", "calibration_slope", "observed_expected")
MOST_ROWS = 60  # of a table no section was made for
# Tables another section of the page shows, or draws.
ELSEWHERE = ("flow_", "characteristics_", "delta_adjusted_", "accrual", "sample_size",
             "calibration_curve", "decision_curve", "risk_distribution", "importance",
             "comparator_decision_curves", "development_", "instability_by_risk",
             "calibration_instability")  # fmt: skip


def headline_grid(evidence: Evidence) -> Grid:
    """Return the figures of the first screen: a row per model."""
    table = evidence.performance
    shown = table[table["learner"] == SHOWN]
    what = "Performance after the update" if evidence.updated else "Cross-validated performance"
    grid = wide(shown, ["model"], HEADLINE, caption=f"{what}, 95 % intervals",
                first=evidence.titles)  # fmt: skip
    return replace(grid, notes=(*grid.notes, *_as_shipped(evidence)))


def _as_shipped(evidence: Evidence) -> list[str]:
    """Return a note per model whose folds decided otherwise than the update did."""
    table = evidence.performance
    table = table[(table["learner"] == "shipped") & table["metric"].isin(_MOVED)]
    return [
        f"{evidence.titles[str(model)]}: of the procedure, for some folds decided otherwise. As "
        "shipped (apparent): "
        + ", ".join(f"{label(row['metric'])} {figure(row)}" for row in part.to_dict("records"))
        for model, part in table.groupby("model", sort=False)
    ]


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
    said, caption = _LEARNERS, "Cross-validated figures, 95 % intervals"
    if evidence.updated:
        origin = evidence.origins.get(model, {})
        said = _FROZEN + (_SHIPPED if "shipped" in learners else "")
        caption = f"Figures made by {origin.get('judged_by', NONE)}, 95 % intervals"
    told = f"{n:,} participants with a known outcome{_effective(evidence, model)}, {events:,} with"
    notes = (f"{told} the event. {said}", *dict.fromkeys(reasons))
    return Grid(caption, ("Figure", *(label(name) for name in learners)), lines, notes)


def external_grids(evidence: Evidence) -> dict[str, Grid]:
    """Return the performance of the frozen models on each other registry, by its name."""
    return {name: external_grid(evidence, table, name) for name, table in evidence.external.items()}


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
        It is no such table, of another bundle, or of the data the models come from.
    """
    lacking = _VALIDATION - set(table.columns)
    if lacking:
        raise ConfigError(f"{name} is no table of vfprog validate: it lacks {sorted(lacking)}")
    if table.empty:
        raise ConfigError(f"{name} has no row: nothing was validated")
    ours = evidence.bundle.identity.sha256
    others = sorted({str(sha) for sha in table["bundle_sha256"]} - {ours})
    if others:
        raise ConfigError(
            f"{name} is a validation of another bundle: bundle_sha256 is {_short(others)}, this "
            f"bundle's is {ours[:12]}; run vfprog validate with this bundle"
        )
    known = sorted({str(sha) for sha in table["registry_sha256"]} & _own_data(evidence))
    if known:
        raise ConfigError(
            f"{name} is of the data the models come from (registry_sha256 {_short(known)}): that "
            "is no validation on another registry"
        )
    mark = "SIMULATED DATA: frozen" if table["simulated"].astype(bool).any() else "Frozen"
    return wide(table, ["model"], FIGURES, caption=f"{mark} models on {name}, 95 % intervals",
                first=evidence.titles)  # fmt: skip


def _own_data(evidence: Evidence) -> set[str]:
    """Return the digests of the data the models were developed, updated or judged on."""
    origins = [one[what] for one in evidence.origins.values() for what in _ORIGINS]
    digests = {data.get("digest") for data in (evidence.provenance, *origins)}
    return {str(digest) for digest in digests if digest}


def _short(digests: list[str]) -> str:
    return ", ".join(digest[:12] for digest in digests)


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
