from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from vfprog.validation.calibration import calibration_in_the_large
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.heterogeneity import (
    COLUMNS,
    NO_SITE,
    SITE_METRICS,
    SMALL_SITES,
    by_site,
    n_usable,
)
from vfprog.validation.pooling import pool

SIZES = {"A": 200, "B": 150, "C": 120, "tiny 1": 20, "tiny 2": 25, "empty": 12}


def cohort(seed=0, sizes=SIZES, spread=0.4):
    """Sites with intercepts of their own; `empty` has no event, the tiny ones four to eight."""
    rng = np.random.default_rng(seed)
    site = np.repeat(list(sizes), list(sizes.values())).astype(object)
    shift = dict(zip(sizes, rng.normal(0, spread, len(sizes)), strict=True))
    risk = expit(rng.normal(-0.8, 1, site.size))
    y = rng.random(site.size) < expit(logit(risk) + np.array([shift[s] for s in site]))
    y = y.astype(float)
    for name in ("tiny 1", "tiny 2"):
        if name in sizes:
            rows = np.flatnonzero(site == name)
            y[rows] = np.arange(rows.size) < 6
    y[site == "empty"] = 0
    return y, risk, site


def of(table, metric, role):
    return table[(table["metric"] == metric) & (table["role"] == role)]


def test_sites_have_their_own_figures_and_are_pooled():
    y, risk, site = cohort()
    table = by_site(y, risk, site)
    assert tuple(table.columns) == COLUMNS
    rows = of(table, "c_statistic", "site").set_index("site")
    for name in "ABC":
        own = c_statistic(y[site == name], risk[site == name])
        figures = rows.loc[name, ["estimate", "lower", "upper"]].tolist()
        assert figures == pytest.approx([own.estimate, own.lower, own.upper])
        assert rows.loc[name, "n"] == SIZES[name]
        assert rows.loc[name, "n_events"] == y[site == name].sum()
    used = table[(table["metric"] == "c_statistic") & table["standard_error"].notna()]
    used = used[used["role"] != "pooled"]
    done = pool(logit(used["estimate"]), used["standard_error"])
    pooled = of(table, "c_statistic", "pooled").iloc[0]
    assert pooled["estimate"] == pytest.approx(expit(done.estimate))
    assert (pooled["lower"], pooled["upper"]) == pytest.approx(expit([done.lower, done.upper]))
    assert (pooled["tau2"], pooled["i2"]) == pytest.approx((done.tau2, done.i2))
    ahead = of(table, "c_statistic", "prediction").iloc[0]
    limits = expit([done.prediction_lower, done.prediction_upper])
    assert (ahead["lower"], ahead["upper"]) == pytest.approx(limits)
    assert used["share"].to_numpy() == pytest.approx(done.shares)


def test_small_sites_are_judged_as_one_and_each_is_named():
    y, risk, site = cohort()
    table = by_site(y, risk, site)
    rows = of(table, "calibration_in_the_large", "site").set_index("site")
    assert list(rows.index) == sorted(SIZES)
    assert rows.loc["empty", "reason"] == (
        "counted in 'small sites': 0 with and 12 without the event, at least 10 of each are "
        "asked for"
    )
    assert rows.loc[["tiny 1", "tiny 2", "empty"], "estimate"].isna().all()
    (together,) = of(table, "calibration_in_the_large", "small_sites").to_dict("records")
    assert (together["site"], together["n"], together["n_events"]) == (SMALL_SITES, 57, 12)
    assert together["n_sites"] == 3
    member = np.isin(site, ["tiny 1", "tiny 2", "empty"])
    own = calibration_in_the_large(y[member], risk[member])
    assert together["estimate"] == pytest.approx(own.estimate)
    assert of(table, "c_statistic", "pooled")["n_sites"].item() == 4
    assert n_usable(table) == 4


