from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.cohorts import make_cohort
from vfprog.workflows.accrual import accrual_table


def test_months_sites_and_patients_are_counted():
    cohort = make_cohort(6, per_patient=2, sites=3)
    days = ["2019-11-30", "2020-02-01", "NaT", "2019-12-01", "2021-01-15", "2020-06-06"]
    sites = np.array(["a", "b", "", "a", "unknown", "c"], dtype=object)
    dated = replace(cohort, index_date=np.array(days, dtype="datetime64[s]"), site_id=sites)
    bare = replace(cohort, index_date=np.full(6, np.datetime64("NaT", "s")))
    table = accrual_table({"response": dated, "bare": bare})
    assert table.to_dict("records")[0] == {
        "endpoint": "response", "n_episodes": 6, "n_patients": 3, "n_sites": 3,
        "first_month": "2019-11", "last_month": "2021-01", "n_undated": 1,
    }  # fmt: skip
    assert table["first_month"].isna().tolist() == [False, True]
    assert table["n_undated"].tolist() == [1, 6]
