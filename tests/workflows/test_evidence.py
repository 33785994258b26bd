from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from vfprog.scoring.bundle import load_bundle
from vfprog.workflows.evidence import as_columns


def test_columns_are_json_and_a_missing_value_is_none() -> None:
    frame = pd.DataFrame(
        {"n": np.array([1, 2]), "share": [0.25, np.nan], "word": ["a", None], "yes": [True, False]},
        index=[7, 8],
    )
    columns = as_columns(frame)
    assert columns == {
        "n": [1, 2], "share": [0.25, None], "word": ["a", None], "yes": [True, False],
    }  # fmt: skip
    assert json.loads(json.dumps(columns, allow_nan=False)) == columns


@pytest.mark.slow
def test_the_bundle_keeps_every_table_of_the_training(training) -> None:
    bundle = load_bundle(training.bundle)
    assert set(bundle.table_names) == set(training.tables)
    assert {"flow_response", "characteristics_response"} <= set(training.tables)
    for name, frame in training.tables.items():
        kept = pd.DataFrame(bundle.table(name))
        assert list(kept.columns) == list(frame.columns)
        assert len(kept) == len(frame)
    flow = pd.DataFrame(bundle.table("flow_response"))
    assert flow["n"].tolist() == training.cohorts["response"].flow["n"].tolist()
