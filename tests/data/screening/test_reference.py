from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import screened, tables_of
from vfprog.data.screening.reference import (
    ColumnSummary,
    check_reference,
    summarise,
)
from vfprog.schema.dictionary import load_dictionary

DICTIONARY = load_dictionary()


@pytest.fixture(scope="module")
def reference():
    view = screened(tables_of(1500, seed=99), events={})
    return summarise(view.typed, DICTIONARY)


def judged(reference, n=300, **changes):
    tables = tables_of(n, seed=5)
    for column, change in changes.items():
        table = "episodes" if column in tables["episodes"] else "vertebrae"
        tables[table] = tables[table].assign(**{column: change(tables[table][column])})
    view = screened(tables, events={})
    return check_reference(view.typed, view.dictionary, DICTIONARY, reference)


def backwards(levels):
    names = list(DICTIONARY[levels].levels)
    return lambda x: x.map(dict(zip(names, names[::-1], strict=True)))


@pytest.mark.parametrize(("column", "change", "words"), [
    ("smoker", lambda x: ~x, "looks exchanged"),
    ("opioids", lambda x: ~x, "looks exchanged"),
    ("mri_oedema", lambda x: ~x, "looks exchanged"),
    ("sex", backwards("sex"), "looks exchanged"),
    ("asa_class", lambda x: (x.astype(float) + 1), "shifted up by one level"),
    ("of_type", backwards("of_type"), "looks reversed"),
    ("fracture_age_days", lambda x: x / 30.4, "has a median of 1.2"),
    ("t_score", lambda x: -x, "outside the 1% to 99% quantiles"),
    ("t_score", lambda x: x * np.nan, "is missing throughout"),
])  # fmt: skip
def test_a_predictor_unlike_development_is_named(reference, column, change, words):
    [failure] = judged(reference, **{column: change})
    assert (failure.rule, failure.column, failure.row) == ("reference_shift", column, None)
    assert failure.severity == "warning"
    assert words in failure.message


@pytest.mark.parametrize("n", [60, 300, 1500])
def test_another_sample_raises_nothing(reference, n):
    assert judged(reference, n) == []


def test_a_column_absent_here_is_lost_unless_it_was_rare():
    typed = {"episodes": pd.DataFrame({"episode_id": [str(i) for i in range(50)]})}
    kept = {"bmi_kg_m2": ColumnSummary(100, 0.2, quantiles=((0.05, 18.0), (0.95, 33.0))),
            "sva_mm": ColumnSummary(100, 0.6, quantiles=((0.05, -9.0), (0.95, 99.0)))}  # fmt: skip
    [failure] = check_reference(typed, DICTIONARY, DICTIONARY, kept)
    assert failure.column == "bmi_kg_m2"
    assert failure.message.startswith("is missing throughout; in development 80% had a value")


def test_other_shares_that_no_code_explains_are_another_population():
    # 60 % against 10 %: neither the same nor exchanged (90 %).
    typed = {"episodes": pd.DataFrame({"smoker": np.repeat([1.0, 0.0], [60, 40])})}
    kept = {"smoker": ColumnSummary(1000, 0, shares=(0.9, 0.1))}
    assert check_reference(typed, DICTIONARY, DICTIONARY, kept) == []
    typed = {"episodes": pd.DataFrame({"smoker": np.repeat([1.0, 0.0], [88, 12])})}
    assert len(check_reference(typed, DICTIONARY, DICTIONARY, kept)) == 1


def test_a_summary_by_hand():
    typed = {"episodes": pd.DataFrame({"bmi_kg_m2": [20.0, 22, 30, np.nan],
                                       "smoker": [1.0, 0, 0, np.nan]})}  # fmt: skip
    found = summarise(typed, DICTIONARY)
    assert set(found) == {"bmi_kg_m2", "smoker"}
    assert found["smoker"].shares == pytest.approx((2 / 3, 1 / 3))
    assert found["bmi_kg_m2"].missing == 0.25
    assert dict(found["bmi_kg_m2"].quantiles)[0.5] == 22
    # .01 of the way along 20, 22, 30: .02 steps of 2.
    assert dict(found["bmi_kg_m2"].quantiles)[0.01] == pytest.approx(20.04)


def test_a_summary_survives_json(reference):
    written = json.dumps({name: kept.as_dict() for name, kept in reference.items()})
    back = {name: ColumnSummary.from_dict(kept) for name, kept in json.loads(written).items()}
    assert back == reference
