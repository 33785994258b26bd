import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.strategies import NAN, random_arrays
from vfprog.features.arrays import EpisodeArrays, concatenate
from vfprog.schema.dictionary import load_dictionary

DICTIONARY = load_dictionary()


def three_episodes():
    # Episode 1 has no vertebra; the rows of episode 2 stand around that of episode 0.
    return EpisodeArrays(
        3,
        {"age_years": np.array([70.0, 80.0, 90.0])},
        {"level": np.array([8.0, 5.0, 9.0])},
        np.array([2, 0, 2]),
    )


def as_rows(arrays):
    """Return one (episode values, vertebra values in order) pair per episode."""
    return [
        (
            {k: repr(v[i]) for k, v in arrays.episodes.items()},
            {k: [repr(x) for x in v[arrays.owner == i]] for k, v in arrays.vertebrae.items()},
        )
        for i in range(arrays.n)
    ]


def test_take_repeats_an_episode_with_its_vertebrae():
    taken = three_episodes().take(np.array([2, 1, 2, 0]))
    assert taken.n == 4
    assert taken.episodes["age_years"].tolist() == [90, 80, 90, 70]
    assert taken.owner.tolist() == [0, 0, 2, 2, 3]
    assert taken.vertebrae["level"].tolist() == [8, 9, 8, 9, 5]


def test_take_of_nothing_is_empty():
    taken = three_episodes().take(np.array([], dtype=np.intp))
    assert (taken.n, len(taken.owner), len(taken.episodes["age_years"])) == (0, 0, 0)


def test_take_leaves_the_original_alone():
    arrays = three_episodes()
    arrays.take(np.array([0])).episodes["age_years"][0] = -1
    assert arrays.episodes["age_years"].tolist() == [70, 80, 90]


@given(st.integers(0, 10_000), st.lists(st.integers(0, 5), max_size=12))
def test_take_is_row_by_row(seed, rows):
    arrays = random_arrays(DICTIONARY, 6, np.random.default_rng(seed))
    everything = as_rows(arrays)
    assert as_rows(arrays.take(np.array(rows, dtype=np.intp))) == [everything[i] for i in rows]


@given(st.integers(0, 10_000))
def test_concatenate_undoes_take(seed):
    arrays = random_arrays(DICTIONARY, 5, np.random.default_rng(seed))
    parts = [arrays.take(np.array(rows)) for rows in ([0], [1, 2, 3], [4])]
    joined = concatenate(parts)
    assert joined.n == 5
    assert as_rows(joined) == as_rows(arrays)


def test_blanked_hits_the_masked_episode_and_all_its_vertebrae():
    arrays = three_episodes()
    mask = np.array([False, False, True])
    blank = arrays.blanked({"level": mask, "age_years": ~mask})
    np.testing.assert_array_equal(blank.vertebrae["level"], [NAN, 5, NAN])
    np.testing.assert_array_equal(blank.episodes["age_years"], [NAN, NAN, 90])
    assert arrays.vertebrae["level"].tolist() == [8, 5, 9]
    assert arrays.episodes["age_years"].tolist() == [70, 80, 90]


def test_blanked_ignores_predictors_it_does_not_hold():
    blank = three_episodes().blanked({"sva_mm": np.ones(3, dtype=bool)})
    assert "sva_mm" not in blank.episodes
    assert blank.episodes["age_years"].tolist() == [70, 80, 90]


@given(st.integers(0, 10_000), st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_blanking_and_taking_commute(seed, rows):
    rng = np.random.default_rng(seed)
    arrays = random_arrays(DICTIONARY, 5, rng)
    picked = np.array(rows)
    mask = {p.name: rng.random(5) < 0.5 for p in DICTIONARY.predictors}
    there = arrays.blanked(mask).take(picked)
    here = arrays.take(picked).blanked({k: v[picked] for k, v in mask.items()})
    assert as_rows(there) == as_rows(here)


def test_concatenate_refuses_parts_with_fewer_predictors():
    other = EpisodeArrays(1, {}, {"level": np.array([1.0])}, np.array([0]))
    with pytest.raises(KeyError, match="age_years"):
        concatenate([three_episodes(), other])
