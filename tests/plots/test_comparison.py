from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.plots.base import new_figure
from vfprog.plots.comparison import plot_differences

NAN = float("nan")
TABLE = pd.DataFrame(
    [
        ("Age alone", "c_statistic", 0.05, 0.01, 0.09, "higher"),
        ("OF score", "c_statistic", NAN, NAN, NAN, "higher"),
        ("Prevalence only", "c_statistic", 0.2, NAN, NAN, "higher"),
        ("Age alone", "brier", -0.01, -0.02, 0.0, "lower"),
    ],
    columns=["label", "metric", "difference", "lower", "upper", "better"],
)


def test_each_difference_is_a_dot_and_what_is_undefined_is_left_out():
    ax = plot_differences(TABLE, new_figure()[1], metric="c_statistic", title="T")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["Age alone", "Prevalence only"]
    assert [text.get_text() for text in ax.texts] == ["+0.050 (+0.010 to +0.090)", "+0.200"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [float(np.ravel(line.get_xdata())[0]) for line in dots] == [0.05, 0.2]
    assert "better to the right" in ax.get_xlabel()


def test_a_loss_is_better_to_the_left():
    ax = plot_differences(TABLE, new_figure()[1], metric="brier", labels={"brier": "Brier score"})
    assert ax.get_xlabel() == "Brier score: model minus comparator (better to the left)"
    assert [line.get_xdata()[0] for line in ax.lines if line.get_marker() != "o"] == [0]


def test_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="a plot of differences in ici needs at least one row"):
        plot_differences(TABLE, new_figure()[1], metric="ici")
