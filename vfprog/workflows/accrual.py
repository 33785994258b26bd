"""When and where the participants of each endpoint were seen: months, sites, patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.splits import NO_SITE_TOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.data.cohort import Cohort


def accrual_table(cohorts: Mapping[str, Cohort]) -> pd.DataFrame:
    """Return when the participants of each endpoint entered, and how many patients and sites.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        Cohort of each endpoint.

    Returns
    -------
    pandas.DataFrame
        endpoint, n_episodes, n_patients, n_sites (0 where none is told), first_month and
        last_month of the index dates (None where no date is recorded), n_undated.
    """
    return pd.DataFrame([{"endpoint": name, **_accrual(c)} for name, c in cohorts.items()])


def _accrual(cohort: Cohort) -> dict[str, Any]:
    dated = cohort.index_date[~np.isnat(cohort.index_date)]
    months = np.sort(dated.astype("datetime64[M]")).astype(str)
    told = cohort.site_id[~np.isin(cohort.site_id, NO_SITE_TOLD)]
    return {
        "n_episodes": cohort.n,
        "n_patients": len(set(cohort.patient_id.tolist())),
        "n_sites": len(set(told.tolist())),
        "first_month": months[0] if len(months) else None,
        "last_month": months[-1] if len(months) else None,
        "n_undated": cohort.n - len(dated),
    }
