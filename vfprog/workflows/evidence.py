"""The evidence of a training: every long table a report or an analyst needs, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.data.cohort import characteristics
from vfprog.data.weights import delta_adjusted_risk
from vfprog.models.procedure import cohort_weights
from vfprog.records import Table
from vfprog.workflows.accrual import accrual_table
from vfprog.workflows.calibration_tests import calibration_test_tables
from vfprog.workflows.case_mix import case_mix_table
from vfprog.workflows.comparators import comparator_tables
from vfprog.workflows.curves import curve_tables
from vfprog.workflows.missing_data import missing_data_table
from vfprog.workflows.reliance import importance_tables
from vfprog.workflows.sample_size import sample_size_table
from vfprog.workflows.stability import refit_tables
from vfprog.workflows.subgroups import subgroup_tables
from vfprog.workflows.time_to_event import time_to_event_table
from vfprog.workflows.transport import transport_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from vfprog.workflows.refitting import Work


def evidence_tables(work: Work) -> Iterator[Table]:
    """Yield the long tables of a training; they go into the bundle and into the tracked run.

    Parameters
    ----------
    work : Work
        Cohorts, models, folds and members.

    Yields
    ------
    Table
        ``flow_<endpoint>``, ``characteristics_<endpoint>`` and, where an outcome was not always
        seen, ``delta_adjusted_<endpoint>``; ``accrual``; the tables of `curve_tables` and
        `importance_tables`; those of `refit_tables`, `transport_tables`, `calibration_test_tables`,
        `subgroup_tables` and `comparator_tables`; ``sample_size``, ``case_mix`` and, where an
        endpoint is dated, ``time_to_event``; ``missing_data`` where the settings ask for
        imputations.
    """
    yield from cohort_tables(work)
    yield from curve_tables(work)
    yield from importance_tables(work)
    yield from refit_tables(work)
    yield from transport_tables(work)
    yield from calibration_test_tables(work)
    yield from subgroup_tables(work)
    yield from comparator_tables(work)
    yield Table("sample_size", sample_size_table(work))
    yield Table("case_mix", case_mix_table(work))
    dated = time_to_event_table(work)
    if len(dated):
        yield Table("time_to_event", dated)
    if work.settings.imputations:
        yield Table("missing_data", missing_data_table(work))


def cohort_tables(work: Work) -> Iterator[Table]:
    """Yield the tables about the participants, whatever the models.

    Parameters
    ----------
    work : Work
        Cohorts and settings.

    Yields
    ------
    Table
        Flow, characteristics and accrual, and what dropout may hide; see `evidence_tables`.
    """
    for name, cohort in work.cohorts.items():
        yield Table(f"flow_{name}", cohort.flow)
        yield Table(f"characteristics_{name}", characteristics(cohort))
        outcome = cohort.outcome
        if outcome.assessed_kind and not outcome.observed.all():  # what if the unseen differ?
            weight = cohort_weights(cohort, work.settings)
            yield Table(f"delta_adjusted_{name}", delta_adjusted_risk(outcome, weight))
    yield Table("accrual", accrual_table(work.cohorts))


def as_columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a long table as columns of JSON-ready values.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table; its index is left out.

    Returns
    -------
    dict of str to list
        Values by column; None where a value is missing.
    """
    plain = frame.astype(object).where(frame.notna(), None)
    return {
        str(name): [v.item() if hasattr(v, "item") else v for v in plain[name]]
        for name in plain.columns
    }
