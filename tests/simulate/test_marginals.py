"""What is simulated against the published figures it was set by."""

from __future__ import annotations

import numpy as np
import pytest

MEAN_AND_SD = {  # Chau 2021; Klazen 2010; tolerances of about two rounding steps of the source
    "pelvic_incidence_deg": (54.6, 11.8, 0.5),
    "pelvic_tilt_deg": (25.4, 10.5, 0.5),
    "thoracic_kyphosis_deg": (33.4, 16.4, 0.6),
    "sva_mm": (49.1, 39.6, 1.5),
    "age_years": (75.2, 9.1, 0.5),
    "vas_baseline": (7.5, 1.6, 0.25),
    "rmdq_baseline": (17.9, 3.9, 0.4),
    "t_score": (-2.7, 1.05, 0.05),
}


@pytest.mark.parametrize("name", MEAN_AND_SD)
def test_mean_and_spread(large, name):
    mean, sd, tolerance = MEAN_AND_SD[name]
    assert large.episodes[name].mean() == pytest.approx(mean, abs=tolerance)
    assert large.episodes[name].std() == pytest.approx(sd, abs=tolerance)


def test_lordosis_follows_hasegawa(large):
    episodes = large.episodes
    expected = 32.9 + 0.60 * episodes["pelvic_incidence_deg"] - 0.23 * episodes["age_years"]
    assert (episodes["lumbar_lordosis_deg"] - expected).mean() == pytest.approx(0, abs=0.3)


def test_pelvic_correlations_are_positive_and_moderate(large):
    table = large.episodes[["pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg"]].corr()
    assert table.loc["pelvic_incidence_deg", "pelvic_tilt_deg"] == pytest.approx(0.6, abs=0.1)
    assert table.loc["pelvic_incidence_deg", "sacral_slope_deg"] == pytest.approx(0.6, abs=0.1)


def test_levels_have_the_published_shares(large):
    place = large.vertebrae["level"]
    thoracic = place.isin([f"T{i}" for i in range(4, 10)]).mean()
    junction = place.isin(["T10", "T11", "T12", "L1", "L2"]).mean()
    assert thoracic == pytest.approx(0.092, abs=0.02)
    assert junction == pytest.approx(0.563, abs=0.03)
    assert 1 - thoracic - junction == pytest.approx(0.345, abs=0.03)
    assert place.nunique() == 14
    number = large.vertebrae.groupby("episode_id").size().value_counts(normalize=True)
    assert number.to_dict() == pytest.approx({1: 0.77, 2: 0.17, 3: 0.06}, abs=0.01)


def test_fracture_age_is_skewed(large):
    days = large.episodes["fracture_age_days"]
    assert days.median() == pytest.approx(35, abs=2)
    assert np.log(days).std() == pytest.approx(0.85, abs=0.03)
    assert days.mean() > 1.3 * days.median()


def test_cement_volume_lies_between_the_vertos_trials(large):
    volume = large.vertebrae["cement_volume_ml"].dropna()
    assert volume.mean() == pytest.approx(5.1, abs=0.2)
    assert volume.std() == pytest.approx(1.8, abs=0.3)
    known = large.vertebrae["cement_leakage"].dropna()
    leakage = known.value_counts(normalize=True)
    assert leakage["disc"] == pytest.approx(0.35, abs=0.07)
    assert leakage["perivertebral"] == pytest.approx(0.10, abs=0.02)
    by_loss = large.vertebrae[["height_loss_pct", "cement_volume_ml"]].corr().iloc[0, 1]
    assert by_loss < -0.05


def test_missed_assessments_have_the_published_shares(large):
    ends = large.episodes.set_index("episode_id")["follow_up_end_day"]
    deaths = large.events.loc[large.events["event"] == "death"].set_index("episode_id")["day"]
    due = ends.index[(ends >= 455) & ~(deaths.reindex(ends.index) <= 430)]

    def missing(table, low, high):
        seen = table.loc[table["day"].between(low, high), "episode_id"]
        return 1 - due.isin(seen).mean()

    assert missing(large.visits, 14, 60) == pytest.approx(0.11, abs=0.02)
    assert missing(large.visits, 300, 455) == pytest.approx(0.275, abs=0.025)
    assert missing(large.heights, 300, 455) == pytest.approx(0.42, abs=0.03)


def test_more_of_the_old_are_missed(large):
    seen = large.visits.loc[large.visits["day"] > 300, "episode_id"]
    there = large.episodes["episode_id"].isin(seen)
    age = large.episodes["age_years"].groupby(there).mean()
    assert age[False] > age[True] + 1


def test_deaths_in_a_year(large):
    events = large.events
    year = events[(events["event"] == "death") & (events["day"] <= 365)]
    assert 0.08 < len(year) / len(large.episodes) < 0.13
