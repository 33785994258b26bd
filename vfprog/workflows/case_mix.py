"""The case mix of every model of a training, to be set beside that of another registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.features.design import derive_features
from vfprog.models.procedure import cohort_weights
from vfprog.validation.case_mix import case_mix
from vfprog.validation.discrimination import c_statistic
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from vfprog.scoring.bundle import Bundle
    from vfprog.workflows.refitting import Work

TABLE = "case_mix"
# A model that tells development patients from these would need the former; a bundle has none.
_MEMBERSHIP = {
    "statistic": "membership_c_statistic",
    "reason": "needs the patients of the development registry, and a bundle holds no patient",
}
_NOT_KEPT = "the bundle keeps no such table of its development"


def case_mix_table(work: Work) -> pd.DataFrame:
    """Return the case mix of the development patients, for every model.

    Parameters
    ----------
    work : Work
        Cohorts, models and cross-validated risks.

    Returns
    -------
    pandas.DataFrame
        model, endpoint, prediction_time, statistic and value, see
        `vfprog.validation.case_mix.case_mix`. The linear predictor is that of the final model; the
        c-statistic is cross-validated.
    """
    tables = []
    for name, fitted in work.fitted.items():
        model = fitted.model
        cohort = work.cohorts[model.endpoint.name]
        weight, y = cohort_weights(cohort, work.settings), cohort.outcome.event.astype(float)
        risk, known = work.risks[name]["model"], weight > 0
        folds = work.left_out[name][:, known]
        c = c_statistic(y[known], risk[:, known], sample_weight=weight[known], folds=folds).estimate
        X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)
        tables.append(labelled(case_mix(model.log_odds(X), y, weight, c), model))
    return pd.concat(tables, ignore_index=True)


def beside_development(bundle: Bundle, model: str, here: pd.DataFrame) -> pd.DataFrame:
    """Return the case mix of a model in development and here.

    Parameters
    ----------
    bundle : Bundle
        Gives the table of its development.
    model : str
        Name of the model.
    here : pandas.DataFrame
        What `vfprog.validation.case_mix.case_mix` returned for these patients.

    Returns
    -------
    pandas.DataFrame
        statistic, development, here and reason. The c-statistic of a model that tells the two
        populations apart cannot be had from a bundle; its row says so.
    """
    ours = here.rename(columns={"value": "here"})
    if TABLE in bundle.table_names:
        table = pd.DataFrame(bundle.table(TABLE))
        kept = table[table["model"] == model].set_index("statistic")["value"].to_dict()
        values = [float(kept.get(name, np.nan)) for name in ours["statistic"]]
        table = ours.assign(development=values, reason="")
    else:
        table = ours.assign(development=np.nan, reason=_NOT_KEPT)
    table = pd.concat([table, pd.DataFrame([_MEMBERSHIP])], ignore_index=True)
    return table[["statistic", "development", "here", "reason"]]
