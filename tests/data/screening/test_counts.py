from dataclasses import replace

import pandas as pd
import pytest

from tests.data.screening.exports import screened, tables_of
from vfprog.data.screening.counts import check_counts


def with_frailty(values):
    tables = tables_of(60, seed=3)
    column = pd.Series([values[i % len(values)] for i in range(len(tables["episodes"]))])
    tables["episodes"] = tables["episodes"].assign(frailty_mfi5=column.to_numpy())
    return screened(tables)


def test_points_from_one_to_six_are_a_score_of_nought_to_five():
    (failure,) = check_counts(with_frailty([1, 2, 3, 6]))
    assert (failure.table, failure.column, failure.row) == ("episodes", "frailty_mfi5", None)
    assert (failure.rule, failure.value, failure.severity) == ("code_shift", "1 to 6", "warning")
    assert "count from 1" in failure.message


@pytest.mark.parametrize("values", [[0, 1, 6], [1, 2, 5], [1, 2, 7], [0, 5]])
def test_other_scores_are_left_to_the_rules_of_single_values(values):
    assert check_counts(with_frailty(values)) == []


def test_too_few_values_say_nothing():
    some = with_frailty([1, 6])
    few = {name: frame.head(19) for name, frame in some.raw.items()}
    assert check_counts(replace(some, raw=few)) == []
