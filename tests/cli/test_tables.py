from __future__ import annotations

import pandas as pd
import pytest

from vfprog.cli.tables import (
    performance_row,
    show_flows,
    show_importance,
    show_performance,
    show_sites,
    sites_rows,
)

_METRICS = ("c_statistic", "calibration_slope", "calibration_in_the_large", "brier", "ici")
_NAMES = ("model", "learner", "metric", "estimate", "lower", "upper", "n", "n_events")


def _long(model: str = "response_preprocedure", learner: str = "model") -> pd.DataFrame:
    rows = [
        (model, learner, metric, 0.7 + i / 10, -0.61234, 0.8, 858978, 204123)
        for i, metric in enumerate(_METRICS)
    ]
    return pd.DataFrame(rows, columns=_NAMES)


def test_estimate_over_interval() -> None:
    assert performance_row("response_preprocedure", _long()) == [
        "response\npreprocedure", "0.700\n-0.612, 0.800", "0.80\n-0.61, 0.80",
        "0.90\n-0.61, 0.80", "1.000\n-0.612, 0.800", "858978", "204123",
    ]  # fmt: skip


def test_what_is_undefined_is_said() -> None:
    long = _long()
    long.loc[long["metric"] == "brier", ["lower", "upper"]] = float("nan")
    long.loc[long["metric"] == "calibration_slope", "estimate"] = float("nan")
    row = performance_row("other", long[long["metric"] != "c_statistic"])
    assert row[:5] == ["other", "", "undefined", "0.90\n-0.61, 0.80", "1.000"]


@pytest.mark.parametrize("simulated", [True, False])
def test_the_table_is_marked_fits_and_shows_the_model_alone(
    simulated: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    long = pd.concat([_long("new_fracture_postprocedure"), _long(learner="trees")])
    show_performance(long, title="performance", simulated=simulated)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ("SIMULATED DATA: " if simulated else "") + "performance"
    assert max(map(len, lines)) <= 80
    assert lines[3].split() == [
        "new_fracture",
        "0.700",
        "0.80",
        "0.90",
        "1.000",
        "858978",
        "204123",
    ]
    assert lines[4].split()[0] == "postprocedure"
    assert len(lines) == 5


def test_flow(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [("all episodes", 10, 0, ""), ("eligible", 8, 2, "vas_baseline below 3")]
    show_flows({"response": pd.DataFrame(steps, columns=["step", "n", "excluded", "reason"])})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Participants: response"
    assert lines[3].split() == ["all", "episodes", "10", "0"]
    assert lines[4].split() == ["eligible", "vas_baseline", "below", "3", "8", "2"]


def test_importance_names_each_model_once_and_ranks(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("response", "preprocedure", f"p{i}", "pain", i / 10) for i in range(7)]
    names = ["endpoint", "prediction_time", "predictor", "concept", "mean_abs_log_odds"]
    show_importance(pd.DataFrame(rows, columns=names), simulated=False, top=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[3:]] == [
        ["response_preprocedure", "p6", "pain", "0.600"], ["p5", "pain", "0.500"],
    ]  # fmt: skip


def _by_site(model: str = "response_preprocedure") -> pd.DataFrame:
    rows = [
        (model, metric, role, 0.66, -0.61 - wider, 0.80 + wider, 0.347, 12)
        for metric in ("c_statistic", "calibration_slope", "calibration_in_the_large", "other")
        for role, wider in (("site", 0), ("pooled", 0), ("prediction", 0.1))
    ]
    names = ["model", "metric", "role", "estimate", "lower", "upper", "i2", "n_sites"]
    return pd.DataFrame(rows, columns=names)


def test_pooled_over_sites() -> None:
    assert sites_rows("response_preprocedure", _by_site()) == [
        ["response", "c-statistic", "0.660", "-0.610, 0.800", "-0.710, 0.900", "35 %", "12"],
        ["preprocedure", "slope", "0.66", "-0.61, 0.80", "-0.71, 0.90", "35 %", "12"],
        ["", "in-the-large", "0.66", "-0.61, 0.80", "-0.71, 0.90", "35 %", "12"],
    ]


def test_two_sites_have_no_prediction_interval() -> None:
    table = _by_site()
    table.loc[table["role"] == "prediction", ["lower", "upper"]] = float("nan")
    table["i2"] = float("nan")
    for row in sites_rows("other", table):
        assert row[4:6] == ["undefined", "undefined"]


@pytest.mark.parametrize("simulated", [True, False])
def test_the_table_by_site_is_marked_and_fits(
    simulated: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    show_sites(pd.DataFrame(), simulated=simulated)
    assert capsys.readouterr().out == ""
    table = pd.concat([_by_site("new_fracture_postprocedure"), _by_site()])
    show_sites(table, simulated=simulated)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith(("SIMULATED DATA: " if simulated else "") + "by site, ")
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[4:]] == [
        "new_fracture", "postprocedure", "in-the-large", "response", "preprocedure",
        "in-the-large",
    ]  # fmt: skip
