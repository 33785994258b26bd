from __future__ import annotations

from vfprog.cli.failures import MAX_GROUPS, describe, overview, plain
from vfprog.data.checks import capped
from vfprog.data.groups import grouped
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


def test_an_overview_says_where_and_what_to_do() -> None:
    failures = [
        Failure("visits", f"e{i}", "vas", 70, "hard_range", "too large", "error", i + 2)
        for i in range(6)
    ]
    failures += [
        Failure("episodes", None, "sex", None, "code_shift", "is coded 1 and 2", "warning"),
        Failure("episodes", 7, "age_years", 12, "usual_range", "rare", "note", 7),
        Failure("episodes", 9, "t_score", 3, "usual_range", "rare", "note", 9),
        Failure("episodes", None, "*", None, "read_as", "CSV in cp1252", "note"),
    ]
    assert overview(grouped(failures)).splitlines() == [
        "ERRORS",
        "  visits.vas: 6 places [hard_range]",
        "    too large",
        "    rows e0 (line 2), e1 (line 3), e2 (line 4), e3 (line 5), ...",
        "    -> correct it, set unit, or declare it under missing",
        "",
        "WARNINGS",
        "  episodes.sex: the whole column [code_shift]",
        "    is coded 1 and 2",
        "    -> recode it in the mapping",
        "",
        "READ AS",
        "  episodes: CSV in cp1252",
        "",
        "NOTES",
        "  2, rare in good data, to look at once: usual_range 2",
    ]


def test_an_overview_has_room_for_warnings_among_many_errors() -> None:
    failures = [_failure(row, f"c{column}") for column in range(50) for row in (1, 2)]
    failures += [_failure(1, f"w{column}", "warning") for column in range(9)]
    text = overview(grouped(failures), where_all="see faults.csv")
    errors, warnings = text.split("\n\n")
    assert errors.count("[hard_range]") == MAX_GROUPS
    assert errors.endswith("... and 60 more in 30 columns: see faults.csv")
    assert warnings.count("[hard_range]") == MAX_GROUPS // 4
    assert warnings.endswith("... and 4 more in 4 columns: see faults.csv")


def test_an_overview_of_many_columns_is_one_entry() -> None:
    failures = [
        Failure("episodes", None, f"x{i}", None, "unknown_column", "not used", "warning")
        for i in range(10_000)
    ]
    text = overview(grouped(failures))
    assert "and 9994 more: 10000 whole columns [unknown_column]" in " ".join(text.split())
    assert len(text.splitlines()) < 8


def test_nothing_in_a_file_moves_the_cursor_or_widens_the_page() -> None:
    evil = Failure(
        "visits", "e\x1b[2J", "vas\u202e" + "x" * 900, 1, "hard_range", "a\nb\r\x07 " * 99
    )
    for text in (overview(grouped([evil])), describe([evil])):
        assert all(character.isprintable() for line in text.split("\n") for character in line)
        assert max(map(len, text.splitlines())) <= 80
        assert len(text) < 2000


def test_plain_text_stays_as_it_is() -> None:
    assert plain("Größe ≥ 3") == "Größe ≥ 3"