@pytest.mark.parametrize("how", ["left out by choice", "one alone", "too few together"])
def test_small_sites_are_else_left_out(how):
    sizes = dict(SIZES)
    if how == "one alone":
        del sizes["tiny 1"], sizes["empty"]
    if how == "too few together":
        del sizes["tiny 1"]
    y, risk, site = cohort(sizes=sizes)
    choice = "leave_out" if how == "left out by choice" else "pool"
    table = by_site(y, risk, site, small_sites=choice)
    assert of(table, "c_statistic", "small_sites").empty
    rows = of(table, "c_statistic", "site").set_index("site")
    assert rows.loc["tiny 2", "reason"].startswith("left out: 6 with and 19 without the event")
    assert of(table, "c_statistic", "pooled")["n_sites"].item() == 3
    assert of(table, "c_statistic", "pooled")["n"].item() == 470


def test_the_limit_is_ten_of_each():
    y, risk, site = np.zeros(200), np.linspace(0.1, 0.9, 200), np.repeat(["P", "Q"], 100)
    y[10:100:9], y[150:159] = 1, 1
    table = by_site(y, risk, site)
    rows = of(table, "c_statistic", "site").set_index("site")
    assert rows["n_events"].tolist() == [10, 9]
    assert rows["estimate"].notna().tolist() == [True, False]
    assert n_usable(by_site(y, risk, site, min_per_class=9)) == 2
    assert n_usable(by_site(1 - y, 1 - risk, site)) == 1  # non-events count alike


def test_weights_are_honoured_and_rows_of_none_are_not_counted():
    y, risk, site = cohort(3)
    weight = np.random.default_rng(1).uniform(0.5, 2, y.size)
    weight[site == "B"] = 0
    table = by_site(y, risk, site, sample_weight=weight)
    rows = of(table, "c_statistic", "site").set_index("site")
    assert "B" not in rows.index
    part = site == "A"
    own = c_statistic(y[part], risk[part], sample_weight=weight[part])
    assert rows.loc["A", "estimate"] == pytest.approx(own.estimate)
    assert rows.loc["A", "estimate"] != c_statistic(y[part], risk[part]).estimate
    kept = weight > 0
    again = by_site(y[kept], risk[kept], site[kept], sample_weight=weight[kept])
    pd.testing.assert_frame_equal(table, again)


def test_rows_of_a_patient_are_no_more_than_one():
    y, risk, site = cohort(4)
    twice = [np.repeat(values, 2) for values in (y, risk, site)]
    patient = np.repeat(np.arange(y.size), 2)
    once, doubled = by_site(y, risk, site), by_site(*twice, groups=patient, min_per_class=20)
    for metric in ("c_statistic", "observed_expected"):
        first, second = (of(t, metric, "site").set_index("site") for t in (once, doubled))
        names = ["A", "B", "C"]
        pd.testing.assert_series_equal(
            first.loc[names, "standard_error"], second.loc[names, "standard_error"]
        )


def test_rows_without_a_site_are_left_out_and_counted():
    y, risk, site = cohort()
    site[:30], site[30:40] = None, ""
    table = by_site(y, risk, site)
    (row,) = table[(table["site"] == NO_SITE) & (table["metric"] == "c_statistic")].to_dict(
        "records"
    )
    assert (row["n"], row["reason"]) == (40, "left out: no site is recorded")
    assert of(table, "c_statistic", "site").set_index("site").loc["A", "n"] == 160
    alone = by_site(y, risk, np.full(y.size, ""))
    assert n_usable(alone) == 0


def test_a_figure_a_site_cannot_have_is_left_out_of_that_figure_alone():
    y, risk, site = cohort(sizes={"A": 200, "B": 150, "C": 120})
    risk[site == "B"] = 0.3
    table = by_site(y, risk, site)
    assert [n_usable(table, metric) for metric in SITE_METRICS] == [2, 2, 3, 3]
    row = of(table, "calibration_slope", "site").set_index("site").loc["B"]
    assert "left out: calibration slope is undefined: all predicted risks" in row["reason"]
    assert np.isnan(row["share"])
    row = of(table, "c_statistic", "site").set_index("site").loc["B"]
    assert row["reason"] == "left out: c_statistic has no standard error: its variance is 0"


