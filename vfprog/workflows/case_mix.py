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
DEVELOPMENT = "development_case_mix"
# A model that tells development patients from these would need the former; a bundle has none.
_MEMBERSHIP = {
    "statistic": "membership_c_statistic",
    "reason": "needs the patients of the development registry, and a bundle holds no patient",
}
_NOT_KEPT = "the bundle does not keep it of the development"
# What a recalibration changes in a way that only the patients would tell.
_UNTOLD = ("mean_risk", "expected_c_statistic")


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


def development_case_mix(bundle: Bundle) -> pd.DataFrame:
    """Return the case mix of the patients each model of a bundle was fitted to.

    Parameters
    ----------
    bundle : Bundle
        The bundle. In one that was updated ``case_mix`` is of the registry of the update: of the
        development only for a model that was refitted there.

    Returns
    -------
    pandas.DataFrame
        Columns as of `case_mix_table`; no rows of a model of which the bundle keeps none.
    """
    tables = [pd.DataFrame(columns=["model", "statistic", "value"])]
    if DEVELOPMENT in bundle.table_names:
        tables.append(pd.DataFrame(bundle.table(DEVELOPMENT)))
    if TABLE in bundle.table_names:
        table = pd.DataFrame(bundle.table(TABLE))
        tables.append(table[table["model"].isin(_fitted_here(bundle))])
    some = [table for table in tables if len(table)]
    return pd.concat(some, ignore_index=True) if some else tables[0]


def recalibrated_case_mix(table: pd.DataFrame, intercept: float, slope: float) -> pd.DataFrame:
    """Return the case mix of one model after ``intercept + slope * linear predictor``.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns statistic and value.
    intercept, slope : float
        The recalibration.

    Returns
    -------
    pandas.DataFrame
        Mean and standard deviation of the linear predictor moved with it; without the mean risk
        and the expected c-statistic, which need the patients.
    """
    value = table["value"].astype(float)
    mean, sd = (table["statistic"] == f"{of}_linear_predictor" for of in ("mean", "sd"))
    moved = value.mask(mean, intercept + slope * value).mask(sd, abs(slope) * value)
    kept = ~table["statistic"].isin(_UNTOLD) | ((intercept, slope) == (0.0, 1.0))
    return table.assign(value=moved)[kept]


def _fitted_here(bundle: Bundle) -> set[str]:
    """Return the models fitted to the registry the tables of a bundle are of."""
    if not bundle.manifest["lineage"]:
        return set(bundle.model_names)
    origins = bundle.manifest["provenance"].get("models", {})
    return {name for name, origin in origins.items() if origin["change"] == "refit"}


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
    table = development_case_mix(bundle)
    kept = table[table["model"] == model].set_index("statistic")["value"].to_dict()
    values = [float(kept.get(name, np.nan)) for name in ours["statistic"]]
    table = ours.assign(development=values, reason=_NOT_KEPT)
    table.loc[table["development"].notna(), "reason"] = ""
    table = pd.concat([table, pd.DataFrame([_MEMBERSHIP])], ignore_index=True)
    return table[["statistic", "development", "here", "reason"]]
