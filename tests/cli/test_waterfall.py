from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bundles import PATIENT
from vfprog.cli.waterfall import MAX_ROWS, PLAIN, Style, paint, percent, value_text, waterfall
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict
from vfprog.scoring.prognosis import Contribution, Prognosis


@pytest.mark.parametrize(
    ("risk", "text"),
    [
        (0.0762, "7.6 %"),
        (0.62, "62 %"),
        (0.1, "10 %"),
        (0.9, "90 %"),
        (0.956, "95.6 %"),
        (0, "0.0 %"),
    ],
)
def test_percent(risk: float, text: str) -> None:
    assert percent(risk) == text


def test_colours_only_when_asked_for() -> None:
    assert paint("x", "bold", PLAIN) == "x"
    assert paint("x", "bold", Style(colour=True)) == "\x1b[1mx\x1b[0m"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("fracture_age_days", 10, "10 days"),
        ("bed_rest", True, "yes"),
        ("sex", "female", "female"),
        ("height_loss_pct", [35, None, 12.5], "35, ?, 12.5 %"),
        ("level", ["L1", "L2"], "L1, L2"),
        ("intravertebral_cleft", [True, False], "yes, no"),
        ("pi_ll_mismatch_deg", 14.5, "14.5 degrees"),
        ("t_score", None, "not given"),
    ],
)
def test_values_in_words(bundle, name: str, value: object, text: str) -> None:
    assert value_text(name, value, load_bundle(bundle)) == text


def test_each_line_tells_the_risk_so_far_and_the_last_the_risk_shown(bundle) -> None:
    loaded = load_bundle(bundle)
    prognosis = predict(loaded, PATIENT)["response"]
    lines = list(waterfall(prognosis, loaded))
    total, risks = prognosis.base_log_odds, []
    for line in prognosis.contributions[:MAX_ROWS]:
        total += line.log_odds
        risks.append(percent(1 / (1 + math.exp(-total))))
    shown = [" ".join(line.split()[-2:]) for line in lines[2:-2]]
    assert shown == risks
    assert lines[-1].endswith(percent(prognosis.risk))
    assert lines[-2].endswith(percent(prognosis.risk))  # the rest brings it to the same risk


def _prognosis(steps: list[float]) -> Prognosis:
    lines = tuple(Contribution("t_score", "bone", -2.5, step) for step in steps)
    risk = 1 / (1 + math.exp(-sum(steps)))
    return Prognosis("response", "", 30, "preprocedure", risk, None, 0.9, 0.0, lines)


def test_the_longest_bar_fills_its_half_and_the_others_are_to_scale(bundle) -> None:
    up, down = list(waterfall(_prognosis([0.4, -0.2]), load_bundle(bundle)))[2:4]
    assert up.count("█") == 8
    assert down.count("█") == 4
    assert up.index("█") > up.index("│")
    assert down.index("█") < down.index("│")


def test_a_rest_of_one_is_named_a_rest_of_two_is_summed(bundle) -> None:
    loaded = load_bundle(bundle)
    nine = list(waterfall(_prognosis([0.1] * 9), loaded))
    ten = list(waterfall(_prognosis([0.1] * 10), loaded))
    assert not any("Others" in line for line in nine)
    assert len(nine) == 9 + 3
    assert ten[-2].split()[:2] == ["Others", "(2)"]
    assert "+0.20" in ten[-2]


def test_ascii_where_nothing_else_can_be_shown(bundle) -> None:
    lines = list(waterfall(_prognosis([0.4, -0.2]), load_bundle(bundle), Style(fancy=False)))
    assert all(line.isascii() for line in lines)
    assert "########" in lines[2]


@given(st.lists(st.floats(-9, 9), max_size=30), st.booleans(), st.integers(80, 140))
def test_no_line_is_wider_than_the_terminal(bundle, steps, fancy: bool, width: int) -> None:
    style = Style(width=width, fancy=fancy)
    lines = list(waterfall(_prognosis(steps), load_bundle(bundle), style))
    assert max(map(len, lines)) <= width
    assert len({line.index("│" if fancy else "|") for line in lines}) == 1  # one straight axis
