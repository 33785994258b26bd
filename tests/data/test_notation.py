"""Decimal commas and forms of dates: taken where they are clear, refused where they are not."""

from __future__ import annotations

import datetime as dt
import itertools

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

from vfprog.data.mapping import Mapping
from vfprog.data.notation import DATE_FORMATS, in_our_notation, iso_dates, plain_numbers
from vfprog.data.readers import read_registry
from vfprog.data.values import Target
from vfprog.errors import Failure


def words(*values: str | None) -> pd.Series:
    return pd.Series(values, dtype="str")


def listed(series: pd.Series) -> list[object]:
    return [None if pd.isna(value) else value for value in series]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["7,5", "8", None, "-1,25"], ["7.5", "8", None, "-1.25"]),
        (["0,125", "0,250"], ["0.125", "0.250"]),  # thousands do not begin with 0
        (["1234,567"], ["1234.567"]),
        (["1,234", "2,5"], ["1.234", "2.5"]),
        ([" 7,5 ", ",5"], [" 7.5 ", ".5"]),
        (["7,5", "unknown", "k.A."], ["7.5", "unknown", "k.A."]),
    ],
)
def test_a_decimal_comma_is_seen_and_said(values, expected):
    series, told = plain_numbers(words(*values))
    assert listed(series) == expected
    assert (told.rule, told.value) == ("read_as", ",")


@pytest.mark.parametrize(
    "values",
    [
        ["7,5", "8.5"],
        ["1.234,5"],
        ["1,234,567"],
        ["7,5", "7,5 cm"],
        ["7,"],
        ["7;5"],
        ["7.5"],
        [None],
    ],
)
def test_what_is_no_decimal_comma_is_left_to_the_checks(values):
    series, told = plain_numbers(words(*values))
    assert listed(series) == values
    assert told is None


@pytest.mark.parametrize("odd", ["27.5", "1.024,1", "-3.5", "1.5e3"])
def test_a_point_among_decimal_commas_is_an_error_of_its_own_row(tmp_path, odd):
    path = tmp_path / "e.csv"
    rows = "".join(f"e{i};sham;{70 + i % 9},5\n" for i in range(199))
    path.write_text(f"episode_id;treatment;age_years\n{rows}z;sham;{odd}\n")
    registry, failures = read_registry(path)
    assert registry.episodes["age_years"].notna().sum() == 199
    (error,) = [f for f in failures if f.severity == "error"]
    assert (error.row, error.line, error.value, error.rule) == ("z", 201, odd, "number")
    assert "set decimal_comma in the mapping" in error.message
    (note,) = [f for f in failures if f.column == "age_years" and f.rule == "read_as"]
    assert note.message.endswith("of 199 values; 1 are written otherwise")


@pytest.mark.parametrize(
    "values",
    [["7,5"] * 8 + ["8.5"], ["1,234"] * 20 + ["27.5"], ["7,5"] * 8 + ["8", "9", "8.5"]],
)
def test_a_true_mix_of_points_and_commas_is_left_to_the_checks(values):
    series, told = plain_numbers(words(*values))
    assert (listed(series), told) == (values, None)


def test_what_a_mapping_says_of_mixed_commas_wins():
    values = ["7,5"] * 20 + ["8.5"]
    assert listed(plain_numbers(words(*values), True)[0]) == ["7.5"] * 20 + ["8.5"]
    assert listed(plain_numbers(words(*values), False)[0]) == values


def test_what_may_be_thousands_is_left_and_said():
    series, told = plain_numbers(words("1,234", "2,500"))
    assert listed(series) == ["1,234", "2,500"]
    assert (told.rule, told.value) == ("read_as", "?")
    assert "set decimal_comma" in told.message


def test_a_decimal_comma_can_be_set():
    assert listed(plain_numbers(words("1,234", "7.5"), True)[0]) == ["1.234", "7.5"]
    series, told = plain_numbers(words("7,5"), False)
    assert (listed(series), told) == (["7,5"], None)


@pytest.mark.parametrize(
    "series",
    [pd.Series([7.5, None]), pd.Series([7, None], dtype="Int64"), pd.Series([True, False]),
     pd.Series([1, 2.5, None], dtype=object), pd.Series([7, 8], dtype="category"),
     pd.Series([], dtype="str")],
)  # fmt: skip
def test_typed_numbers_are_left_as_they_are(series):
    assert plain_numbers(series)[0] is series


