from __future__ import annotations

import pandas as pd
import pytest

from vfprog.plots.base import new_figure
from vfprog.plots.planning import planning_figure, plot_plan

TABLE = pd.DataFrame(
    [
        (n, figure, value, value - 0.05, value + 0.1)
        for n, value in ((500, 0.5), (2000, 0.7))
        for figure in ("c_statistic", "calibration_slope", "c_interval_width", "power_prognosis")
    ],
    columns=["participants", "figure", "estimate", "lower", "upper"],
)


def test_each_size_has_its_place_and_each_figure_its_line() -> None:
    _, ax = new_figure()
    plot_plan(TABLE, ax, figures=("power_prognosis", "power_benefit"), reference=0.8)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["500", "2,000"]
    (line,) = ax.containers
    assert line.lines[0].get_ydata().tolist() == [0.5, 0.7]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["predicts the outcome"]


def test_the_figure_has_four_panels() -> None:
    figure = planning_figure(TABLE, title="Pain response")
    assert len(figure.axes) == 4


def test_an_empty_plan_is_refused() -> None:
    _, ax = new_figure()
    with pytest.raises(ValueError, match="at least one row"):
        plot_plan(TABLE.iloc[:0], ax, figures=("c_statistic",))
