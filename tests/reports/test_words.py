from __future__ import annotations

import pytest
from markupsafe import Markup

from vfprog.reports.words import counted, percent, short, tidy, value, whole

NAN = float("nan")


def test_invisible_marks_are_made_visible_and_text_ends():
    assert tidy("a\x1b[31mb\u202ec\x00") == "a\ufffd[31mb\ufffdc\ufffd"
    assert tidy("line\nnext\tcell") == "line\nnext\tcell"
    assert tidy("x" * 600) == "x" * 500 + "..."


def test_markup_and_numbers_pass_as_they_are():
    assert tidy(Markup("<b>\x1b</b>")) == Markup("<b>\x1b</b>")
    assert tidy(7) == 7


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.000123456, "0.0001235"),
        (123.456, "123.5"),
        (10_000, "10,000"),
        (-0.5, "-0.5"),
        (NAN, "\u2013"),
    ],
)
def test_four_figures(number, text):
    assert short(number) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0009, "< 0.1 %"), (0.001, "0.1 %"), (0.5, "50.0 %"), (0.9995, "> 99.9 %"),
     (1, "100 %"), (NAN, "\u2013")],
)  # fmt: skip
def test_none_and_all_are_said_only_of_none_and_all(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("received", "text"),
    [(45.0, "45"), (0.1, "0.1"), ("45.0", "45.0"), (None, "\u2013"), (NAN, "\u2013")],
)
def test_a_value_is_shown_as_it_came(received, text):
    assert value(received) == text


def test_counts_have_their_noun():
    assert [counted(n, "error") for n in (0, 1, 1234)] == ["0 errors", "1 error", "1,234 errors"]
    assert whole(1e6) == "1,000,000"
