from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vfprog.plots.base import mark_simulated, new_figure
from vfprog.plots.forest import forest_height, plot_forest

_NAMES = ("role", "site", "estimate", "lower", "upper", "share", "n", "n_events", "n_sites")
_ROWS = [
    ("site", "Leiden", 0.70, 0.60, 0.80, 0.64, 200, 60, 1),
    ("site", "Graz", 0.60, 0.45, 0.75, 0.25, 90, 30, 1),
    ("site", "tiny", *[np.nan] * 4, 12, 2, 1),
    ("site", "none", *[np.nan] * 4, 9, 0, 1),
    ("small_sites", "small sites", 0.65, 0.40, 0.85, 0.11, 40, 12, 2),
    ("pooled", "", 0.67, 0.58, 0.75, np.nan, 330, 102, 3),
    ("prediction", "", 0.67, 0.50, 0.81, np.nan, 330, 102, 3),
]
TABLE = pd.DataFrame(_ROWS, columns=_NAMES).assign(metric="c_statistic", reason="", i2=np.nan)
TABLE.loc[5:, "i2"] = 0.123
TABLE.loc[2, "reason"] = "counted in 'small sites': 2 with"
TABLE.loc[3, "reason"] = "left out: 0 with"


def drawn(table=TABLE, **options):
    options = {"metric": "c_statistic", **options}
    return plot_forest(table, new_figure(7, forest_height(table, "c_statistic"))[1], **options)


def test_squares_lines_diamond_and_bar_are_those_of_the_table():
    ax = drawn(title="Response")
    squares = [line for line in ax.lines if line.get_marker() == "s"]
    assert [line.get_xdata()[0] for line in squares] == [0.70, 0.60, 0.65]
    assert [line.get_ydata()[0] for line in squares] == [0, 1, 4]
    sizes = np.array([line.get_markersize() for line in squares])
    assert sizes - 4 == pytest.approx(7 * np.sqrt([0.64, 0.25, 0.11]))
    segments = [part.get_segments()[0][:, 0].tolist() for part in ax.collections]
    assert segments == [[0.60, 0.80], [0.45, 0.75], [0.40, 0.85], [0.50, 0.81]]
    (diamond,) = ax.patches
    assert sorted(set(diamond.get_xy()[:, 0])) == [0.58, 0.67, 0.75]
    assert ax.get_title(loc="left") == "Response"


def test_every_site_is_named_and_every_number_written():
    ax = drawn(labels={"Graz": "Graz (A)", "c_statistic": "c-statistic"})
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [
        "Leiden  (60 of 200)", "Graz (A)  (30 of 90)", "tiny  (2 of 12)", "none  (0 of 9)",
        "2 small sites  (12 of 40)", "Pooled (3 sites, I² 12 %)", "A new site",
    ]  # fmt: skip
    assert [text.get_text() for text in ax.texts] == [
        "0.70 (0.60 to 0.80)", "0.60 (0.45 to 0.75)", "among the small sites", "left out",
        "0.65 (0.40 to 0.85)", "0.67 (0.58 to 0.75)", "0.50 to 0.81",
    ]  # fmt: skip
    assert ax.get_xlabel() == "c-statistic"


def test_an_undefined_prediction_interval_is_said():
    table = TABLE.copy()
    table.loc[6, ["lower", "upper"]] = np.nan
    table.loc[5:, "i2"] = np.nan
    ax = drawn(table)
    assert ax.texts[-1].get_text() == "undefined"
    assert ax.get_yticklabels()[5].get_text() == "Pooled (3 sites)"
    assert len(ax.collections) == 3


def test_where_only_the_small_sites_are_judged_nothing_is_said_to_be_pooled():
    table = TABLE.iloc[[2, 4, 5, 6]].reset_index(drop=True)
    table = table.assign(i2=pd.Series([None] * 4, dtype=object))
    table.loc[2:, "n_sites"] = 1
    names = [label.get_text() for label in drawn(table).get_yticklabels()]
    assert names[1:] == [
        "2 small sites  (12 of 40)", "One alone: nothing pooled", "A new site",
    ]  # fmt: skip


def test_a_ratio_has_a_log_scale_and_the_line_at_one():
    table = TABLE.assign(metric="observed_expected")
    ax = plot_forest(table, new_figure()[1], metric="observed_expected")
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.5", "0.67"]
    assert any(line.get_xdata()[0] == line.get_xdata()[1] == 1 for line in ax.lines[3:])


def test_all_text_stays_on_the_figure_with_many_sites():
    sites = pd.concat([TABLE.iloc[:2]] * 20, ignore_index=True)
    table = pd.concat([sites, TABLE.iloc[2:]], ignore_index=True)
    figure, ax = new_figure(7.2, forest_height(table, "c_statistic"))
    plot_forest(table, ax, metric="c_statistic", title="Response, before the procedure")
    mark_simulated(figure)
    FigureCanvasAgg(figure).draw()
    width, height = figure.canvas.get_width_height()
    boxes = [text.get_window_extent() for text in [*ax.texts, *ax.get_yticklabels(), ax.title]]
    assert min(box.x0 for box in boxes) >= 0
    assert max(box.x1 for box in boxes) <= width
    assert max(box.y1 for box in boxes) <= height
    tops = sorted(box.y0 for box in boxes[: len(ax.texts)])
    assert min(np.diff(tops)) > 0.8 * boxes[0].height  # no row lies on another


@pytest.mark.parametrize(
    ("table", "message"),
    [(TABLE.drop(columns="share"), r"\['share'\]"), (TABLE.iloc[:0], "empty table")],
)
def test_what_cannot_be_drawn_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        plot_forest(table, new_figure()[1], metric="c_statistic")


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="forest plot of brier needs at least one row"):
        drawn(metric="brier")
