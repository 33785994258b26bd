"""The kinds of evidence beyond the headline, and how the page tables each for one model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from vfprog.reports.evidence import SHOWN
from vfprog.reports.grid import OF_MODEL, Grid, label, plain, wide

if TYPE_CHECKING:
    from collections.abc import Callable

    from vfprog.reports.evidence import Evidence

_NAMED_ROLES = {"pooled": "Pooled", "prediction": "A new site (prediction interval)"}
_ALONE = "One alone: nothing pooled"
_SINGLES_SHOWN = 5
_BESIDE = ("c_statistic", "calibration_slope", "brier", "scaled_brier")
_FEW = ("c_statistic", "calibration_slope", "calibration_in_the_large", "scaled_brier")
# The heading of a table tells these.
_TOLD = (*OF_MODEL, "learner")
_FIGURE = ("metric", "estimate", "lower", "upper", "n", "n_events", "reason")
_OPTIMISM = (
    "metric", "estimator", "apparent", "optimism", "estimate", "lower", "upper",
    "n_resamples", "reason", "remark",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One kind of evidence and where it is kept.

    Parameters
    ----------
    name : str
        Anchor on the page.
    title : str
        Heading.
    tables : tuple of str
        Long tables of the bundle that hold it.
    needs : str
        What it is made from, see `Evidence.why_not`.
    about : str
        How to read it, a sentence or two.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    needs: str
    about: str


PARTS = (
    Part("optimism", "Optimism: Harrell and .632+", ("optimism",), "resamples",
         "Apparent figures less the optimism of bootstrap refits of the whole procedure. Harrell's "
         "correction holds for procedures that do not fit their sample closely; for a blend with "
         "trees the cross-validated figures are the ones to believe."),
    Part("temporal", "Later participants", ("validations",), "dates",
         "A model fitted to the earlier participants, judged on the later ones."),
    Part("sites", "Site by site (internal-external)", ("internal_external", "validations"), "sites",
         "Each site is judged by a model fitted without it; sites are pooled by random effects. "
         "The prediction interval says what may be expected at a new site."),
    Part("subgroups", "Subgroups", ("subgroups",), "",
         "The risks behind the performance, judged within groups. Small groups are suppressed by "
         "the rule below the table."),
    Part("comparators", "Comparators", ("comparators", "comparator_differences"), "",
         "Judged on the same folds as the model; differences are paired, model minus comparator: "
         "above 0 the model is ahead in the c-statistic and in net benefit, below 0 in a "
         "Brier score or loss."),
    Part("calibration-test", "Test of calibration", ("calibration_tests",), "",
         "A test of moderate calibration without groups of risk. A large p-value is no proof that "
         "a model is calibrated: the curve and its band say how far off it may be."),
    Part("instability", "Instability of individual risks", ("instability",), "resamples",
         "How far the risk of one and the same participant differs between bootstrap refits. It is "
         "no confidence interval of the true risk."),
    Part("imputation", "Single against multiple imputation", ("missing_data",), "imputations",
         "The models impute once; multiple imputation inside the resample, pooled by Rubin's "
         "rules, is the comparison."),
    Part("refits", "Refits: asked for, fitted, failed", ("refits",), "",
         "The whole procedure was refitted in every fold, resample, without every site and on the "
         "earlier participants; failures are counted, not hidden. One that learned nothing gives "
         "everybody the prevalence of its sample."),
    Part("time-to-event", "As a time to an event", ("time_to_event",), "times",
         "Dated endpoints only: censoring undone by its Kaplan-Meier estimate, death competing."),
    Part("case-mix", "Case mix", ("case_mix",), "",
         "What to set another population beside before the models travel."),
)  # fmt: skip


def part_grids(evidence: Evidence, part: Part, model: str) -> list[Grid]:
    """Return the tables of one kind of evidence for one model; none where there is none."""
    make = _MAKERS.get(part.name)
    if make is not None:
        return make(evidence, model)
    kept = [evidence.of_model(name, model) for name in part.tables]
    return [plain(rows, caption=part.title, drop=_TOLD) for rows in kept if rows is not None]


def _temporal(evidence: Evidence, model: str) -> list[Grid]:
    return _validated(evidence, model, "temporal", "Judged on the later participants")


def _validated(evidence: Evidence, model: str, kind: str, caption: str) -> list[Grid]:
    """Return the figures of one kind of internal validation, or why they are undefined."""
    rows = evidence.of_model("validations", model)
    rows = None if rows is None else rows[rows["validation"] == kind]
    if rows is None or not len(rows):
        return []
    if rows["estimate"].isna().all():
        return [_not_computed(caption, rows)]
    grid = plain(rows[[c for c in _FIGURE if c in rows]], caption=caption)
    design = [str(said) for said in rows.get("design", pd.Series(dtype=str)).unique() if said]
    return [replace(grid, notes=(*grid.notes, *design))]


def _not_computed(caption: str, rows: pd.DataFrame) -> Grid:
    """Return, in place of rows of dashes, why there is nothing in them."""
    reasons = [(str(said),) for said in rows["reason"].unique() if said]
    return Grid(caption, ("Not computed",), tuple(reasons))


def _sites(evidence: Evidence, model: str) -> list[Grid]:
    rows = evidence.of_model("internal_external", model)
    if rows is None:
        return []
    if rows["estimate"].isna().all():
        return [_not_computed("By site and pooled", rows)]
    named = rows.assign(site=rows["role"].map(_NAMED_ROLES).fillna(rows["site"]))
    named.loc[(rows["role"] == "pooled") & (rows["n_sites"] == 1), "site"] = _ALONE
    grid = wide(named, ["site"], named["metric"].unique(), caption="By site and pooled",
                first={name: name for name in named["site"]})  # fmt: skip
    pooled = rows[(rows["role"] == "pooled") & rows["i2"].notna()].to_dict("records")
    spread = "; ".join(f"{label(row['metric'])} {100 * row['i2']:.0f} %" for row in pooled)
    notes = (f"I2: {spread}.",) if spread else ()
    return [
        replace(grid, notes=(*notes, *grid.notes)),
        *_validated(evidence, model, "internal_external", "All sites together, each left out"),
    ]


def _subgroups(evidence: Evidence, model: str) -> list[Grid]:
    rows = evidence.of_model("subgroups", model)
    if rows is None:
        return []
    named = rows.assign(grouping=rows["label"])
    kept = {name: name for name in (*named["grouping"], *named["group"].astype(str))}
    grid = wide(named, ["grouping", "group"], _FEW, caption="By group", first=kept)
    fewest = evidence.bundle.manifest["subgroups"].get("rules", {}).get("fewest")
    rule = () if fewest is None else (
        f"Suppressed: groups of fewer than {fewest['participants']} participants, or with fewer "
        f"than {fewest['events']} with, or without, the event.",
    )  # fmt: skip
    return [replace(grid, notes=(*rule, *grid.notes))]


def _comparators(evidence: Evidence, model: str) -> list[Grid]:
    table = evidence.of_model("comparators", model)
    if table is None:
        return []
    left = lesser_singles(evidence, model)
    shown = table[~table["comparator"].isin(left)]
    words = {name: name for name in shown["label"]}
    grid = wide(shown.assign(comparator=shown["label"]), ["comparator"], _BESIDE,
                caption="Comparators, cross-validated", counts=False, first=words)  # fmt: skip
    purpose = shown.drop_duplicates("comparator")
    told = purpose[purpose["made_for"].astype(bool) & (purpose["kind"] != "single")]
    notes = [
        f"{row['label']}: {'; '.join(filter(None, (row['made_for'], row['note'])))}."
        for row in told.to_dict("records")
    ]
    if left:
        notes.append(f"Of the single predictors the {_SINGLES_SHOWN} with the highest c-statistic; "
                     f"{len(left)} more are in the table comparators.")  # fmt: skip
    return [replace(grid, notes=(*notes, *grid.notes)), *_differences(evidence, model, left)]


def lesser_singles(evidence: Evidence, model: str) -> set[str]:
    """Return the single predictors that are not shown: all but those of the highest c-statistic."""
    table = evidence.of_model("comparators", model)
    if table is None:
        return set()
    ranked = table[(table["kind"] == "single") & (table["metric"] == "c_statistic")]
    best = ranked.sort_values("estimate", ascending=False, kind="stable")["comparator"]
    return set(best[_SINGLES_SHOWN:])


def _differences(evidence: Evidence, model: str, left: set[str]) -> list[Grid]:
    table = evidence.of_model("comparator_differences", model)
    if table is None:
        return []
    shown = table[~table["comparator"].isin(left)]
    words = {name: name for name in shown["label"]}
    named = shown.assign(comparator=shown["label"], estimate=shown["difference"])
    return [wide(named, ["comparator"], named["metric"].unique(), counts=False, first=words,
                 caption="Model minus comparator, paired, 95 % intervals")]  # fmt: skip


def _optimism(evidence: Evidence, model: str) -> list[Grid]:
    table = evidence.of_model("optimism", model)
    if table is None:
        return []
    columns = [name for name in _OPTIMISM if name in table]
    return [
        plain(part[columns], caption=f"Corrected for optimism: {label(str(learner))}")
        for learner, part in table.groupby("learner", sort=False)
    ]


def _time_to_event(evidence: Evidence, model: str) -> list[Grid]:
    """Return the figures there are; those without one are named below, with the reason."""
    table = evidence.of_model("time_to_event", model)
    if table is None:
        return []
    none = table["estimate"].isna()
    notes = tuple(
        f"{', '.join(label(str(name)) for name in rows['metric'])} not given: {reason}."
        for reason, rows in table[none].groupby("reason", sort=False)
    )
    if none.all():
        return [Grid("As a time to an event", ("Not computed",), tuple((n,) for n in notes))]
    grid = plain(table[~none], caption="As a time to an event", drop=_TOLD)
    return [replace(grid, notes=(*grid.notes, *notes))]


def _calibration_test(evidence: Evidence, model: str) -> list[Grid]:
    table = evidence.of_model("calibration_tests", model)
    if table is None:
        return []
    shown = table[table["learner"] == SHOWN]
    return [plain(shown, caption="Test of calibration", drop=_TOLD)]


def _imputation(evidence: Evidence, model: str) -> list[Grid]:
    table = evidence.of_model("missing_data", model)
    if table is None:
        return []
    words = {name: name for name in table["imputation"]}
    told = table.drop_duplicates("imputation")[["imputation", "how"]].to_numpy().tolist()
    notes = [f"{name}: {how}." for name, how in told]
    grid = wide(table, ["imputation"], (*_BESIDE, "calibration_in_the_large", "ici"),
                caption="By way of imputation", counts=False, first=words)  # fmt: skip
    return [replace(grid, notes=(*notes, *grid.notes))]


_MAKERS: dict[str, Callable[[Evidence, str], list[Grid]]] = {
    "temporal": _temporal, "sites": _sites, "subgroups": _subgroups, "comparators": _comparators,
    "optimism": _optimism, "imputation": _imputation,
    "calibration-test": _calibration_test, "time-to-event": _time_to_event,
}  # fmt: skip
