"""What is drawn equals the table it was drawn from, and every text stays on the figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from scipy.special import expit

from vfprog.plots.base import LOWERS, RAISES, mark_simulated, new_figure, svg_of
from vfprog.plots.calibration import plot_calibration
from vfprog.plots.contributions import plot_beeswarm, plot_importance, plot_waterfall
from vfprog.plots.distribution import plot_risk_distribution
from vfprog.plots.flow import plot_flow
from vfprog.plots.instability import plot_instability
from vfprog.plots.performance import plot_performance
from vfprog.plots.utility import plot_decision_curve

GRID = np.linspace(0.05, 0.55, 11)
CURVE = pd.DataFrame(
    {"risk": GRID, "observed": 0.9 * GRID, "lower": 0.8 * GRID, "upper": 1.02 * GRID}
)
BINS = pd.DataFrame(
    {
        "outcome": [0, 0, 1, 1],
        "lower_edge": [0.0, 0.5, 0.0, 0.5],
        "upper_edge": [0.5, 1.0, 0.5, 1.0],
        "share": [0.5, 0.1, 0.1, 0.3],
    }
)
DECISION = pd.DataFrame(
    {
        "strategy": ["model"] * 2 + ["treat_all"] * 2 + ["treat_none"] * 2,
        "threshold": [0.1, 0.4] * 3,
        "net_benefit": [0.3, 0.1, 0.28, -2.0, 0, 0],
        "lower": [0.25, 0.05, 0.2, -2.2, 0, 0],
        "upper": [0.35, 0.15, 0.3, -1.8, 0, 0],
    }
)
PERFORMANCE = pd.DataFrame(
    {
        "metric": ["c_statistic", "c_statistic", "brier", "c_statistic"],
        "endpoint": ["response", "height_loss", "response", "new_fracture"],
        "model": ["blend"] * 4,
        "estimate": [0.7, 0.6, 0.2, np.nan],
        "lower": [0.65, np.nan, 0.1, np.nan],
        "upper": [0.75, np.nan, 0.3, np.nan],
    }
)
PATIENT = pd.DataFrame(
    {
        "predictor": ["age_years", "t_score", "smoker", "sva_mm"],
        "value": ["81", "-3.1", None, "40"],
        "log_odds": [0.3, 0.8, -0.5, 0.01],
    }
)
IMPORTANCE = pd.DataFrame(
    {
        "predictor": ["age_years", "t_score", "smoker"],
        "concept": ["frailty", "bone", "frailty"],
        "mean_abs_log_odds": [0.2, 0.5, 0.1],
        "lower": [0.1, 0.4, 0.0],
        "upper": [0.3, 0.6, 0.2],
    }
)
SWARM = pd.DataFrame(
    {
        "predictor": ["a"] * 4 + ["b"] * 4,
        "value": [1.0, 2.0, 3.0, np.nan, *[np.nan] * 4],
        "log_odds": [-0.1, 0.0, 0.1, 0.0, -1.0, 1.0, 0.5, 0.5],
    }
)
FLOW = pd.DataFrame(
    {
        "step": ["Registry", "Treated", "Treated", "Observed"],
        "n": [100, 70, 70, 65],
        "excluded": [0, 20, 10, 5],
        "reason": ["", "conservative", "sham", "no visit in the window, however one looks for it"],
    }
)
DRAWN = {
    "calibration": lambda ax: plot_calibration(CURVE, ax, distribution=BINS, title="T", note="n"),
    "decision": lambda ax: plot_decision_curve(DECISION, ax),
    "performance": lambda ax: plot_performance(
        PERFORMANCE, ax, metric="c_statistic", colour_by="model"
    ),
    "waterfall": lambda ax: plot_waterfall(PATIENT, ax, base_log_odds=-1),
    "importance": lambda ax: plot_importance(IMPORTANCE, ax),
    "beeswarm": lambda ax: plot_beeswarm(SWARM, ax),
    "distribution": lambda ax: plot_risk_distribution(BINS, ax),
    "flow": lambda ax: plot_flow(FLOW, ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_returns_its_axes_and_clips_no_text(name):
    figure, ax = new_figure(6.4, 4.8)
    assert DRAWN[name](ax) is ax
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    (width, height), dpi = figure.bbox.size, figure.dpi
    box = figure.get_tightbbox(canvas.get_renderer())
    assert min(box.x0, box.y0) * dpi >= -1
    assert box.x1 * dpi <= width + 1
    assert box.y1 * dpi <= height + 1


@pytest.mark.parametrize("name", DRAWN)
def test_a_missing_column_is_named(name, monkeypatch):
    module = __import__(__name__, fromlist=["x"])
    tables = {
        "calibration": ("CURVE", "observed"),
        "decision": ("DECISION", "net_benefit"),
        "performance": ("PERFORMANCE", "lower"),
        "waterfall": ("PATIENT", "value"),
        "importance": ("IMPORTANCE", "concept"),
        "beeswarm": ("SWARM", "log_odds"),
        "distribution": ("BINS", "share"),
        "flow": ("FLOW", "excluded"),
    }
    table, column = tables[name]
    monkeypatch.setattr(module, table, getattr(module, table).drop(columns=column))
    with pytest.raises(ValueError, match=rf"needs the columns \['{column}'\]"):
        DRAWN[name](new_figure()[1])


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match="a calibration plot needs at least one row"):
        plot_calibration(CURVE.iloc[:0], new_figure()[1])
    with pytest.raises(ValueError, match="a performance plot of ici needs at least one row"):
        plot_performance(PERFORMANCE, new_figure()[1], metric="ici")


def test_calibration_draws_the_curve_and_shares_one_scale():
    ax = plot_calibration(CURVE, new_figure()[1])
    ideal, observed = ax.get_lines()[:2]
    np.testing.assert_array_equal(ideal.get_xdata(), ideal.get_ydata())
    np.testing.assert_allclose(observed.get_ydata(), CURVE["observed"])
    assert ax.get_xlim() == ax.get_ylim() == (0, 0.6)  # the next tenth above .561


def test_histogram_stays_below_zero_with_events_upwards():
    ax = plot_calibration(CURVE, new_figure()[1], distribution=BINS)
    assert all(bar.get_y() <= 0 and bar.get_y() + bar.get_height() <= 0 for bar in ax.patches)
    heights = {to_hex(bar.get_facecolor()).upper(): bar.get_height() for bar in ax.patches}
    assert heights[RAISES] > 0 > heights[LOWERS]
    assert min(ax.get_yticks()) >= 0


def test_decision_curve_keeps_the_model_and_cuts_the_fall():
    ax = plot_decision_curve(DECISION, new_figure()[1], labels={"model": "Blend"})
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["Blend", "Treat all", "Treat none"]
    assert ax.get_ylim() == pytest.approx((-0.25 * 0.35, 1.08 * 0.35))
    drawn = {tuple(np.round(line.get_ydata(), 6)) for line in ax.get_lines()}
    assert (0.3, 0.1) in drawn


def test_a_decision_curve_of_one_threshold_is_points_in_view():
    ax = plot_decision_curve(DECISION[DECISION["threshold"] == 0.1], new_figure()[1])
    assert ax.get_xlim() == pytest.approx((0.09, 0.11))
    assert {line.get_marker() for line in ax.get_lines()} == {"o"}


def test_letters_our_font_lacks_stay_letters_and_warn_of_nothing():
    figure, ax = new_figure()
    ax.set_title("\u6771\u4eac \u75c5\u9662")
    assert "\u6771\u4eac \u75c5\u9662" in svg_of(figure)


def test_performance_writes_what_it_draws():
    ax = plot_performance(PERFORMANCE, new_figure()[1], metric="c_statistic")
    assert [text.get_text() for text in ax.texts] == ["0.70 (0.65 to 0.75)", "0.60", "undefined"]
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["Response", "Height loss", "New fracture"]
    dots = [line for line in ax.get_lines() if line.get_marker() == "o"]
    np.testing.assert_allclose(dots[0].get_xdata(), [0.7, 0.6])


def test_waterfall_leads_from_the_base_to_the_risk():
    ax = plot_waterfall(PATIENT, new_figure()[1], base_log_odds=-1.0, max_rows=2)
    ends = next(line for line in ax.get_lines() if line.get_marker() == "o").get_xdata()
    np.testing.assert_allclose(ends, [-1.0, -1.0 + 0.61])
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == [
        "Base risk 27 %",
        "T score: -3.1",
        "Smoker: not known",
        "2 smaller contributions",
        "Risk of this patient 40 %",
    ]
    assert expit(-0.39) == pytest.approx(0.404, abs=1e-3)
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    np.testing.assert_allclose(bars, [(-1, 0.8), (-0.2, -0.5), (-0.7, 0.31)])
    colours = [to_hex(bar.get_facecolor()).upper() for bar in ax.patches]
    assert colours == [RAISES, LOWERS, RAISES]


def test_waterfall_names_a_rest_of_one():
    ax = plot_waterfall(PATIENT, new_figure()[1], base_log_odds=-1.0, max_rows=3)
    assert [label.get_text() for label in ax.get_yticklabels()][-2] == "Sva mm: 40"


def test_waterfall_has_a_risk_axis_that_agrees():
    figure, ax = new_figure()
    plot_waterfall(PATIENT, ax, base_log_odds=-4.0)
    figure.draw_without_rendering()
    above = ax.child_axes[0]
    shown = [(tick, float(text.get_text())) for tick, text in zip(
        above.get_xticks(), above.get_xticklabels(), strict=True)]  # fmt: skip
    assert len(shown) >= 3
    for log_odds, percent in shown:
        assert 100 * expit(log_odds) == pytest.approx(percent)


def test_importance_is_ordered_and_coloured_by_concept():
    ax = plot_importance(IMPORTANCE, new_figure()[1], max_rows=2, labels={"t_score": "T-score"})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["T-score", "Age years"]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [0.5, 0.2])
    legend = ax.get_legend()
    colours = {
        text.get_text(): to_hex(patch.get_facecolor())
        for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
    }
    assert colours["Bone"] == to_hex(ax.patches[0].get_facecolor())
    assert colours["Frailty"] == to_hex(ax.patches[1].get_facecolor())


def test_beeswarm_shows_every_row_once_largest_predictor_first():
    ax = plot_beeswarm(SWARM, new_figure()[1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["B", "A"]
    dots = np.concatenate([part.get_offsets() for part in ax.collections])
    assert sorted(dots[:, 0]) == sorted(SWARM["log_odds"])
    assert len(np.unique(dots, axis=0)) == len(SWARM)  # like contributions are spread apart
    assert np.abs(dots[:, 1] - np.round(dots[:, 1])).max() <= 0.4


def test_distribution_mirrors_the_outcomes():
    ax = plot_risk_distribution(BINS, new_figure()[1])
    heights = sorted(bar.get_height() for bar in ax.patches)
    np.testing.assert_allclose(heights, [-0.5, -0.1, 0.1, 0.3])
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["with event (40 %)", "without event (60 %)"]


def test_flow_states_each_step_and_each_reason():
    ax = plot_flow(FLOW, new_figure()[1], unit="patients")
    texts = [text.get_text() for text in ax.texts if text.get_text()]
    assert texts[0] == "Registry\n100 patients"
    assert texts[1] == "20  conservative\n10  sham"
    assert texts[2] == "Treated\n70 patients"
    assert texts[-1] == "Observed\n65 patients"


def test_flow_that_does_not_add_up_is_refused():
    with pytest.raises(ValueError, match="at 'Observed': 70 less 4 is not 65"):
        plot_flow(FLOW.assign(excluded=[0, 20, 10, 4]), new_figure()[1])


def test_simulated_data_are_stamped():
    figure, _ = new_figure()
    assert mark_simulated(figure) is figure
    (stamp,) = figure.texts
    assert stamp.get_text() == "SIMULATED DATA"
    assert stamp.get_alpha() > 0.1
    assert stamp.get_fontsize() > 30


def test_each_panel_is_stamped_in_its_middle():
    figure, _ = new_figure(8, 4)
    mark_simulated(figure, rows=2, columns=2)
    places = sorted(stamp.get_position() for stamp in figure.texts)
    assert places == [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]
    # 6.2 points to an inch of the narrower of the panel's width and 1.6 times its height.
    assert {stamp.get_fontsize() for stamp in figure.texts} == {6.2 * 1.6 * 2}


def test_figures_leave_no_global_state():
    import matplotlib._pylab_helpers as helpers

    before = len(helpers.Gcf.figs)
    new_figure()
    assert len(helpers.Gcf.figs) == before


# --- instability


def instability_table():
    risk = np.array([0.5, 0.1, 0.3])
    spread = {"lower": risk - 0.05, "upper": risk + 0.05, "lowest": risk - 0.1}
    return pd.DataFrame({"risk": risk, **spread, "highest": risk + 0.2})


def test_instability_is_drawn_in_the_order_of_the_risks():
    _, ax = new_figure()
    plot_instability(instability_table(), ax)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "All refits", "90 % of the refits", "No change",
    ]  # fmt: skip
    wide, narrow = ax.collections
    edges = narrow.get_paths()[0].vertices
    assert {tuple(np.round(v, 3)) for v in edges} >= {(0.1, 0.05), (0.1, 0.15), (0.5, 0.55)}
    assert wide.get_paths()[0].vertices[:, 1].max() == pytest.approx(0.7)
    assert ax.get_xlim() == pytest.approx((0, 0.7))


def test_instability_needs_its_columns():
    _, ax = new_figure()
    with pytest.raises(ValueError, match=r"an instability plot needs the columns \['highest'\]"):
        plot_instability(instability_table().drop(columns="highest"), ax)


# --- ranks and SVG


def test_ranks_are_written_only_where_refits_gave_them():
    _, ax = new_figure()
    table = pd.DataFrame({"predictor": ["a", "b"], "concept": "pain", "rank": [1, 2],
                          "mean_abs_log_odds": [0.3, 0.1], "rank_lower": [1.0, 1.4],
                          "rank_upper": [2.0, 2.0]})  # fmt: skip
    plot_importance(table, ax)
    assert {"1 (1 to 2)", "2 (1 to 2)"} <= {t.get_text() for t in ax.texts}
    _, other = new_figure()
    plot_importance(table.assign(rank_lower=np.nan), other)
    assert [t.get_text() for t in other.texts] == []


def test_a_figure_is_the_same_svg_each_time_and_names_no_host():
    drawn = []
    for _ in range(2):
        figure, axes = new_figure(2, 2)
        axes.plot([0, 1], [0, 1])
        drawn.append(svg_of(mark_simulated(figure)))
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith("<svg")
    assert "SIMULATED DATA" in drawn[0]
    assert "<!--" not in drawn[0]
    assert "<metadata" not in drawn[0]
