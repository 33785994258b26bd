from __future__ import annotations

import pandas as pd
import pytest

from vfprog.reports.evidence import Evidence
from vfprog.reports.grid import NONE
from vfprog.reports.parts import PARTS, part_grids

MODEL = "response_preprocedure"
PART = {part.name: part for part in PARTS}
FIGURE = {"model": MODEL, "endpoint": "response", "prediction_time": "preprocedure",
          "metric": "c_statistic", "estimate": 0.7, "lower": 0.6, "upper": 0.8, "n": 100,
          "n_events": 40, "reason": ""}  # fmt: skip


def with_table(evidence, name, rows):
    changed = Evidence(evidence.bundle)
    changed.frames[name] = pd.DataFrame(rows)
    return changed


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_no_table_gives_no_grid(bare, part):
    assert part_grids(bare, part, MODEL) == []


def test_sites_end_in_the_mean_and_a_new_site(bare):
    shared = FIGURE | {"i2": None, "n_sites": 2}
    rows = [
        shared | {"role": "site", "site": "S1"},
        shared | {"role": "pooled", "site": "pooled", "estimate": 0.65, "i2": 0.514},
        shared | {"role": "prediction", "site": "", "estimate": None, "lower": 0.5, "upper": 0.85},
    ]
    grid = part_grids(with_table(bare, "internal_external", rows), PART["sites"], MODEL)[0]
    assert [(row[0], row[-1]) for row in grid.rows] == [
        ("S1", "0.700 (0.600 to 0.800)"), ("Pooled", "0.650 (0.600 to 0.800)"),
        ("A new site (prediction interval)", "0.500 to 0.850"),
    ]  # fmt: skip
    assert grid.notes[0] == "I2: c-statistic 51 %."


def test_one_site_alone_is_not_called_pooled(bare):
    shared = FIGURE | {"i2": None, "n_sites": 1}
    rows = [shared | {"role": "small_sites", "site": "small sites"},
            shared | {"role": "pooled", "site": ""}]  # fmt: skip
    grid = part_grids(with_table(bare, "internal_external", rows), PART["sites"], MODEL)[0]
    assert [row[0] for row in grid.rows] == ["small sites", "One alone: nothing pooled"]


def test_a_later_period_is_told_apart_from_sites_left_out(bare):
    rows = [FIGURE | {"validation": "temporal", "estimate": 0.61, "design": "from 2020-05-01"},
            FIGURE | {"validation": "internal_external", "estimate": 0.62}]  # fmt: skip
    evidence = with_table(bare, "validations", rows)
    (grid,) = part_grids(evidence, PART["temporal"], MODEL)
    assert [row[1] for row in grid.rows] == ["0.610 (0.600 to 0.800)"]
    assert grid.notes[-1] == "from 2020-05-01"


def test_subgroups_say_by_which_rule_some_are_suppressed(bare, monkeypatch):
    rules = {"rules": {"fewest": {"participants": 50, "events": 10}}}
    monkeypatch.setitem(bare.bundle.manifest, "subgroups", rules)
    small = {"group": "male", "estimate": None, "lower": None, "upper": None, "reason": "small"}
    rows = [FIGURE | {"grouping": "sex", "label": "Sex", "group": "female"}]
    rows += [rows[0] | small]
    (grid,) = part_grids(with_table(bare, "subgroups", rows), PART["subgroups"], MODEL)
    assert grid.rows[0] == ("Sex", "female", "100", "40", "0.700 (0.600 to 0.800)")
    assert grid.rows[1][-1] == NONE
    assert grid.notes == (
        "Suppressed: groups of fewer than 50 participants, or with fewer than 10 with, or "
        "without, the event.", "Sex, male, c-statistic: small",
    )  # fmt: skip


def test_of_single_predictors_the_best_are_shown_and_the_others_counted(bare):
    def comparator(name, kind, c, made_for=""):
        return FIGURE | {"comparator": name, "label": name.title(), "kind": kind, "estimate": c,
                         "made_for": made_for, "note": ""}  # fmt: skip

    rows = [comparator("of_score", "published", 0.6, "made to recommend a treatment")]
    rows += [comparator(f"x{i}", "single", 0.5 + i / 100) for i in range(7)]
    evidence = with_table(bare, "comparators", rows)
    evidence.frames["comparator_differences"] = pd.DataFrame(rows).rename(
        columns={"estimate": "difference"}
    )
    grids = part_grids(evidence, PART["comparators"], MODEL)
    for grid in grids:
        assert [row[0] for row in grid.rows] == ["Of_Score", "X2", "X3", "X4", "X5", "X6"]
    assert grids[0].notes == (
        "Of_Score: made to recommend a treatment.",
        "Of the single predictors the 5 with the highest c-statistic; 2 more are in the table "
        "comparators.",
    )


def test_figures_a_time_to_an_event_cannot_have_are_named_and_no_rows(bare):
    none = {"estimate": None, "lower": None, "upper": None, "reason": "competing events"}
    rows = [FIGURE | {"metric": "auc"}] + [FIGURE | {"metric": m} | none for m in ("ici", "e50")]
    part = PART["time-to-event"]
    (grid,) = part_grids(with_table(bare, "time_to_event", rows), part, MODEL)
    assert [row[0] for row in grid.rows] == ["AUC at the horizon (IPCW)"]
    assert grid.notes[-1] == "ICI, E50 not given: competing events."
    (grid,) = part_grids(with_table(bare, "time_to_event", rows[1:]), part, MODEL)
    assert (grid.columns, len(grid.rows)) == (("Not computed",), 1)


def test_optimism_stands_beside_what_it_is_taken_off(bare):
    row = FIGURE | {"learner": "model", "estimator": "632plus", "apparent": 0.75, "optimism": 0.05,
                    "n_resamples": 40}  # fmt: skip
    rows = [row, row | {"learner": "logistic", "estimator": "harrell"}]
    grid, logistic = part_grids(with_table(bare, "optimism", rows), PART["optimism"], MODEL)
    assert logistic.caption == "Corrected for optimism: Logistic learner"
    assert grid.columns == (
        "Metric", "Estimator", "Apparent", "Optimism", "Estimate (interval)", "Refits",
    )  # fmt: skip
    assert grid.rows[0][1:] == (".632+", "0.75", "0.05", "0.700 (0.600 to 0.800)", "40")


@pytest.mark.slow
def test_every_part_a_training_computed_has_its_tables(trained):
    for part in PARTS:
        there = any(trained.of_model(name, MODEL) is not None for name in part.tables)
        assert bool(part_grids(trained, part, MODEL)) == there


@pytest.mark.parametrize(("table", "part"), [("validations", "temporal"),
                                             ("internal_external", "sites")])  # fmt: skip
def test_what_was_not_computed_is_a_reason_and_no_row_of_dashes(bare, table, part):
    why = "no validation: no date is recorded"
    row = FIGURE | {"estimate": None, "reason": why, "validation": "temporal", "i2": None}
    row |= {"role": "site", "site": "S1"}
    evidence = with_table(bare, table, [row, row | {"metric": "brier"}])
    (grid,) = part_grids(evidence, PART[part], MODEL)
    assert (grid.columns, grid.rows) == (("Not computed",), ((why,),))
    assert table not in evidence.computed
