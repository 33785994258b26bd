from __future__ import annotations

import pandas as pd
import pytest

from vfprog.data.proposing.sketch import MAX_ROWS, Sketch, sketch
from vfprog.data.proposing.vocabulary import load_vocabulary


def of(values: list[object]) -> Sketch:
    return sketch("x", pd.Series(values, dtype="str"), load_vocabulary())


def test_numbers_with_a_comma() -> None:
    seen = of(["7,5", "8", "NA", "-1,25"])
    assert seen.decimal_comma
    assert seen.finite.tolist() == [7.5, 8.0, -1.25]
    assert seen.missing_words == ("NA",)
    assert seen.n == 3


def test_a_comma_among_points_is_no_decimal_comma() -> None:
    assert not of(["7.5", "8.5", "9.5", "7,5"]).decimal_comma


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["2024-03-31", "2024-04-01"], ("%Y-%m-%d",)), (["31.03.2024"], ("%d.%m.%Y",)),
        (["31/03/2024", "01/02/2024"], ("%d/%m/%Y",)), (["03/31/2024"], ("%m/%d/%Y",)),
        (["01/02/2024", "03/04/2024"], ("%d/%m/%Y", "%m/%d/%Y")),
        (["2024-03-31 00:00:00"], ("%Y-%m-%d",)), (["12", "13"], ()), (["word"], ()),
    ],
)  # fmt: skip
def test_date_formats(values: list[object], formats: tuple[str, ...]) -> None:
    assert of(values).date_formats == formats


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, "."], "empty"), (["1", "2"] * 9, "code"), ([f"k{i}" for i in range(30)], "key"),
        ([str(i / 7) for i in range(30)] * 2, "number"), (["31.03.2024"] * 3, "date"),
        ([f"some text {i % 20}" for i in range(60)], "word"),
    ],
)  # fmt: skip
def test_kinds(values: list[object], kind: str) -> None:
    assert of(values).kind == kind


def test_few_numbers_are_not_described_by_their_spread() -> None:
    assert of([str(i / 7) for i in range(15)]).described() == "15 values, 15 different"
    assert (
        "median 9.5, 5 to 95 % 0.95 to 18.05"
        in of([str(i * 1.0) for i in range(20)] * 2).described()
    )


def test_long_tables_are_looked_at_evenly() -> None:
    seen = of(list(range(3 * MAX_ROWS)))
    assert seen.n == MAX_ROWS
    assert seen.finite[:3].tolist() == [0, 3, 6]
