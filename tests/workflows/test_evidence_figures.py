from __future__ import annotations

import pytest

from vfprog.workflows.evidence_figures import (
    DRAWN_BY_GROUP,
    DRAWN_BY_SITE,
    DRAWN_DIFFERENCES,
    evidence_figures,
    forest_figures,
)

pytestmark = pytest.mark.slow
MODEL = "response_preprocedure"


def figures(training, *, simulated=False, **changed):
    tables = {**training.tables, **changed}
    made = evidence_figures(tables, training.performance, MODEL, title="T", simulated=simulated)
    return {record.name: record.figure for record in made}


def test_each_kind_of_evidence_is_drawn(training):
    made = figures(training)
    assert set(made) == {
        *(f"internal_external_{metric}" for metric in DRAWN_BY_SITE),
        *(f"subgroups_{metric}" for metric in DRAWN_BY_GROUP),
        *(f"comparators_{metric}" for metric in DRAWN_DIFFERENCES),
        "comparator_decision_curves",
    }
    title = made["subgroups_c_statistic"].axes[0].get_title(loc="left")
    assert title == "T, cross-validated"
    lines = made["subgroups_c_statistic"].axes[0].lines
    table = training.performance.set_index(["model", "learner", "metric"])["estimate"]
    assert table[(MODEL, "model", "c_statistic")] in [line.get_xdata()[0] for line in lines]
    legend = made["comparator_decision_curves"].axes[0].get_legend().get_texts()
    assert "Logistic regression without penalty" in [text.get_text() for text in legend]


def test_without_sites_no_forest_is_drawn(training):
    sites = training.tables["internal_external"].assign(estimate=float("nan"))
    made = figures(training, internal_external=sites, subgroups=training.tables["subgroups"][:0])
    assert not any(name.startswith(("internal_external", "subgroups")) for name in made)
    assert "comparators_brier" in made


def test_tables_that_were_not_made_are_not_drawn(training):
    tables = {"subgroups": training.tables["subgroups"]}  # all that an update has
    made = evidence_figures(tables, training.performance, MODEL, title="T", simulated=False)
    assert {record.name for record in made} == {f"subgroups_{metric}" for metric in DRAWN_BY_GROUP}


def test_simulated_figures_are_marked(training):
    table = training.tables["internal_external"]
    table = table[table["model"] == MODEL]
    for simulated in (False, True):
        for record in forest_figures(table, prefix="p", title="T", simulated=simulated):
            texts = [text.get_text() for text in record.figure.texts]
            assert ("SIMULATED DATA" in texts) is simulated
    for figure in figures(training, simulated=True).values():
        assert "SIMULATED DATA" in [text.get_text() for text in figure.texts]
