from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from tests.validation.samples import draw
from vfprog.schema.subgroups import Fewest
from vfprog.validation.performance import performance
from vfprog.validation.subgroups import by_subgroup, too_small

RULE = Fewest(participants=50, events=10)
COLUMNS = ["metric", "estimate", "lower", "upper", "method", "reason"]


def test_each_group_has_the_figures_of_its_rows():
    y, risk, weight, groups = draw(600, 1)
    weight[::7] = 0
    place = np.arange(600) % 3 - 1
    table = by_subgroup(y, risk, place, ("a", "b"), RULE, sample_weight=weight, groups=groups)
    assert list(dict.fromkeys(table["group"])) == ["a", "b", "not recorded"]
    for name, code in (("a", 0), ("b", 1), ("not recorded", -1)):
        rows = (place == code) & (weight > 0)
        alone = performance(
            y[rows], risk[rows], sample_weight=weight[rows], groups=groups[rows], n_bootstrap=100
        )
        found = table[table["group"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(found[COLUMNS], alone[COLUMNS])
        assert (found["n"] == rows.sum()).all()
        assert (found["n_events"] == y[rows].sum()).all()


def test_small_groups_are_named_and_nothing_of_them_is_told():
    y, risk, _, _ = draw(300, 2)
    place = np.where(np.arange(300) < 49, 0, 1)
    table = by_subgroup(y, risk, place, ("few", "many", "none"), RULE)
    hidden = table[table["group"] == "few"]
    assert hidden[["estimate", "lower", "upper", "n", "n_events"]].isna().all(axis=None)
    words = "not given: fewer than 50 participants, or than 10 with or 10 without the event"
    assert (hidden["reason"] == words).all()
    assert not table.loc[table["group"] == "many", "estimate"].isna().any()
    assert "none" not in set(table["group"])
    assert table["p_difference"].isna().all()  # one group cannot differ from itself


def test_participants_whose_outcome_is_unknown_do_not_make_a_group_large():
    y, risk, _, _ = draw(120, 2)
    place, weight = np.arange(120) % 2, np.ones(120)
    weight[np.flatnonzero(place == 0)[:11]] = 0  # sixty, of whom forty-nine are known
    table = by_subgroup(y, risk, place, ("a", "b"), RULE, sample_weight=weight)
    assert table.loc[table["group"] == "a", "reason"].str.startswith("not given").all()
    assert table.loc[table["group"] == "b", "estimate"].notna().all()


@pytest.mark.parametrize(
    ("n", "events", "small"),
    [(50, 10, False), (49, 10, True), (50, 9, True), (50, 40, False), (50, 41, True)],
)
def test_the_rule(n, events, small):
    assert bool(too_small((np.arange(n) < events).astype(float), RULE)) is small


def test_the_difference_is_cochrans_q_on_the_scale_of_the_figure():
    y, risk, _, _ = draw(900, 3)
    place = np.arange(900) % 3
    table = by_subgroup(y, risk, place, ("a", "b", "c"), RULE)
    rows = table[table["metric"] == "c_statistic"]
    value, low, high = (
        logit(rows[name].to_numpy(float)) for name in ("estimate", "lower", "upper")
    )
    share = (2 * stats.norm.ppf(0.975) / (high - low)) ** 2
    q = np.sum(share * (value - np.average(value, weights=share)) ** 2)
    assert rows["p_difference"].to_numpy() == pytest.approx([stats.chi2.sf(q, 2)] * 3)
    assert table.loc[table["metric"] == "ici", "p_difference"].isna().all()


def test_a_group_the_risks_are_wrong_for_stands_out():
    rng = np.random.default_rng(4)
    risk = expit(rng.normal(-0.5, 0.8, 2000))
    place = np.arange(2000) % 2
    truth = np.where(place == 0, risk, expit(logit(risk) + 1))
    y = (rng.random(2000) < truth).astype(float)
    p = (
        by_subgroup(y, risk, place, ("right", "wrong"), RULE)
        .groupby("metric")["p_difference"]
        .max()
    )
    assert p["calibration_in_the_large"] < 1e-6
    assert p["c_statistic"] > 0.01


@pytest.mark.slow
def test_where_groups_agree_one_in_twenty_differs():
    rng, found = np.random.default_rng(5), []
    for _ in range(200):
        risk = expit(rng.normal(-0.5, 1, 300))
        y = (rng.random(300) < risk).astype(float)
        table = by_subgroup(y, risk, np.arange(300) % 2, ("a", "b"), RULE)
        found.append(table.groupby("metric")["p_difference"].max()["c_statistic"] < 0.05)
    assert np.mean(found) == pytest.approx(0.05, abs=0.06)  # four standard errors


def test_without_any_row_the_table_is_empty():
    table = by_subgroup([1, 0], [0.2, 0.3], np.array([5, 5]), ("a",), RULE)
    assert table.empty
    assert {"group", "metric", "p_difference"} <= set(table.columns)
