"""Every model judged in the subgroups of the configuration, on risks it was not trained for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.models.procedure import cohort_weights
from vfprog.records import Table
from vfprog.schema.subgroups import UNKNOWN, load_subgroups
from vfprog.validation.performance import COLUMNS
from vfprog.validation.subgroups import by_subgroup
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray
    from vfprog.schema.subgroups import Subgroups
    from vfprog.workflows.refitting import Work

AT_THE_BEDSIDE = (
    "c_statistic", "calibration_in_the_large", "calibration_slope", "observed_expected", "brier",
)  # fmt: skip
"""Figures a prediction shows for the patient's groups."""
_BEDSIDE_COLUMNS = (
    "model", "grouping", "label", "group", "metric", "estimate", "lower", "upper", "n",
    "n_events", "reason",
)  # fmt: skip


def subgroup_tables(work: Work) -> Iterator[Table]:
    """Yield the figures of every model in every subgroup, on cross-validated risks.

    Parameters
    ----------
    work : Work
        Cohorts, models and cross-validated risks.

    Yields
    ------
    Table
        ``subgroups``: model, endpoint, prediction_time, learner and the columns of
        `subgroup_figures`.
    """
    rules, tables = load_subgroups(), []
    for name, fitted in work.fitted.items():
        cohort = work.cohorts[fitted.model.endpoint.name]
        weight = cohort_weights(cohort, work.settings)
        table = subgroup_figures(cohort, weight, work.risks[name]["model"], rules)
        tables.append(labelled(table, fitted.model, learner="model"))
    yield Table("subgroups", pd.concat(tables, ignore_index=True))


def subgroup_figures(
    cohort: Cohort, weight: FloatArray, risk: FloatArray, rules: Subgroups
) -> pd.DataFrame:
    """Judge risks in each subgroup.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    weight : ndarray of float, shape (n,)
        Their outcome weights, 0 where the outcome is not known.
    risk : ndarray of float, shape (n,) or (repeats, n)
        Their risks.
    rules : Subgroups
        Groupings, and the rule for small groups.

    Returns
    -------
    pandas.DataFrame
        grouping, label, group, the columns of performance, and p_difference; a grouping whose
        predictor nobody has is passed over.
    """
    tables = []
    for grouping in rules.known_to(cohort.dictionary):
        place = grouping.place(cohort.arrays.episodes, cohort.n)
        if (place == UNKNOWN).all():
            continue
        table = by_subgroup(
            cohort.outcome.event.astype(float), risk, place, grouping.groups(cohort.dictionary),
            rules.fewest, sample_weight=weight, groups=cohort.patient_id,
        )  # fmt: skip
        table.insert(0, "grouping", grouping.name)
        table.insert(1, "label", grouping.label)
        tables.append(table)
    if not tables:
        return pd.DataFrame(columns=["grouping", "label", "group", *COLUMNS, "p_difference"])
    return pd.concat(tables, ignore_index=True)


def bedside_part(table: pd.DataFrame) -> dict[str, Any]:
    """Return what the bundle's manifest keeps of the subgroups, for the prediction of a patient.

    Parameters
    ----------
    table : pandas.DataFrame
        The table ``subgroups``.

    Returns
    -------
    dict
        ``rules`` and ``performance``, a list of rows.
    """
    kept = table.loc[table["metric"].isin(AT_THE_BEDSIDE), list(_BEDSIDE_COLUMNS)]
    rows = kept.astype(object).where(kept.notna(), None).to_dict("records")
    return {"rules": load_subgroups().model_dump(mode="json"), "performance": rows}
