from __future__ import annotations

import math

import pandas as pd
import pytest

from vfprog.cli.differences import (
    population_row,
    show_case_mix,
    show_population,
    show_time_to_event,
)

_COLUMNS = ["predictor", "level", "statistic", "development", "here", "standardised_difference"]


def _number(name: str, difference: float, here: float = 70.25) -> list[tuple[object, ...]]:
    values = {"missing_percent": (1.0, 2.6), "median": (75.0, here), "q1": (70.0, here - 5)}
    values["q3"] = (80.0, here + 5)
    return [(name, "", key, *value, difference) for key, value in values.items()]


def _population(*rows: tuple[object, ...]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.assign(endpoint="response", used=True)


def test_a_number_has_its_median_and_quartiles() -> None:
    row = population_row(_population(*_number("age_years", -0.6)))
    assert row == ["age_years", "75 (70-80)", "70.25 (65.25-75.25)", "1 %, 3 %", "-0.60"]


def test_of_levels_the_one_that_differs_most_is_shown() -> None:
    rows = [("asa", "", "missing_percent", 0.0, 100.0, math.nan)]
    rows += [("asa", "1", "percent", 20.0, math.nan, math.nan)]
    assert population_row(_population(*rows))[1:] == ["1 20 %", "not recorded", "0 %, 100 %",
                                                      "undefined"]  # fmt: skip
    rows = [("asa", "", "missing_percent", 0.0, 0.0, 0.3)]
    rows += [("asa", "1", "percent", 20.0, 25.0, 0.3), ("asa", "2", "percent", 80.0, 70.0, 0.3)]
    rows += [("asa", "3", "percent", math.nan, 5.0, 0.3)]
    assert population_row(_population(*rows))[1:3] == ["2 80 %", "2 70 %"]


@pytest.mark.parametrize("simulated", [True, False])
def test_what_differs_most_comes_first(simulated: bool, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"predictor_{k}" for k in range(12)]
    rows = [row for k, name in enumerate(names) for row in _number(name, (-1) ** k * k / 10)]
    lost = _number("thoracic_kyphosis_deg", math.nan, here=math.nan)
    unused = _population(*_number("not_used", 9.0)).assign(used=False)
    show_population(pd.concat([_population(*rows, *lost), unused]), simulated=simulated)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("SIMULATED DATA: patients" if simulated else "patients")
    assert lines[3].split()[0] == "thoracic_kyphosis_deg"
    assert "not recorded" in lines[3]
    assert [line.split()[0] for line in lines[4:13]] == names[:2:-1]
    assert max(map(len, lines)) <= 80


def test_case_mix_and_time_to_event_fit_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    statistics = ["outcome_frequency", "mean_risk", "sd_linear_predictor"]
    statistics += ["expected_c_statistic", "c_statistic"]
    mix = pd.DataFrame({"model": "new_fracture_postprocedure", "statistic": statistics})
    mix = mix.assign(development=[0.2, 0.21, 1.234, 0.7, math.nan], here=0.5)
    show_case_mix(mix, simulated=True)
    figures = pd.DataFrame({"metric": ["uno_c", "auc", "observed_expected", "brier"]})
    figures = figures.assign(
        model="new_fracture_postprocedure", estimate=0.6, lower=0.5, upper=0.7, n=1234567,
        n_events=123456, horizon_days=365,
    )  # fmt: skip
    show_time_to_event(figures, simulated=False)
    out = capsys.readouterr().out
    assert "SIMULATED DATA: case mix or misfit?" in out
    assert "not kept" in out
    assert "at 365 days" in out
    assert max(map(len, out.splitlines())) <= 80


def test_nothing_to_show_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for show in (show_population, show_case_mix, show_time_to_event):
        show(pd.DataFrame(), simulated=True)
    assert capsys.readouterr().out == ""