@pytest.mark.parametrize("series", [pd.Series(["7,5", 8], dtype=object),
                                    pd.Series(["7,5", "8"], dtype="category")])  # fmt: skip
def test_words_among_numbers_or_in_categories_are_read(series):
    assert listed(plain_numbers(series)[0]) == ["7.5", "8"]


DAYS = ["2019-12-31", "2020-01-02", "2020-11-03"]


@pytest.mark.parametrize("form", [f for f in DATE_FORMATS if f not in {"%Y-%m-%d", "%y-%m-%d"}])
def test_each_form_of_dates_is_seen_and_said(form):
    days = [*DAYS, "2021-08-25", "2018-07-29", "2022-05-30"]
    written = [dt.date.fromisoformat(day).strftime(form) for day in days]
    series, told = iso_dates(words(*written, None))
    if told.rule == "ambiguous_date":  # two digits of year may be a day
        assert form in told.value
        assert "%y" in form
    else:
        assert listed(series) == [*days, None]
        assert (told.rule, told.value) == ("read_as", form)


def test_iso_dates_need_no_word():
    series, told = iso_dates(words(*DAYS, None))
    assert (listed(series), told) == ([*DAYS, None], None)
    series, told = iso_dates(words("2020-01-02T00:00:00", "2020-01-03 00:00"))
    assert (listed(series), told) == (["2020-01-02", "2020-01-03"], None)


def test_a_time_of_day_is_left_out_and_said():
    series, told = iso_dates(words("31.12.2019 14:05", "02.01.2020 00:00"))
    assert listed(series) == ["2019-12-31", "2020-01-02"]
    assert "time of day of 1 dates" in told.message
    stamps = pd.Series(pd.to_datetime(["2020-01-02 14:05", None]))
    series, told = iso_dates(stamps)
    assert series[0] == pd.Timestamp("2020-01-02")
    assert told.rule == "read_as"


@pytest.mark.parametrize(
    ("values", "forms"),
    [
        (["01/02/2020", "03/04/2020"], {"%d/%m/%Y", "%m/%d/%Y"}),
        (["01-02-2020"], {"%d-%m-%Y", "%m-%d-%Y"}),
        (["04/03/05"], {"%d/%m/%y", "%m/%d/%y", "%y/%m/%d"}),
    ],
)
def test_day_and_month_that_cannot_be_told_apart(values, forms):
    series, told = iso_dates(words(*values))
    assert series.isna().all()
    assert told.rule == "ambiguous_date"
    assert set(told.value.split(" or ")) == forms


def test_a_day_that_has_not_come_yet_tells_forms_apart():
    # only month, day, year fits all three
    series, told = iso_dates(words("11/03/99", "12/30/05", "10/11/12"))
    assert (told.value, listed(series)) == ("%m/%d/%y", ["1999-11-03", "2005-12-30", "2012-10-11"])
    # as year, month, day the first would be 2031, which is still to come
    series, told = iso_dates(words("31/03/19", "30/04/18", "05/12/20"))
    assert (told.value, series[0]) == ("%d/%m/%y", "2019-03-31")


def test_one_form_is_enough_where_all_give_the_same_days():
    assert listed(iso_dates(words("05/05/2020", "06/06/2020"))[0]) == ["2020-05-05", "2020-06-06"]


def test_a_single_typing_error_neither_decides_nor_hides():
    true = [f"{day:02d}/03/2020" for day in range(1, 31)]
    series, told = iso_dates(words(*true, "31/13/2020"))
    assert told.value == "%d/%m/%Y"
    assert series[0] == "2020-03-01"
    assert series[30] == "31/13/2020"  # left for the checks to refuse
    # days up to 12 only, and one date that is none: still ambiguous
    vague = [f"{day:02d}/03/2020" for day in range(1, 13)]
    assert iso_dates(words(*vague, "31/31/2020"))[1].rule == "ambiguous_date"


def test_a_date_of_tomorrow_does_not_choose_the_form():
    true = [f"{day:02d}/03/2020" for day in range(1, 31)]
    series, told = iso_dates(words(*true, "05/04/2190"))
    assert told.value == "%d/%m/%Y"
    assert series[30] == "2190-04-05"


def test_a_form_that_is_given_is_followed():
    series, told = iso_dates(words("03/04/2020", "13/04/2020", "2020-01-02"), "%m/%d/%Y")
    assert listed(series) == ["2020-03-04", "13/04/2020", "2020 - 01 - 02"]
    assert told is None


