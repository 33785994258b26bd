"""Trials replicated: the tables people read, and the page that quotes them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from vfprog.simulate.calibrate import Calibrated, load_free
from vfprog.simulate.replicate import by_figure, rms
from vfprog.workflows.trials import (
    Calibration,
    calibration_markdown,
    replicate_trials,
    trials_figure,
    trials_markdown,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "trials.md"
TABLE = pd.DataFrame({
    "trial": ["VERTOS", "VERTOS", "VAPOUR", "VAPOUR"], "role": ["outcome"] * 3 + ["input"],
    "figure": ["pain_control", "pain_control", "responders_control", "age"],
    "day": [1, 14, 14, 0], "published": [7.1, 6.4, 0.21, 81], "published_se": [0.6, 0.6, 0.05, 1],
    "simulated": [7.0, 7.0, 0.3, 80.0], "z": [-0.3, 0.4, 1.8, -1.0],
})  # fmt: skip


def test_visits_of_a_figure_share_a_row_and_a_z():
    lines = trials_markdown(TABLE).splitlines()
    assert lines[2:] == [
        "| VERTOS | Pain control | 1, 14 | 7.10, 6.40 | 0.60, 0.60 | 7.00, 7.00 | +0.35 |",
        "| VAPOUR | Responders control | 14 | 0.21 | 0.05 | 0.30 | +1.80 |",
    ]
    assert (
        trials_markdown(TABLE, role="input").splitlines()[2].startswith("| VAPOUR | Age | entry |")
    )


def test_a_calibration_in_words():
    free = load_free()
    fitted = Calibrated(dict.fromkeys(free, 0.123), dict.fromkeys(free, 0.456), TABLE)
    profiled = pd.DataFrame({"effect": [0.5], "VERTOS": [1.234], "all": [1.0]})
    told = calibration_markdown(Calibration(fitted, TABLE, profiled))
    placebo = [line for line in told["parameters"].splitlines() if "pain.placebo" in line]
    prior = free["pain.placebo"]
    assert placebo[0].startswith(f"| pain.placebo | {prior.prior:g} ± {prior.sd:g} | 0.12 | 0.46 |")
    # The input does not count; all: root of (.125 + 3.24) / 2.
    assert told["left out"].splitlines()[2:] == [
        "| VERTOS | 0.35 | 0.35 |", "| VAPOUR | 1.80 | 1.80 |", "| all | 1.30 |  |",
    ]  # fmt: skip
    assert told["profile"].splitlines()[2] == "| 0.5 | 1.23 | 1.00 |"


@pytest.mark.slow
def test_the_page_quotes_what_the_pipeline_prints():
    table = replicate_trials()
    page = PAGE.read_text(encoding="utf-8")
    assert trials_markdown(table) in page
    assert trials_markdown(table, role="input") in page
    figures = by_figure(table)
    counted = (figures["role"] == "outcome").sum()
    assert f"**{rms(figures):.2f}** over {counted} figures" in page


def test_the_figure_is_marked_as_simulated():
    figure = trials_figure(TABLE)
    assert [text.get_text() for text in figure.texts] == ["SIMULATED DATA"]
