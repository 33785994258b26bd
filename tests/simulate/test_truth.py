"""The true risks against what happens in simulated patients who are all followed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from vfprog.simulate import simulate

COMPLETE = {"dropout": 0.0, "missingness": 0.0}


def response(registry) -> pd.Series:
    visits = registry.visits[registry.visits["day"].between(14, 60)]
    nearest = visits.loc[(visits["day"] - 30).abs().groupby(visits["episode_id"]).idxmin()]
    vas = nearest.set_index("episode_id")["vas"]
    baseline = registry.episodes.set_index("episode_id")["vas_baseline"]
    return baseline - vas.reindex(baseline.index) >= 3 - 1e-9


def height_loss(registry) -> pd.Series:
    keys = ["episode_id", "level"]
    films = registry.heights.sort_values("day")
    first = films[films["day"] <= 60].groupby(keys)["height_loss_pct"].first()
    last = films[films["day"].between(300, 455)].groupby(keys)["height_loss_pct"].last()
    arm = registry.episodes.set_index("episode_id")["treatment"]
    base = registry.vertebrae.set_index(keys)["height_loss_pct"]
    treated = arm.loc[base.index.get_level_values(0)].to_numpy() == "vertebroplasty"
    start = first.reindex(base.index).where(treated, base)
    lost = last.reindex(base.index) - start >= 10 - 1e-9
    return lost.groupby(level=0).any().reindex(arm.index)


def new_fracture(registry) -> pd.Series:
    events = registry.events
    broken = events[(events["event"] == "new_fracture") & (events["day"] <= 365)]
    ids = pd.Index(registry.episodes["episode_id"])
    return pd.Series(ids.isin(broken["episode_id"]), index=ids)


OUTCOMES = {"response": response, "height_loss": height_loss, "new_fracture": new_fracture}


def misfit(risk: np.ndarray, event: np.ndarray, groups: np.ndarray) -> float:
    """Return the probability of a misfit this large over groups, if the risks are true."""
    table = pd.DataFrame({"r": risk, "v": risk * (1 - risk), "y": event, "g": groups})
    sums = table.groupby("g").sum()
    z = (sums["y"] - sums["r"]) / np.sqrt(sums["v"])
    return float(chi2.sf((z**2).sum(), len(z)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"alignment_effect": 1.0, "site_sd": 0.8, "benefit": 3.0},
        {"fracture.log_rate": -0.5, "death.log_rate": -1.0, "vertebra.height_error": 1.0,
         "sites.halves_share": 1.0, "pain.new_fracture": 4.0},
    ],
    ids=["default", "switches", "frequent events"],
)  # fmt: skip
@pytest.mark.parametrize("name", OUTCOMES)
def test_true_risks_are_the_frequencies_of_followed_patients(name, overrides):
    registry = simulate(100_000, seed=2024, overrides=COMPLETE | overrides)
    event = OUTCOMES[name](registry)
    risk = registry.truth[f"risk_{name}"].to_numpy()
    assert (event.index == registry.truth["episode_id"]).all()
    observed = event.to_numpy(dtype=float)
    deciles = pd.qcut(risk, 10, labels=False, duplicates="drop")
    assert misfit(risk, observed, deciles) > 0.001
    episodes = registry.episodes
    for column in ("treatment", "site_id", "asa_class", "vas_baseline"):
        groups = pd.factorize(episodes[column])[0]
        big = np.bincount(groups)[groups] > 500
        assert misfit(risk[big], observed[big], groups[big]) > 0.001, column
    number = registry.vertebrae.groupby("episode_id").size()
    assert misfit(risk, observed, number.reindex(event.index).to_numpy()) > 0.001


@pytest.mark.slow
def test_misfit_notices_risks_that_are_a_tenth_too_high():
    registry = simulate(100_000, seed=2024, overrides=COMPLETE)
    risk = registry.truth["risk_new_fracture"].to_numpy()
    observed = new_fracture(registry).to_numpy(dtype=float)
    assert misfit(risk * 1.1, observed, pd.qcut(risk, 10, labels=False)) < 1e-6


@pytest.mark.slow
def test_rates_and_discrimination_are_those_the_design_asks_for():
    registry = simulate(100_000, seed=1)
    risks = registry.truth[registry.episodes["treatment"] == "vertebroplasty"]
    for name, rate, c in (
        ("response", (0.60, 0.70), (0.70, 0.76)),
        ("height_loss", (0.10, 0.15), (0.70, 0.76)),
        ("new_fracture", (0.17, 0.20), (0.68, 0.73)),
    ):
        risk = np.sort(risks[f"risk_{name}"].to_numpy())
        assert rate[0] < risk.mean() < rate[1], name
        # Expected concordant pairs: the higher risk has the event, the lower has none.
        no_event = 1 - risk
        concordant = (risk * (np.cumsum(no_event) - no_event)).sum()
        pairs = risk.sum() * no_event.sum() - (risk * no_event).sum()
        assert c[0] < concordant / pairs < c[1], name


@pytest.mark.slow
def test_untreated_vertebrae_lose_more_height_as_in_vertos_iv():
    registry = simulate(20_000, seed=3)
    risk = registry.truth["risk_height_loss"].groupby(registry.episodes["treatment"]).mean()
    odds = risk / (1 - risk)
    assert 4.08 < odds["conservative"] / odds["vertebroplasty"] < 23.73
