"""The figure of trials shows the distances of its table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from vfprog.plots.base import PALETTE, new_figure
from vfprog.plots.trials import plot_trials

TABLE = pd.DataFrame({
    "trial": ["A", "A", "A", "B", "B"], "figure": ["x", "x", "y", "x", "age"],
    "role": ["outcome"] * 4 + ["input"], "day": [1, 30, 30, 30, 0],
    "published": [1.0, 2, 3, 4, 70], "simulated": [1.5, 2, 3, 1, 90],
    "z": [1.0, 3, -0.5, -3, 9],
})  # fmt: skip


@pytest.fixture
def ax():
    figure, axes = new_figure()
    plot_trials(TABLE, axes, labels={"A": "First trial"})
    figure.draw_without_rendering()
    return axes


def test_a_dot_for_each_figure_and_marks_for_its_visits(ax):
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    found = [line.get_xdata()[0] for line in dots]
    np.testing.assert_allclose(found, [5**0.5, -0.5, -3])
    visits = [line for line in ax.lines if line.get_marker() == "|"]
    assert [line.get_xdata().tolist() for line in visits] == [[1, 3]]
    colours = [to_hex(line.get_color()).upper() for line in dots]
    assert colours == [PALETTE[0], PALETTE[0], PALETTE[1]]


def test_words_and_values_stand_beside_and_inputs_do_not(ax):
    texts = [text.get_text() for text in ax.texts]
    assert {"First trial", "B", "3.00 : 3.00", "4.00 : 1.00", "1.00 : 1.50; 2.00 : 2.00"} == set(
        texts
    )
    assert [label.get_text() for label in ax.get_yticklabels()] == ["X", "Y", "X"]


def test_a_table_without_z_is_refused():
    with pytest.raises(ValueError, match="a figure of trials needs the columns"):
        plot_trials(TABLE.drop(columns="z"), new_figure()[1])
