"""Whether multiple imputation would do better: a comparison for a training that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.errors import TrainingError
from vfprog.models.procedure import cohort_weights
from vfprog.validation.imputed import MULTIPLE, compare_imputations, run_imputed_folds
from vfprog.validation.performance import performance
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.workflows.refitting import Work

SHOWN = "as shown"
_HOW = "the whole procedure: median and indicator, copies with blanks, blend, calibrator"


def missing_data_table(work: Work) -> pd.DataFrame:
    """Return the performance with single and with multiple imputation, model by model.

    Parameters
    ----------
    work : Work
        Cohorts, models, folds, cross-validated risks and settings; the folds of the first repeat
        are used again.

    Returns
    -------
    pandas.DataFrame
        model, endpoint, prediction_time, then the columns of
        `vfprog.validation.imputed.compare_imputations`, the model as shown before them. Where
        the comparison fails its one row says why.
    """
    tables = []
    for done, (name, fitted) in enumerate(work.fitted.items(), 1):
        cohort = work.cohorts[fitted.model.endpoint.name]
        weight, fold = cohort_weights(cohort, work.settings), work.left_out[name][0]
        shown = _shown(cohort, weight, work.risks[name]["model"][0], fold)
        table = pd.concat([shown, _compared(work, name, cohort)], ignore_index=True)
        tables.append(labelled(table, fitted.model))
        work.progress("imputations", done, len(work.fitted))
    return pd.concat(tables, ignore_index=True)


def _shown(cohort: Cohort, weight: FloatArray, risk: FloatArray, fold: IntArray) -> pd.DataFrame:
    known = weight > 0
    table = performance(
        cohort.outcome.event[known].astype(float), risk[known], sample_weight=weight[known],
        groups=cohort.patient_id[known], folds=fold[known],
    )  # fmt: skip
    table.insert(0, "imputation", SHOWN)
    table.insert(1, "how", _HOW)
    return table.assign(missing_information=np.nan)


def _compared(work: Work, name: str, cohort: Cohort) -> pd.DataFrame:
    first = [fold for fold in work.folds[name] if fold.refit.repeat == 0]
    first.sort(key=lambda fold: fold.refit.fold)
    rows = [fold.rows for fold in first if fold.rows is not None]
    time = work.fitted[name].model.prediction_time
    try:
        folds = list(
            run_imputed_folds(
                cohort, rows, time, work.settings, seed=first[0].refit.seed, n_jobs=work.n_jobs
            )
        )
        return compare_imputations(cohort, folds, work.settings)
    except TrainingError as error:
        none = dict.fromkeys(("estimate", "lower", "upper", "missing_information"), np.nan)
        row = {"imputation": MULTIPLE, "metric": "c_statistic", "reason": str(error), **none}
        return pd.DataFrame([row])
