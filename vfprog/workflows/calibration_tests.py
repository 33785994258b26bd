"""The test of moderate calibration for every model of a training, as a long table."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.errors import TrainingError
from vfprog.models.procedure import cohort_weights
from vfprog.records import Table
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.moderate_calibration import CalibrationTest, calibration_test
from vfprog.workflows.labels import labelled
from vfprog.workflows.transport import later_participants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray
    from vfprog.models.settings import TrainingSettings
    from vfprog.validation.resampling import RefitResult
    from vfprog.workflows.refitting import Work

COLUMNS = (*(field.name for field in fields(CalibrationTest)), "reason")


def calibration_test_tables(work: Work) -> Iterator[Table]:
    """Yield the test of moderate calibration on cross-validated risks and on later participants.

    Parameters
    ----------
    work : Work
        Cohorts, models, cross-validated risks and the refits of the earlier period.

    Yields
    ------
    Table
        ``calibration_tests``: model, endpoint, prediction_time, learner, validation
        (cross_validation, temporal), the fields of
        `vfprog.validation.moderate_calibration.CalibrationTest`, and reason.
    """
    tables = []
    for name, fitted in work.fitted.items():
        model, cohort = fitted.model, work.cohorts[fitted.model.endpoint.name]
        weight, y = cohort_weights(cohort, work.settings), cohort.outcome.event.astype(float)
        for learner, risk in work.risks[name].items():
            table = calibration_row(y, risk, sample_weight=weight, groups=cohort.patient_id)
            design = {"learner": learner, "validation": "cross_validation"}
            tables.append(labelled(table, model, **design))
        for result in work.periods.get(name, ()):
            if result.rows is not None:
                table = _later(cohort, work.settings, result)
                design = {"learner": "model", "validation": "temporal"}
                tables.append(labelled(table, model, **design))
    yield Table("calibration_tests", pd.concat(tables, ignore_index=True))


def _later(cohort: Cohort, settings: TrainingSettings, result: RefitResult) -> pd.DataFrame:
    try:
        y, risk, shared = later_participants(cohort, settings, result)
    except TrainingError as error:
        return pd.DataFrame([{"method": "", "reason": str(error)}], columns=list(COLUMNS))
    return calibration_row(y, risk, **shared)


def calibration_row(y: FloatArray, risk: FloatArray, **shared: Any) -> pd.DataFrame:
    """Return the test of moderate calibration as one row.

    Parameters
    ----------
    y : ndarray of float, shape (n,)
        Outcomes.
    risk : ndarray of float, shape (n,) or (repeats, n)
        Risks.
    **shared
        Weights and patients, as for `calibration_test`.

    Returns
    -------
    pandas.DataFrame
        The fields of the test, and reason; without figures where it is undefined.
    """
    try:
        row = {**asdict(calibration_test(y, risk, **shared)), "reason": ""}
    except UndefinedFigureError as error:
        row = {"method": "", "reason": str(error)}
    return pd.DataFrame([row], columns=list(COLUMNS))
