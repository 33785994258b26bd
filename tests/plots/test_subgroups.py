from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.plots.base import new_figure
from vfprog.plots.subgroups import plot_subgroups, subgroups_height

NAN = float("nan")
TABLE = pd.DataFrame(
    [
        ("Sex", "female", "c_statistic", 0.7, 0.65, 0.75, 200, 40),
        ("Sex", "male", "c_statistic", NAN, NAN, NAN, None, None),
        ("Age", "<65 years", "c_statistic", 0.6, NAN, NAN, 90, 12),
        ("Sex", "female", "brier", 0.2, 0.1, 0.3, 200, 40),
    ],
    columns=["label", "group", "metric", "estimate", "lower", "upper", "n", "n_events"],
).astype({"n": "Int64", "n_events": "Int64"})


@pytest.fixture
def drawn():
    return plot_subgroups(TABLE, new_figure()[1], metric="c_statistic", whole=0.68, title="T")


def test_groups_stand_under_their_grouping(drawn):
    words = [text.get_text() for text in drawn.get_yticklabels()]
    assert words == ["Sex", "female  (40 of 200)", "male", "Age", "<65 years  (12 of 90)"]
    weights = [text.get_fontweight() for text in drawn.get_yticklabels()]
    assert weights == ["bold", "normal", "normal", "bold", "normal"]


def test_a_group_held_back_has_words_and_no_dot(drawn):
    texts = [text.get_text() for text in drawn.texts]
    assert texts == ["0.70 (0.65 to 0.75)", "not given", "0.60"]
    dots = [line for line in drawn.lines if line.get_marker() == "s"]
    assert [float(np.ravel(line.get_xdata())[0]) for line in dots] == [0.7, 0.6]


def test_chance_and_the_whole_are_lines(drawn):
    upright = [line.get_xdata()[0] for line in drawn.lines if line.get_marker() != "s"]
    assert upright == [0.5, 0.68]


def test_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="a plot of subgroups of ici needs at least one row"):
        plot_subgroups(TABLE, new_figure()[1], metric="ici")
    with pytest.raises(ValueError, match="a plot of subgroups needs the columns"):
        plot_subgroups(TABLE.drop(columns="label"), new_figure()[1], metric="brier")


def test_height_grows_with_rows():
    assert subgroups_height(TABLE, "c_statistic") > subgroups_height(TABLE, "brier")
