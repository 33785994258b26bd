from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from vfprog.reports import pictures
from vfprog.reports.evidence import Evidence

MODEL = "response_preprocedure"
OF_MODEL = ("calibration_picture", "decision_picture", "distribution_picture",
            "importance_picture", "comparators_picture", "instability_picture",
            "subgroups_picture", "differences_picture")  # fmt: skip


def svg(picture):
    prefix = "data:image/svg+xml;base64,"
    assert picture.source.startswith(prefix)
    return base64.b64decode(picture.source.removeprefix(prefix)).decode()


def words(picture):
    drawn = ET.fromstring(svg(picture))  # noqa: S314  # drawn by us
    return " ".join(t for t in drawn.itertext() if t.strip())


@pytest.mark.parametrize("name", OF_MODEL)
def test_without_its_table_there_is_no_figure(bare, name):
    assert getattr(pictures, name)(bare, MODEL) is None


def test_without_tables_there_are_no_common_figures_either(bare):
    assert pictures.flow_picture(bare, "response") is None
    assert pictures.forest_picture(bare, MODEL, "c_statistic") is None
    assert pictures.headline_picture(bare) is None


def test_instability_is_told_in_words_too(bare):
    evidence = Evidence(bare.bundle)
    risk = np.linspace(0.1, 0.6, 8)
    spread = {"lower": risk - 0.05, "upper": risk + 0.05, "lowest": risk / 2, "highest": risk + 0.2}
    rows = pd.DataFrame({"model": MODEL, "risk": risk, **spread})
    evidence.frames["instability_by_risk"] = rows
    picture = pictures.instability_picture(evidence, MODEL)
    assert picture.alt.startswith("SIMULATED DATA. Instability plot")
    assert "10 percentage points wide" in picture.alt


@pytest.mark.slow
def test_figures_are_self_contained_repeatable_and_marked_if_simulated(trained, simulated):
    for name in OF_MODEL:
        draw = getattr(pictures, name)
        real, marked = draw(trained, MODEL), draw(simulated, MODEL)
        assert svg(real) == svg(draw(trained, MODEL))
        assert ("SIMULATED" in words(real), "SIMULATED" in words(marked)) == (False, True)
        assert marked.alt == f"SIMULATED DATA. {real.alt}"
        outside = re.findall(r'(?:href|src)="([^"#][^"]*)"', svg(real))
        assert outside == []
        assert "<script" not in svg(real)


@pytest.mark.slow
def test_figures_show_the_numbers_of_the_training(training, trained):
    flow = pictures.flow_picture(trained, "response")
    assert "220 have a known outcome, 99 the event" in flow.alt
    assert "with the event" in words(flow)
    first = training.tables["importance"].query("model == @MODEL")["predictor"].iloc[0]
    importance = pictures.importance_picture(trained, MODEL)
    assert trained.bundle.label(first) in importance.alt
    assert trained.bundle.label(first) in words(importance)
    row = trained.headline(MODEL)["c_statistic"]
    shown = f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"
    assert shown in pictures.headline_picture(trained).alt
    table = training.tables["internal_external"].query("model == @MODEL")
    pooled = table.query("metric == 'c_statistic' and role == 'pooled'")["estimate"].item()
    forest = pictures.forest_picture(trained, MODEL, "c_statistic")
    assert f"Pooled {pooled:.3f}" in forest.alt
    assert "A new site" in words(forest)