@pytest.mark.parametrize(
    "series",
    [pd.Series(pd.to_datetime(["2020-01-02", None])),
     pd.Series(pd.to_datetime(["2020-01-02"]).as_unit("ns"))],
)  # fmt: skip
def test_typed_dates_are_left_as_they_are(series):
    assert iso_dates(series)[0] is series
    assert iso_dates(series)[1] is None


def test_dates_in_time_zones_keep_their_day():
    series = pd.Series(pd.to_datetime(["2020-01-02 00:00"]).tz_localize("Europe/Zurich"))
    assert iso_dates(series)[0].tolist() == [pd.Timestamp("2020-01-02")]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    days=st.lists(st.dates(dt.date(1985, 1, 1), dt.date(2024, 12, 31)), min_size=1, max_size=20),
    form=st.sampled_from(DATE_FORMATS),
)
def test_dates_are_right_or_refused_never_other_days(days, form):
    series, told = iso_dates(words(*[day.strftime(form) for day in days]))
    if told is not None and told.rule == "ambiguous_date":
        assert series.isna().all()
    else:
        assert listed(series) == [day.isoformat() for day in days]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.decimals(-9999, 9999, places=2, allow_nan=False), min_size=1, max_size=10),
)
def test_numbers_are_the_same_with_point_or_comma(numbers):
    written = [str(number).replace(".", ",") for number in numbers]
    assert plain_numbers(words(*written))[0].tolist() == [str(number) for number in numbers]


def test_only_numbers_and_dates_are_rewritten():
    for kind, value in itertools.product(["id", "word", "level"], ["7,5", "31.12.2019"]):
        series = words(value)
        assert in_our_notation(series, Target("episodes", "x", kind)) == (series, [])


EXPORT = """episode_id;treatment;index_date;age_years;bmi_kg_m2;level;height_loss_pct
a;sham;31.12.2019;71,5;25;L1;30,5
b;sham;02.01.2020;80,25;1,234;L2;40
"""


def test_a_german_export_needs_no_mapping(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(EXPORT)
    registry, failures = read_registry(path)
    assert registry.episodes["age_years"].tolist() == [71.5, 80.25]
    assert registry.episodes["index_date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2019-12-31", "2020-01-02",
    ]  # fmt: skip
    assert registry.vertebrae["height_loss_pct"].tolist() == [30.5, 40]
    notes = {(f.table, f.column): f for f in failures if f.rule == "read_as"}
    assert {key: f.value for key, f in notes.items()} == {
        ("episodes", "file"): "utf-8 ;",
        ("episodes", "index_date"): "%d.%m.%Y",
        ("episodes", "age_years"): ",",
        ("episodes", "bmi_kg_m2"): "?",
        ("vertebrae", "height_loss_pct"): ",",
    }
    assert {f.severity for f in notes.values()} == {"note"}
    errors = [f for f in failures if f.severity == "error"]
    assert [(f.column, f.rule, f.row) for f in errors] == [("bmi_kg_m2", "number", "b")]


def test_a_mapping_says_how_and_reads_each_column_once(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(EXPORT)
    columns = {name: name for name in ("episode_id", "treatment", "index_date", "bmi_kg_m2")}
    columns |= {"age_years": {"column": "age_years", "decimal_comma": True}}
    content = {"columns": columns, "ignore": ["level", "height_loss_pct"], "decimal_comma": True}
    registry, failures = read_registry(path, mapping=Mapping.model_validate(content))
    assert registry.episodes["age_years"].tolist() == [71.5, 80.25]
    told = [(f.table, f.column, f.value) for f in failures if f.rule == "read_as"]
    assert told == [("episodes", "file", "utf-8 ;"), ("episodes", "index_date", "%d.%m.%Y")]
    assert [f.rule for f in failures if f.severity == "error"] == ["hard_range"]  # a BMI of 1.234


def test_ambiguous_dates_are_one_error(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("episode_id,treatment,index_date\na,sham,01/02/2020\nb,sham,03/04/2020\n")
    registry, failures = read_registry(path)
    assert registry.episodes["index_date"].isna().all()
    errors = [f for f in failures if f.severity == "error"]
    assert errors == [
        Failure("episodes", None, "index_date", "%d/%m/%Y or %m/%d/%Y", "ambiguous_date",
                "the dates may be written %d/%m/%Y or %m/%d/%Y, which gives other days: "
                "set date_format"),
    ]  # fmt: skip
