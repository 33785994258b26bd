import numpy as np
import pytest

from tests.cohorts import FEW, make_arrays
from vfprog.models.blanking import blank_randomly, blank_share, with_blanked_copies


def test_the_share_of_blanks_is_half_the_largest():
    arrays = make_arrays(4000, missing=0)
    blanked = blank_randomly(arrays, FEW, max_blank=0.7, rng=np.random.default_rng(1))
    gone = np.array([np.isnan(blanked.episodes[name]) for name in FEW])
    # Uniform on (0, .7): mean .35, and per episode a variance beyond that of five coins.
    assert gone.mean() == pytest.approx(0.35, abs=0.02)
    coins = 0.35 * 0.65 / 5
    assert gone.mean(axis=0).var() == pytest.approx(coins + 0.7**2 / 12 * (1 - 1 / 5), abs=0.008)


def test_one_share_for_everybody():
    arrays = make_arrays(4000, missing=0)
    blanked = blank_share(arrays, FEW, share=0.5, rng=np.random.default_rng(1))
    gone = np.array([np.isnan(blanked.episodes[name]) for name in FEW])
    assert gone.mean(axis=1) == pytest.approx(np.full(5, 0.5), abs=0.04)
    assert gone.mean(axis=0).var() == pytest.approx(0.25 / 5, abs=0.008)


def test_only_named_inputs_are_blanked_and_a_vertebral_one_in_all_vertebrae():
    arrays = make_arrays(500, missing=0)
    blanked = blank_share(arrays, ["height_loss_pct"], share=0.5, rng=np.random.default_rng(1))
    gone = np.isnan(blanked.vertebrae["height_loss_pct"])
    per_episode = np.bincount(arrays.owner, weights=gone) / np.bincount(arrays.owner)
    assert set(per_episode) == {0, 1}
    assert not np.isnan(blanked.vertebrae["cement_volume_ml"]).any()
    assert not np.isnan(blanked.episodes["age_years"]).any()


def test_copies_follow_the_original_and_add_only_blanks():
    arrays = make_arrays(50)
    stacked = with_blanked_copies(
        arrays, FEW, copies=2, max_blank=0.7, rng=np.random.default_rng(1)
    )
    assert stacked.n == 150
    for name in FEW:
        original, one, two = stacked.episodes[name].reshape(3, 50)
        np.testing.assert_array_equal(original, arrays.episodes[name])
        for copy in (one, two):
            assert (np.isnan(copy) | (copy == original)).all()
        assert (np.isnan(one) != np.isnan(two)).any()
    first, second, third = stacked.owner.reshape(3, -1)
    assert (second - first == 50).all()
    assert (third - first == 100).all()


def test_no_copies_and_no_blanks():
    arrays = make_arrays(20)
    same = with_blanked_copies(arrays, FEW, copies=0, max_blank=0.7, rng=np.random.default_rng(1))
    assert same.n == 20
    none = blank_randomly(arrays, FEW, max_blank=0.0, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(none.episodes["t_score"], arrays.episodes["t_score"])
    np.testing.assert_array_equal(
        np.isnan(arrays.episodes["t_score"]), np.isnan(make_arrays(20).episodes["t_score"])
    )
