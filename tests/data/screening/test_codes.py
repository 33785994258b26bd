from __future__ import annotations

import numpy as np
import pytest

from tests.data.screening.exports import found, screened, tables_of
from tests.data.screening.plants import at_site, coded, planted
from vfprog.data.screening.code_words import guess_level, in_order
from vfprog.data.screening.codes import check_codes
from vfprog.schema.dictionary import LEVELS

ASA = ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("table", "column", "change", "advice"), [
    ("episodes", "smoker", coded("2", "1"), "{1: false, 2: true}"),
    ("episodes", "inpatient", coded(2.0, 1.0), "{1: false, 2: true}"),
    ("episodes", "bed_rest", coded("-1", "0"), "{-1: true, 0: false}"),
    ("episodes", "smoker", coded("Ja", "Nein"), "{Ja: true, Nein: false}"),
    ("episodes", "sex", lambda x: x.str[0].str.upper(), "{F: female, M: male}"),
    ("episodes", "asa_class", lambda x: x.astype(float) - 1, "{0: 1, 1: 2, 2: 3, 3: 4}"),
    ("vertebrae", "of_type", lambda x: x.str[-1], "1: OF1, 2: OF2"),
    ("vertebrae", "of_type", lambda x: "Type " + x.str[-1], "Type 1: OF1, Type 2: OF2"),
    ("visits", "opioids", coded(2, 1), "{1: false, 2: true}"),
])  # fmt: skip
def test_a_column_coded_otherwise_is_named_with_a_recode(table, column, change, advice):
    [failure] = found(check_codes(planted(table, column, change)), "code_shift")
    assert (failure.table, failure.column, failure.row) == (table, column, None)
    assert failure.severity == "warning"
    assert advice in failure.message


@pytest.mark.parametrize(("column", "change"), [
    ("sex", lambda x: x.map({"male": 1, "female": 2})),
    ("treatment", lambda x: x.map({"vertebroplasty": 1, "conservative": 0})),
])  # fmt: skip
def test_what_numbers_mean_for_words_without_order_is_asked_not_guessed(column, change):
    [failure] = check_codes(planted("episodes", column, change))
    assert failure.rule == "code_shift"
    assert failure.message.endswith("ask what each code means and write a recode in the mapping")


@pytest.mark.parametrize(("table", "column", "change", "words"), [
    ("episodes", "sex", lambda x: x.str[0], "f, m in"),
    ("episodes", "sex", lambda x: x.map({"male": "1", "female": "2"}), "1, 2 in"),
    ("episodes", "smoker", coded("2", "1"), "2 in"),
    ("episodes", "smoker", coded("yes", "no"), "no, yes in"),
    ("vertebrae", "of_type", lambda x: x.str[-1], "1, 2, 3, 4, 5 in"),
])  # fmt: skip
def test_one_site_that_codes_otherwise_is_named(table, column, change, words):
    tables = tables_of(1500)
    if column == "smoker":
        tables[table][column] = coded("1", "0")(tables[table][column])
    base = tables[table][column].astype(object)
    rows = at_site(table, "S02")(tables)
    raw = tables_of(1500)[table][column]
    tables[table][column] = base.where(~rows, change(raw).astype(object))
    [failure] = check_codes(screened(tables, events={}))
    assert (failure.rule, failure.column, failure.row) == ("mixed_codes", column, None)
    assert words in failure.message
    assert "(only at site S02)" in failure.message


def test_classes_from_zero_at_one_site_are_mixed_codes():
    view = planted("episodes", "asa_class", lambda x: x.astype(float) - 1, n=3000,
                   where=at_site("episodes", "S01"))  # fmt: skip
    [failure] = check_codes(view)
    assert failure.rule == "mixed_codes"
    assert "counts from 0 at site S01" in failure.message


def test_rows_in_another_way_of_coding_are_counted():
    # Each fifth vertebra: 386 of them at this seed make 78 rows at most, blanks aside.
    view = planted("vertebrae", "mri_oedema", coded("y", "n"),
                   where=lambda tables: np.arange(len(tables["vertebrae"])) % 5 == 0)  # fmt: skip
    [failure] = check_codes(view)
    count = int(view.raw["vertebrae"]["mri_oedema"].isin(["y", "n"]).sum())
    assert failure.rule == "mixed_codes"
    assert f"n, y in {count} rows" in failure.message


@pytest.mark.parametrize(("table", "change"), [
    ("heights", lambda x: x.str.replace("L", "Lumbar ").str.replace("T", "Th")),
    ("events", lambda x: x.map({level: 11 + i for i, level in enumerate(LEVELS)})),
])  # fmt: skip
def test_two_tables_that_code_the_same_otherwise_are_named(table, change):
    failures = check_codes(planted(table, "level", change))
    [mixed] = found(failures, "mixed_codes")
    assert (mixed.table, mixed.column) == (table, "level")
    assert "coded otherwise than in vertebrae" in mixed.message
    assert "Lumbar 1: L1" in mixed.message or "14: T7" in mixed.message
    assert len(found(failures, "code_shift")) == 1


@pytest.mark.parametrize("n", [60, 300, 1500])
def test_clean_registries_raise_nothing(n):
    for seed in range(3):
        assert check_codes(screened(tables_of(n, seed=seed), events={})) == []


def test_a_few_typing_errors_and_missing_codes_are_no_way_of_coding():
    tables = tables_of(300)
    sex = tables["episodes"]["sex"].astype(object)
    sex.iloc[:4] = ["fmeale", "m", "f", "man"]
    sex.iloc[10:40] = "unknown"
    smoker = tables["episodes"]["smoker"].astype(object)
    smoker.iloc[:30] = "9"
    tables["episodes"] = tables["episodes"].assign(sex=sex, smoker=smoker)
    assert check_codes(screened(tables, events={})) == []


@pytest.mark.parametrize(("word", "levels", "level"), [
    ("lumbar 1", LEVELS, "L1"), ("lwk1", LEVELS, "L1"), ("d12", LEVELS, "T12"),
    ("thoracic 10", LEVELS, "T10"), ("c7", LEVELS, None), ("l6", LEVELS, None),
    ("iv", ASA, "4"), ("asa 2", ASA, "2"), ("of-3", ["OF1", "OF3"], "OF3"),
    ("man", ["female", "male"], None), ("females", ["female", "male"], "female"),
    ("?", ["female", "male"], None),
])  # fmt: skip
def test_a_foreign_word_is_guessed_where_it_is_plain(word, levels, level):
    assert guess_level(word, levels) == level


def test_codes_that_count_levels_are_put_in_order():
    assert in_order(["1", "3"], ASA) == {"1": "1", "3": "3"}
    assert in_order(["0", "4"], ASA) == {"0": "1", "4": "5"}
    assert in_order(["20", "11"], LEVELS) == {"11": "T4", "20": "L1"}
    assert in_order(["0", "5"], ASA) is None
    assert in_order(["-1", "2"], ASA) is None
    assert in_order([], ASA) is None
