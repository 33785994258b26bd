"""Published figures from a trial of eight patients, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vfprog.errors import ConfigError
from vfprog.simulate.figures import Records, simulated
from vfprog.simulate.procedure import ARMS
from vfprog.simulate.trial import Published

VP, SHAM = ARMS.index("vertebroplasty"), ARMS.index("sham")
NO = np.nan


def figure(kind: str, **fields) -> Published:
    one = {"name": "one", "kind": kind, "definition": "by hand", "source": "by hand",
           "at": {30: {"value": 1, "se": 1}}}  # fmt: skip
    return Published.model_validate(one | fields)


@pytest.fixture
def records() -> Records:
    """Two replicates of two and two patients; the fourth was not seen at day 30."""
    vas = np.array([2, 4, 6, NO, 1, 3, 5, 9.0])
    start = np.array([8, 6, 8, 7, 7, 5, 8, 9.0])
    episodes = {"vas_baseline": start, "sex": np.array([0, 1, 0, 0, 1, 1, 0, 0.0])}
    # One vertebra each, but patient 0 has two.
    owner = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7])
    heights = np.array([20, 30, 24, 24, 10, 30, 24, 39, 20.0])
    film = np.array([21, 45, 24, 33, NO, 45, 24, 60, NO])
    vertebrae = {"height_loss_pct": heights, "treated": np.array([1, 0, 1, 0, 0, 1, 1, 0, 0.0]),
                 "cement_volume_ml": np.array([4, 0, 6, 0, 0, 3, 5, 0, 0.0])}  # fmt: skip
    patients = SimpleNamespace(episodes=episodes, vertebrae=vertebrae, owner=owner, n=8)
    broken = np.array([100, np.inf, 50, 20, np.inf, 380, 200, 10.0])
    seen = SimpleNamespace(
        vas=vas[:, None], readings=np.stack([film] * 3, axis=1), patients=patients,
        course=SimpleNamespace(fracture=broken[:, None]), film_day=np.full((8, 3), 360.0),
    )  # fmt: skip
    enrolled = SimpleNamespace(
        patients=patients, arm=np.array([VP, VP, SHAM, SHAM] * 2),
        replicate=np.repeat([0, 1], 4), screened=np.array([10, 20]), improved=np.array([5, 4]),
    )  # fmt: skip
    done = SimpleNamespace(
        enrolled=enrolled, batch=SimpleNamespace(seen=seen), replicates=2,
        schedule=SimpleNamespace(place=lambda day: {30: 0}[day]),
    )  # fmt: skip
    there = np.flatnonzero(~np.isnan(vas)).astype(float)
    visits = {"owner": there, "visit": 0 * there, "vas": vas[~np.isnan(vas)]}
    taken = np.flatnonzero(~np.isnan(film)).astype(float)
    films = {"vertebra": taken, "film": 0 * taken + 2, "height_loss_pct": film[~np.isnan(film)]}
    return Records(done, visits, films)


@pytest.mark.parametrize(
    ("kind", "fields", "day", "expected"),
    [
        # Sham 6 less (2 + 4) / 2; and (5 + 9) / 2 less (1 + 3) / 2.
        ("pain_difference", {}, 30, [3, 5]),
        ("pain_mean", {"treatment": "vertebroplasty"}, 30, [3, 2]),
        # Within arms: 1 and 0; 1 and 2.
        ("pain_sd", {}, 30, [0.5, 1.5]),
        # 1 - 3 / 7 and 1 - 2 / 6.
        ("pain_reduction", {"treatment": "vertebroplasty"}, 30, [4 / 7, 2 / 3]),
        ("responders", {"treatment": "vertebroplasty", "below": 4}, 30, [0.5, 1]),
        ("responders", {"treatment": "sham", "fall_at_least": 3}, 30, [0, 0.5]),
        ("responders", {"treatment": "sham", "fall_at_least": 2}, 30, [1, 0.5]),
        ("not_assessed", {}, 30, [0.25, 0]),
        # Of vertebroplasty all were filmed; of sham the first and the seventh.
        ("filmed", {}, 365, [0.75, 0.75]),
        ("new_fracture", {"treatment": "vertebroplasty"}, 365, [0.5, 0]),
        ("new_fracture", {"treatment": "sham"}, 365, [1, 1]),
        # 30 to 45 is a worse grade; 24 to 24 none; 24 to 33 is worse, by 9 points; 39 to 60 is.
        ("height_loss", {"treatment": "vertebroplasty", "grades": [25, 40]}, 365, [0.5, 0.5]),
        ("height_loss", {"treatment": "sham", "grades": [25, 40]}, 365, [1, 1]),
        ("height_loss", {"treatment": "sham", "grades": [25], "grow_at_least": 10}, 365, [0, 0]),
        ("height_loss", {"treatment": "sham", "grow_at_least": 10}, 365, [0, 1]),
        ("height_loss", {"treatment": "vertebroplasty", "grow_at_least": 15}, 365, [0.5, 0.5]),
        ("improved_before", {}, 0, [0.5, 0.2]),
        ("baseline_mean", {"predictor": "sex"}, 0, [0.25, 0.5]),
        ("baseline_mean", {"predictor": "cement_volume_ml"}, 0, [5, 4]),
        ("baseline_median", {"predictor": "vas_baseline"}, 0, [7.5, 7.5]),
    ],
)  # fmt: skip
def test_by_hand(records, kind, fields, day, expected):
    np.testing.assert_allclose(simulated(records, figure(kind, **fields), day), expected)


def test_hazard_ratio_by_hand(records):
    one = figure("fracture_or_progression_hazard", grades=[25, 40], scale="log")
    # Replicate 1: 1 of 2 against 1 of 1; replicate 2: 1 of 2 against 1 of 1; half a patient added.
    treated, sham = -np.log(1 - 1.5 / 3), -np.log(1 - 1.5 / 2)
    expected = np.log(treated) - np.log(sham)
    np.testing.assert_allclose(simulated(records, one, 365), [expected, expected])


def test_an_unknown_kind_is_named(records):
    with pytest.raises(ConfigError, match="kind happiness is none of pain_difference"):
        simulated(records, figure("happiness"), 30)
