from __future__ import annotations

import pandas as pd
import pytest

from vfprog.errors import ConfigError
from vfprog.reports.evidence import Evidence
from vfprog.reports.parts import PARTS
from vfprog.reports.results import (
    ELSEWHERE,
    external_grid,
    headline_grid,
    missing_outcome_grid,
    other_tables,
    performance_grid,
)

MODEL = "response_preprocedure"


def table(**changes):
    row = {"model": MODEL, "metric": "c_statistic", "estimate": 0.7, "lower": 0.6, "upper": 0.8}
    return pd.DataFrame([row | changes])


def test_without_performance_the_headline_has_no_row(bare):
    assert headline_grid(bare).rows == ()
    assert performance_grid(bare, MODEL) is None
    assert missing_outcome_grid(bare, "response") is None


def test_figures_of_another_registry_must_be_of_these_models(bare):
    grid = external_grid(bare, table(), "Nice")
    assert grid.rows == (("Pain response, before the procedure", "0.700 (0.600 to 0.800)"),)
    with pytest.raises(ConfigError, match="Nice is of other models than this bundle's: strange"):
        external_grid(bare, table(model="strange"), "Nice")
    with pytest.raises(ConfigError, match=r"no table of vfprog validate: it lacks \['lower'\]"):
        external_grid(bare, table().drop(columns="lower"), "Nice")


def test_a_table_no_section_was_made_for_is_not_left_out(bare):
    evidence = Evidence(bare.bundle)
    evidence.frames.update(novel=table(), flow_response=table(), importance_concepts=table())
    assert list(other_tables(evidence)) == ["novel"]


@pytest.mark.slow
def test_the_headline_is_that_of_the_training(training, trained):
    grid = headline_grid(trained)
    assert [row[0] for row in grid.rows] == list(trained.titles.values())
    row = trained.headline(MODEL)["c_statistic"]
    shown = f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"
    assert grid.rows[0][1:4] == ("220", "99", shown)
    detail = performance_grid(trained, MODEL)
    assert detail.columns == ("Figure", "Model shown (blend, calibrated)", "Logistic learner")
    metrics = training.performance.query("model == @MODEL")["metric"].unique()
    assert len(detail.rows) == len(metrics)


@pytest.mark.slow
def test_every_table_of_a_training_has_its_section(trained):
    made_for = {name for part in PARTS for name in part.tables}
    lost = [n for n in trained.frames if n not in made_for and not n.startswith(ELSEWHERE)]
    assert lost == list(other_tables(trained))


@pytest.mark.slow
def test_what_dropout_may_hide_is_tabled(training, trained):
    grid = missing_outcome_grid(trained, "response")
    assert len(grid.rows) == len(training.tables["delta_adjusted_response"])
    assert grid.notes == (
        "Delta is added to the log-odds of those whose outcome was not seen; 0 is what the outcome "
        "weights assume.",
    )