def test_one_site_and_none_say_so():
    y, risk, site = cohort(sizes={"A": 200, "tiny 1": 20})
    pooled = of(by_site(y, risk, site), "c_statistic", "pooled").iloc[0]
    assert pooled["estimate"] == pytest.approx(
        c_statistic(y[site == "A"], risk[site == "A"]).estimate
    )
    assert np.isnan(pooled["tau2"])
    assert "one site: nothing is pooled" in pooled["reason"]
    none = by_site(np.zeros(20), np.linspace(0.1, 0.5, 20), np.repeat(["A", "B"], 10))
    assert none["estimate"].isna().all()
    assert (none["reason"] != "").all()
    assert none[none["role"] == "pooled"]["reason"].str.startswith("no site can be judged").all()


def test_nothing_is_missing_without_a_reason():
    for seed in range(5):
        y, risk, site = cohort(seed)
        for sizes in (("A", "B"), ("A", "B", "C"), tuple(SIZES)):
            part = np.isin(site, sizes)
            table = by_site(y[part], risk[part], site[part])
            bare = table[["estimate", "lower", "upper"]].isna().any(axis=1)
            assert (table.loc[bare, "reason"] != "").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"risk": np.full((2, 4), 0.5)}, r"risk must have shape \(n,\) by site"),
        ({"site": ["A"]}, r"site must have shape \(4,\), got \(1,\)"),
        ({"min_per_class": 0}, "min_per_class must be at least 1"),
        ({"level": 1.0}, "level must lie strictly"),
    ],
)
def test_wrong_inputs_are_refused(change, message):
    given = {"y_obs": [0, 1, 0, 1], "risk": [0.1, 0.2, 0.3, 0.4], "site": list("AABB"), **change}
    with pytest.raises(ValueError, match=message):
        by_site(**given)


@pytest.fixture
def glow(realdata):
    """Outcome, leave-one-site-out risk and site of GLOW; unpenalised main effects."""
    data = pd.read_csv(realdata / "glow" / "glow500.csv")
    design = data[["age", "weight", "height"]].astype(float)
    for name in ("priorfrac", "premeno", "momfrac", "armassist", "smoke"):
        design[name] = (data[name] == "Yes").astype(float)
    for word in ("Same", "Greater"):
        design[word] = (data["raterisk"] == word).astype(float)
    design, y = sm.add_constant(design), (data["fracture"] == "Yes").astype(float)
    site, risk = data["site_id"].to_numpy(), np.zeros(len(data))
    for name in np.unique(site):
        out = site == name
        risk[out] = sm.Logit(y[~out], design[~out]).fit(disp=0).predict(design[out])
    return y.to_numpy(), risk, site


@pytest.mark.realdata
@pytest.mark.parametrize("tau2_method", ["reml", "dersimonian_laird"])
def test_glow_one_site_out(glow, tau2_method):
    table = by_site(*glow, min_per_class=1, interval="wald", tau2_method=tau2_method)
    assert n_usable(table) == 6
    sites = of(table, "c_statistic", "site")
    spread = (sites["estimate"].min(), sites["estimate"].max())
    assert spread == pytest.approx((0.593, 0.767), abs=1e-3)
    pooled = of(table, "c_statistic", "pooled").iloc[0]
    figures = pooled[["estimate", "lower", "upper"]].tolist()
    assert figures == pytest.approx([0.664, 0.60, 0.72], abs=0.01)
    assert pooled["estimate"] == pytest.approx(0.664, abs=1e-3)
    raw = pool(
        sites["estimate"],
        sites["standard_error"] * sites["estimate"] * (1 - sites["estimate"]),
        tau2_method=tau2_method,
    )
    assert raw.estimate == pytest.approx(0.669, abs=1e-3)
    slope = of(table, "calibration_slope", "pooled")["estimate"].item()
    assert slope == pytest.approx(0.693, abs=1e-3)


@pytest.mark.realdata
def test_glow_by_the_rule_leaves_out_the_site_of_six_events(glow):
    table = by_site(*glow)
    row = of(table, "c_statistic", "site").set_index("site").loc["4"]
    assert row["reason"].startswith("left out: 6 with and 30 without the event")
    pooled = of(table, "c_statistic", "pooled").iloc[0]
    assert (pooled["n_sites"], pooled["n"], pooled["n_events"]) == (5, 464, 119)
    assert pooled["estimate"] == pytest.approx(0.656, abs=1e-3)
