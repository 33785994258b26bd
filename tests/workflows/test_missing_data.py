from __future__ import annotations

import numpy as np
import pytest

from tests.cohorts import make_cohort, quick_settings
from vfprog.validation.imputed import AVERAGED, MULTIPLE, SINGLE
from vfprog.workflows.inputs import no_progress
from vfprog.workflows.missing_data import SHOWN, missing_data_table
from vfprog.workflows.refitting import Work, fit_models, gather_risks, resample_models

pytestmark = pytest.mark.slow


def worked(cohort, **changes):
    settings = quick_settings(internal_external=False, temporal_share=0, imputations=2, **changes)
    work = Work({"response": cohort}, {}, settings, 1, no_progress)
    fit_models(work, ["preprocedure"], 1, strict=True)
    resample_models(work, 0, 1)
    gather_risks(work, strict=True)
    return work


def test_the_model_as_shown_stands_beside_both_ways_to_impute():
    work = worked(make_cohort(240, missing=0.2), outer_repeats=2)
    seen = []
    work.progress = lambda *step: seen.append(step)
    table = missing_data_table(work)
    assert list(dict.fromkeys(table["imputation"])) == [SHOWN, SINGLE, MULTIPLE, AVERAGED]
    assert set(table["model"]) == {"response_preprocedure"}
    assert table["how"].notna().all()
    c = table[table["metric"] == "c_statistic"].set_index("imputation")
    assert c["estimate"].between(0.5, 0.9).all()
    assert c["missing_information"].notna().to_dict() == {
        SHOWN: False, SINGLE: False, MULTIPLE: True, AVERAGED: False
    }  # fmt: skip
    assert seen == [("imputations", 1, 1)]


def test_a_comparison_that_fails_says_why():
    work = worked(make_cohort(240))
    work.settings = work.settings.model_copy(update={"min_class": 200})
    table = missing_data_table(work)
    last = table.iloc[-1]
    assert last["imputation"] == MULTIPLE
    assert np.isnan(last["estimate"])
    assert "fewer than 200 of either" in last["reason"]
