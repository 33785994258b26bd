from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate

TABLES = (*REGISTRY, "truth")


def with_death(registry) -> pd.DataFrame:
    deaths = registry.events[registry.events["event"] == "death"].set_index("episode_id")["day"]
    ids = registry.episodes["episode_id"]
    return registry.episodes.assign(death=ids.map(deaths).fillna(np.inf).to_numpy())


def test_tables_have_exactly_the_columns_of_the_registry(small):
    for name, columns in REGISTRY.items():
        expected = [c.name for c in columns]
        if name in {"episodes", "vertebrae"}:
            expected += [p.name for p in load_dictionary().of_table(name)]
        assert list(getattr(small, name).columns) == expected, name
    ends = ("response", "height_loss", "new_fracture")
    arms = ("vertebroplasty", "conservative")
    risks = [f"risk_{end}" for end in ends]
    each = [f"risk_{end}_{arm}" for arm in arms for end in ends]
    potential = [f"{end}_{arm}" for arm in arms for end in ends]
    assert list(small.truth.columns) == ["episode_id", *risks, *each, *potential]
    risks = risks + each
    assert {str(kind) for kind in small.truth[potential].dtypes} == {"bool"}
    assert small.truth["episode_id"].equals(small.episodes["episode_id"])
    assert small.truth[risks].to_numpy().min() >= 0
    assert small.truth[risks].to_numpy().max() <= 1


def test_values_keep_the_hard_rules_of_the_dictionary(small):
    for p in load_dictionary().predictors:
        values = getattr(small, p.table)[p.name].dropna()
        assert len(values) > 0, p.name
        if p.levels:
            assert set(values) <= set(p.levels), p.name
        elif p.hard_range:
            assert values.between(*p.hard_range).all(), p.name
            assert p.kind != "count" or (values == values.round()).all(), p.name


def test_the_same_seed_gives_the_same_tables_and_another_does_not(small):
    again, other = simulate(1500, seed=11), simulate(1500, seed=12)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(small, name), getattr(again, name))
        assert not getattr(small, name).equals(getattr(other, name)), name


def test_switches_of_the_record_leave_the_patients_as_they_were(small, followed):
    pd.testing.assert_frame_equal(small.truth, followed.truth)
    for name in ("episodes", "vertebrae"):
        hidden, whole = getattr(small, name), getattr(followed, name)
        for column in hidden.columns.drop("follow_up_end_day", errors="ignore"):
            known = hidden[column].notna()
            assert (hidden.loc[known, column] == whole.loc[known, column]).all(), column


def test_recorded_incidence_is_tilt_plus_slope(small):
    angles = small.episodes[["pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg"]]
    complete = angles.dropna().to_numpy()
    assert len(complete) > 500
    np.testing.assert_allclose(complete[:, 0], complete[:, 1] + complete[:, 2], atol=1e-9)
    missing = angles.isna().sum(axis=1).value_counts()
    assert missing[3] > missing[1] > 0
    assert 2 not in missing


def test_without_missingness_only_the_untreated_lack_values(followed):
    assert not followed.episodes.isna().any().any()
    untreated = ~followed.vertebrae["treated"].astype(bool)
    assert untreated.any()
    for column in followed.vertebrae:
        lacks = followed.vertebrae[column].isna()
        cement = column in {"cement_volume_ml", "cement_leakage"}
        assert (lacks == (untreated & cement)).all(), column


def test_a_missing_mri_takes_all_it_would_have_shown(small):
    mri = small.vertebrae[["mri_oedema", "intravertebral_cleft", "adjacent_oedema"]].isna()
    assert 0.04 < mri.mean().mean() < 0.12
    assert (mri.all(axis=1) == mri.any(axis=1)).all()


def test_no_cement_without_vertebroplasty(small):
    arm = small.episodes.set_index("episode_id")["treatment"]
    conservative = small.vertebrae["episode_id"].map(arm) == "conservative"
    treated = small.vertebrae["treated"].astype(bool)
    assert conservative.any()
    assert not (conservative & treated).any()
    per_episode = treated[~conservative].groupby(small.vertebrae["episode_id"]).any()
    assert per_episode.all()


def test_nothing_happens_after_the_end_of_follow_up_loss_or_death(large):
    end = large.episodes.set_index("episode_id")["follow_up_end_day"]
    for stop in ("death", "lost_to_follow_up"):
        rows = large.events[large.events["event"] == stop]
        assert not rows["episode_id"].duplicated().any()
        last = rows.set_index("episode_id")["day"]
        for name in ("visits", "heights", "events"):
            table = getattr(large, name)
            day = table["day"]
            assert (day <= table["episode_id"].map(end)).all(), name
            assert not (day > table["episode_id"].map(last)).any(), (name, stop)
            assert (day >= 1).all()


def test_without_dropout_the_living_have_all_visits_and_films(followed):
    assert (followed.events["event"] != "lost_to_follow_up").all()
    episodes = with_death(followed)
    assert (episodes["follow_up_end_day"] >= 460).all()
    alive = episodes.loc[episodes["death"] > 430, "episode_id"]
    visits = followed.visits.groupby("episode_id").size().reindex(alive)
    assert (visits == 6).all()
    films = followed.heights.groupby(["episode_id", "level"]).size()
    keys = pd.MultiIndex.from_frame(followed.vertebrae[["episode_id", "level"]])
    films = films.reindex(keys[keys.get_level_values(0).isin(alive)])
    assert (films == 3).all()
    early = episodes.loc[episodes["death"] <= 20, "episode_id"]
    late_visits = followed.visits[followed.visits["day"] > 20]
    assert not late_visits["episode_id"].isin(early).any()


