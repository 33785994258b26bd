from __future__ import annotations

import pandas as pd
import pytest

from vfprog.data.proposing.codes import fit_binary, fit_levels, fit_vertebra
from vfprog.data.proposing.sketch import sketch
from vfprog.data.proposing.slots import slots_of
from vfprog.data.proposing.vocabulary import load_vocabulary
from vfprog.schema.dictionary import LEVELS, load_dictionary


def seen(values, name="x"):
    return sketch(name, pd.Series(values, dtype="str"), load_vocabulary())


def levels(ours, values, name="x"):
    slots = [s for t in ("episodes", "vertebrae", "events")
             for s in slots_of(t, load_dictionary(), ())]  # fmt: skip
    slot = next(s for s in slots if s.name == ours)
    return fit_levels(seen(values, name), slot, load_vocabulary())


@pytest.mark.parametrize(
    ("values", "recode"),
    [
        (["J", "N"], {"J": True, "N": False}), (["ja", "nee"], {"ja": True, "nee": False}),
        (["oui", "non"], {"oui": True, "non": False}), (["sí", "no"], {"no": False, "sí": True}),
        (["yes", "no"], {}), (["1", "0"], {}), (["1.0", "0.0"], {}), (["TRUE", "FALSE"], {}),
    ],
)  # fmt: skip
def test_yes_and_no(values, recode) -> None:
    fit = fit_binary(seen(values * 9), load_vocabulary())
    assert (fit.agreement, fit.recode, fit.sure) == (1.0, recode, True)


def test_one_and_two_are_asked_about() -> None:
    fit = fit_binary(seen(["1", "2"] * 9), load_vocabulary())
    assert not fit.sure
    assert fit.recode == {"1": True, "2": False}
    assert "1 yes and 2 no" in fit.question


def test_nine_beside_nought_and_one_is_missing() -> None:
    fit = fit_binary(seen(["0", "1"] * 20 + ["9"] * 3), load_vocabulary())
    assert (fit.agreement, fit.missing, fit.recode) == (1.0, ("9",), {})


@pytest.mark.parametrize("values", [["low", "high"], ["3", "4"], [str(i) for i in range(70)]])
def test_other_codes_are_no_yes_or_no(values) -> None:
    assert fit_binary(seen(values * 3), load_vocabulary()).agreement == 0


@pytest.mark.parametrize(
    ("ours", "values", "recode"),
    [
        ("sex", ["w", "m"], {"m": "male", "w": "female"}), ("sex", ["female", "Male"], {}),
        ("sex", ["H", "F"], {"F": "female", "H": "male"}),
        ("asa_class", ["ASA I", "ASA III"], {"ASA I": "1", "ASA III": "3"}),
        ("asa_class", ["II", "IV"], {"II": "2", "IV": "4"}), ("asa_class", ["1", "2.0"], {}),
        ("of_type", ["1", "2"], {"1": "OF1", "2": "OF2"}), ("of_type", ["of 4"], {"of 4": "OF4"}),
        ("cement_leakage", ["keine", "Bandscheibe"], {"Bandscheibe": "disc", "keine": "none"}),
        ("treatment", ["VP", "Sham"], {"VP": "vertebroplasty", "Sham": "sham"}),
        ("event", ["overleden"], {"overleden": "death"}),
    ],
)  # fmt: skip
def test_levels_under_other_words(ours, values, recode) -> None:
    fit = levels(ours, values * 9)
    assert (fit.agreement, fit.recode, fit.sure) == (1.0, recode, True)


def test_sex_as_numbers_is_asked_about() -> None:
    fit = levels("sex", ["1"] * 8 + ["2"] * 20)
    assert not fit.sure
    assert fit.recode == {"1": "male", "2": "female"}
    assert fit.question == "is 2 female?"


def test_a_column_called_after_one_sex_tells_its_codes() -> None:
    assert levels("sex", ["0", "1"] * 9, "female").recode == {"0": "male", "1": "female"}
    assert levels("sex", ["0", "1"] * 9, "Männlich").recode == {"0": "female", "1": "male"}


def test_a_word_nobody_knows_is_counted_and_not_written() -> None:
    fit = levels("cement_leakage", ["disc"] * 9 + ["secret name"])
    assert fit.agreement == 0.9
    assert fit.question == "1 other codes stand there: recode them"
    assert "secret" not in str(fit)


@pytest.mark.parametrize(
    ("word", "level"),
    [("LWK1", "L1"), ("BWK 12", "T12"), ("th11", "T11"), ("Lumbar 3", "L3"), ("Thoracic 5", "T5"),
     ("L-4", "L4"), ("D12", "T12"), ("Lendenwirbel 2", "L2")],
)  # fmt: skip
def test_levels_of_the_spine(word: str, level: str) -> None:
    assert fit_vertebra(seen([word] * 5)).recode[word] == level


def test_all_levels_are_listed_as_the_seen_ones_are_written() -> None:
    fit = fit_vertebra(seen(["LWK1", "BWK12"] * 5))
    assert set(fit.recode.values()) == set(LEVELS)
    assert fit.recode["BWK4"] == "T4"
    assert fit.agreement == 1


@pytest.mark.parametrize("values", [["L1", "t12"], ["L1", "T12"]])
def test_our_levels_need_no_recode(values) -> None:
    assert fit_vertebra(seen(values * 5)).recode == {}


def test_numbered_levels() -> None:
    """1 is T1: the 12th is T12, the 17th L5; sure where fractures gather at 12 and 13."""
    sure = fit_vertebra(seen(["12"] * 9 + ["13"] * 8 + ["17"]))
    assert (sure.sure, sure.recode) == (True, {"12": "T12", "13": "L1", "17": "L5"})
    unsure = fit_vertebra(seen(["9"] * 9 + ["8"] * 8))
    assert not unsure.sure
    assert fit_vertebra(seen(["L1", "18"])).agreement == 0.5
    assert fit_vertebra(seen(["18", "40"])).agreement == 0
