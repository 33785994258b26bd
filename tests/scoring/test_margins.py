from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from vfprog.features.plan import feature_plan
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.margins import FEWEST, Margin, learn_margin

NAN = float("nan")
FEATURES = {feature.name: feature for feature in feature_plan(load_dictionary()).features}
AGE, SMOKER, COUNT = (FEATURES[n] for n in ("age_years", "smoker", "n_prevalent_fractures"))
BY_HAND = Margin("age_years", "age_years", "Age", (70.0, 80.0), (-1.0, 1.0), (), 8.0)


def test_scores_by_hand() -> None:
    x = np.array([70.0, 75.0, 80.0, 96.0, 54.0, NAN])
    # Between the quantiles linear; beyond them one more for each standard deviation of 8.
    assert BY_HAND.score(x).tolist()[:5] == [-1.0, 0.0, 1.0, 3.0, -3.0]
    assert np.isnan(BY_HAND.score(x)[5])


@pytest.mark.parametrize("far", [0.5, 1.0, 3.5])
def test_what_lies_beyond_is_what_its_score_says(far: float) -> None:
    x = np.append(np.random.default_rng(2).normal(75, 25, 2000), NAN)
    expected = np.abs(BY_HAND.score(x)) > far
    assert 0 < expected.sum() < 2000
    assert BY_HAND.beyond(x, far).tolist() == expected.tolist()
    lopsided = replace(BY_HAND, scores=(-2.5, 0.5))
    assert lopsided.beyond(x, 3.5).tolist() == (np.abs(lopsided.score(x)) > 3.5).tolist()


def test_a_normal_feature_is_scored_by_its_quantiles() -> None:
    x = np.random.default_rng(1).normal(75, 8, 20_000)
    margin = learn_margin(AGE, x)
    assert margin is not None
    assert margin.edges == ()
    inner = np.array([60.0, 70.0, 75.0, 83.0])
    np.testing.assert_allclose(margin.score(inner), (inner - 75) / 8, atol=0.05)
    # Beyond the 99th percentile the score goes on growing, by one per standard deviation.
    assert margin.score(np.array([75 + 8 * 6.0]))[0] == pytest.approx(6, abs=0.2)


def test_a_finding_is_scored_by_the_middle_of_its_ranks() -> None:
    x = np.repeat([0.0, 1.0], [150, 50])
    margin = learn_margin(SMOKER, x)
    assert margin is not None
    # Three quarters lie below: the middles are .375 and .875.
    normal = NormalDist()
    assert margin.scores == pytest.approx([normal.inv_cdf(0.375), normal.inv_cdf(0.875)])
    assert margin.edges == pytest.approx([normal.inv_cdf(0.75)])
    drawn = margin.rounded(np.array([0.6, 0.7]))
    assert drawn.tolist() == list(margin.scores)


def test_the_attenuation_of_a_finding_is_the_point_biserial_factor() -> None:
    # For a cut at p of a normal variable it is phi(z_p) / sqrt(p q).
    for share in (0.5, 0.2):
        n = 1000
        margin = learn_margin(
            SMOKER, np.repeat([0.0, 1.0], [round(n * (1 - share)), round(n * share)])
        )
        assert margin is not None
        z = NormalDist().inv_cdf(share)
        expected = NormalDist().pdf(z) / np.sqrt(share * (1 - share))
        assert margin.attenuation == pytest.approx(expected, abs=2e-3)
    assert BY_HAND.attenuation == 1


def test_few_patients_never_stand_behind_what_is_stored() -> None:
    x = np.repeat([0.0, 1.0, 2.0, 9.0], [60, 30, FEWEST - 1, 1])
    margin = learn_margin(COUNT, x)
    assert margin is not None
    assert margin.values == (0.0, 1.0)
    x = np.random.default_rng(2).normal(75, 8, 100)
    margin = learn_margin(AGE, x)
    assert margin is not None
    # The outermost quantile is the mean of the ten values around the tenth.
    ordered = np.sort(x)
    assert margin.values[0] == pytest.approx(ordered[5:15].mean())
    assert margin.values[-1] == pytest.approx(ordered[85:95].mean())


def test_no_value_of_a_patient_is_stored() -> None:
    x = np.random.default_rng(3).normal(75, 8, 997)
    margin = learn_margin(AGE, x)
    assert margin is not None
    assert not set(margin.values) & set(x.tolist())


@pytest.mark.parametrize(
    "x",
    [
        np.full(300, 75.0),
        np.full(300, NAN),
        np.repeat([0.0, 1.0], [300, FEWEST - 1]),
        np.arange(2.0 * FEWEST - 1),
    ],
)
def test_nothing_to_learn(x) -> None:
    assert learn_margin(AGE, x) is None


def test_where_many_share_a_value_it_has_one_score() -> None:
    x = np.concatenate([np.zeros(600), np.random.default_rng(4).uniform(1, 9, 400)])
    margin = learn_margin(AGE, x)
    assert margin is not None
    assert list(margin.values) == sorted(set(margin.values))
    scores = margin.score(np.array([0.0, 5.0]))
    assert scores[0] < 0 < scores[1]


def test_through_a_dictionary_and_back() -> None:
    assert Margin.from_dict(BY_HAND.as_dict()) == BY_HAND


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sd": 0.0}, "sd is not positive"),
        ({"sd": NAN}, "not all numbers are finite"),
        ({"values": (80.0, 70.0)}, "values must ascend"),
        ({"values": (70.0,)}, "values must ascend"),
        ({"scores": (0.0,)}, "values must ascend, each with its score"),
        ({"edges": (0.0, 1.0)}, "2 edges for 2 levels"),
    ],
)
def test_a_malformed_margin_is_refused(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        replace(BY_HAND, **change)
