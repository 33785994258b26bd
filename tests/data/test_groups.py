from __future__ import annotations

from itertools import permutations

import pytest

from vfprog.data.catalogue import CATALOGUE
from vfprog.data.checks import capped
from vfprog.data.groups import count, grouped
from vfprog.errors import Failure


def _failure(row, column="vas", severity="error", rule="hard_range", table="visits"):
    return Failure(table, row, column, 70, rule, "too large", severity)


def test_errors_come_first_then_whole_columns_then_the_frequent():
    found = [
        *[_failure(row, "a", "warning") for row in range(3)],
        _failure(None, "b", "warning", "unit_suspect"),
        _failure(1, "c"), _failure(1, "d"), _failure(2, "d"),
        _failure(None, "e", "note", "read_as"),
    ]  # fmt: skip
    order = [(group.severity, group.columns, group.n) for group in grouped(found)]
    assert order == [
        ("error", ("d",), 2), ("error", ("c",), 1),
        ("warning", ("b",), 1), ("warning", ("a",), 3), ("note", ("e",), 1),
    ]  # fmt: skip


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_a_list_that_was_cut_counts_as_all_it_stands_for(severity):
    found = capped([_failure(row, "vas", severity) for row in range(9)], limit=5)
    assert len(found) == 6
    (group,) = grouped(found)
    assert (group.n, len(group.failures), group.of_rows) == (9, 5, True)
    assert count([group], severity) == 9


def test_two_lists_that_were_cut_add_up():
    found = capped([_failure(row) for row in range(9)], limit=5)
    more = capped([_failure(row) for row in range(20, 27)], limit=5)
    assert [group.n for group in grouped([*found, *more])] == [16]


def test_a_number_about_a_column_is_no_list_that_was_cut():
    failure = Failure("episodes", None, "sex", 12, "level", "12 levels where 2 are declared")
    assert [(group.n, group.of_rows) for group in grouped([failure])] == [(1, False)]


def test_many_whole_columns_are_one_group_but_errors_keep_their_own_words():
    warnings = [_failure(None, f"c{i}", "warning", "unknown_column") for i in range(5)]
    errors = [_failure(None, f"e{i}", "error", "missing_column") for i in range(5)]
    groups = grouped([*warnings, *errors])
    assert [group.columns for group in groups[:5]] == [(f"e{i}",) for i in range(5)]
    assert groups[5].columns == ("c0", "c1", "c2", "c3", "c4")
    assert (groups[5].n, len(groups)) == (5, 6)
    assert len(grouped(warnings, fold=False)) == 5
    assert len(grouped(warnings[:3])) == 3


def test_nothing_is_lost_or_counted_twice_in_any_order():
    found = [_failure(1), _failure(2), _failure(None), _failure(1, "b", "note")]
    for order in permutations(found):
        groups = grouped(order)
        assert sum(group.n for group in groups) == 4
        assert sorted(map(id, (f for g in groups for f in g.failures))) == sorted(map(id, found))


def test_advice_comes_from_the_catalogue_and_is_empty_for_other_codes():
    (known,) = grouped([_failure(1)])
    assert known.what_to_do == CATALOGUE["hard_range"].what_to_do
    assert known.meaning == CATALOGUE["hard_range"].meaning
    (other,) = grouped([_failure(1, rule="of_a_patient")])
    assert (other.what_to_do, other.meaning) == ("", "")