def test_pain_is_recorded_in_whole_or_half_points_by_site(followed):
    for vas, site in (
        (followed.episodes["vas_baseline"], followed.episodes["site_id"]),
        (followed.visits["vas"],
         followed.visits["episode_id"].map(followed.episodes.set_index("episode_id")["site_id"])),
    ):  # fmt: skip
        assert vas.between(0, 10).all()
        assert ((vas * 2) == (vas * 2).round()).all()
        halves = (vas != vas.round()).groupby(site).any()
        assert halves.sum() == 4


def test_no_vertebra_stands_twice_and_new_fractures_lie_elsewhere(large):
    keys = ["episode_id", "level"]
    assert not large.vertebrae.duplicated(keys).any()
    fractures = large.events[large.events["event"] == "new_fracture"]
    assert fractures["level"].notna().all()
    assert large.events.loc[large.events["event"] != "new_fracture", "level"].isna().all()
    on_index = fractures.merge(large.vertebrae[keys], on=keys)
    assert len(on_index) < 0.002 * len(fractures)


def test_further_height_loss_never_heals_beyond_reading_error(followed):
    films = followed.heights.sort_values("day").groupby(["episode_id", "level"])["height_loss_pct"]
    change = films.last() - films.first()
    # Two readings, each at most three standard deviations of 2 points off, and rounded.
    assert change.min() >= -2 * 3 * 2 - 0.1
    assert change.mean() > 2


def test_a_few_patients_have_a_second_episode_after_the_first_is_closed(large):
    episodes = large.episodes
    assert 0.02 < episodes["patient_id"].duplicated().mean() < 0.04
    assert not episodes["episode_id"].duplicated().any()
    assert episodes["patient_id"].nunique() == 40_000
    twice = episodes[episodes["patient_id"].duplicated(keep=False)].sort_values("index_date")
    for column in ("sex", "site_id"):
        values = twice.groupby("patient_id")[column]
        assert (values.first() == values.last()).all()
    first = twice.groupby("patient_id").first()
    gap = (twice.groupby("patient_id")["index_date"].last() - first["index_date"]).dt.days
    assert (first["follow_up_end_day"] < gap).all()
    age = twice.groupby("patient_id")["age_years"]
    np.testing.assert_allclose(age.last() - age.first(), gap / 365.25, atol=0.11)


@pytest.mark.parametrize(
    ("fraction", "share"), [(1.0, 1.0), (0.0, 0.0), (0.75, 0.75), (0.4, 0.4)]
)  # fmt: skip
def test_treated_fraction_is_the_share_of_vertebroplasty(fraction, share):
    episodes = simulate(3000, seed=2, overrides={"treated_fraction": fraction}).episodes
    treated = episodes["treatment"] == "vertebroplasty"
    assert treated.mean() == pytest.approx(share, abs=0.03 if 0 < fraction < 1 else 0)


def test_treatment_is_confounded_by_indication(large):
    episodes = large.episodes
    arms = episodes.groupby("treatment")[["vas_baseline", "inpatient", "bed_rest"]].mean()
    assert (arms.loc["vertebroplasty"] > arms.loc["conservative"]).all()


def test_one_participant_is_enough_and_none_is_refused():
    registry = simulate(1, seed=1)
    assert len(registry.episodes) == 1
    with pytest.raises(ValueError, match="at least 1, got 0"):
        simulate(0, seed=1)


def test_switches_move_the_truth_the_way_their_names_say():
    def mean_truth(**overrides: float) -> pd.DataFrame:
        registry = simulate(4000, seed=6, overrides=overrides)
        return registry.truth.drop(columns="episode_id").groupby(
            registry.episodes["treatment"]
        ).mean()  # fmt: skip

    usual, none, large = mean_truth(), mean_truth(benefit=0), mean_truth(benefit=4)
    risk = "risk_response"
    assert large.loc["vertebroplasty", risk] > usual.loc["vertebroplasty", risk]
    assert usual.loc["vertebroplasty", risk] > none.loc["vertebroplasty", risk]
    assert large.loc["conservative", risk] == usual.loc["conservative", risk]
    bent = simulate(4000, seed=6, overrides={"alignment_effect": 1, "missingness": 0})
    straight = simulate(4000, seed=6, overrides={"missingness": 0})
    sva = straight.episodes["sva_mm"]
    treated = "risk_response_vertebroplasty"
    moved = bent.truth[treated] - straight.truth[treated]
    assert moved.corr(sva) < -0.5
    # Without cement alignment acts on pain through new fractures alone, which hurt.
    untreated = bent.truth["risk_response_conservative"]
    assert (untreated - straight.truth["risk_response_conservative"]).abs().max() < 0.05
    assert moved.abs().max() > 0.1


def test_sites_differ_only_by_what_site_sd_allows():
    def spread(sd: float) -> float:
        registry = simulate(20_000, seed=4, overrides={"site_sd": sd})
        return (
            registry.truth["risk_new_fracture"].groupby(registry.episodes["site_id"]).mean().std()
        )

    assert spread(0.0) < 0.006 < 0.02 < spread(0.5)
