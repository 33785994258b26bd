from __future__ import annotations

from vfprog.cli.failures import MAX_GROUPS, describe
from vfprog.data.checks import capped
from vfprog.errors import Failure


def _failure(row: int | None, column: str, severity: str = "error") -> Failure:
    return Failure("visits", row, column, 70, "hard_range", "too large", severity)


def test_one_failure_is_one_line() -> None:
    assert describe([_failure(3, "vas")]) == "  visits[3].vas: too large"


def test_a_whole_table_or_object_is_called_by_its_name_alone() -> None:
    assert describe([Failure("p.json", None, "*", None, "json", "is not JSON")]) == (
        "  p.json: is not JSON"
    )


def test_errors_before_warnings_and_frequent_ones_first() -> None:
    failures = [
        _failure(1, "a", "warning"), _failure(2, "a", "warning"), _failure(3, "a", "warning"),
        _failure(1, "b"), _failure(1, "c"), _failure(2, "c"),
    ]  # fmt: skip
    assert describe(failures).splitlines() == [
        "  visits[1].c: too large (the first of 2: rows 1, 2)",
        "  visits[1].b: too large",
        "  warning: visits[1].a: too large (the first of 3: rows 1, 2, 3)",
    ]


def test_only_as_many_rows_and_groups_as_fit() -> None:
    text = describe([_failure(row, "vas") for row in range(9)])
    assert text.endswith("(the first of 9: rows 0, 1, 2, 3, ...)")
    failures = [_failure(row, f"c{column}") for column in range(MAX_GROUPS + 3) for row in (1, 2)]
    text = describe(failures, where_all="see --out")
    assert text.splitlines()[-1] == "... and 6 more, see --out"
    assert describe(failures).endswith("... and 6 more")


def test_a_capped_group_tells_the_whole_number() -> None:
    text = describe(capped([_failure(row, "vas") for row in range(9)], limit=5))
    assert text.endswith("(the first of 9: rows 0, 1, 2, 3, ...)")


def test_long_messages_are_wrapped() -> None:
    failure = Failure("visits", 1, "vas", 70, "hard_range", "word " * 40)
    assert max(map(len, describe([failure], width=60).splitlines())) <= 60
