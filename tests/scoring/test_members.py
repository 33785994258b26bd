from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.models import random_model
from vfprog.errors import BundleError
from vfprog.scoring.members import Members, stack_members
from vfprog.scoring.model import expit


def refits(seed, sizes, time="postprocedure"):
    return [random_model(seed + i, time=time, n_trees=size) for i, size in enumerate(sizes)]


def patient(seed, width):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(width) < 0.4, np.nan, rng.uniform(-5, 90, width))


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 5), min_size=1, max_size=7),  # some without trees
)
def test_together_they_are_what_each_is_alone(seed, sizes):
    models = refits(seed, sizes)
    x = patient(seed, len(models[0].features))
    alone = [model.log_odds(x[None])[0] for model in models]
    assert stack_members(models).log_odds(x) == pytest.approx(alone, abs=1e-12)


def test_members_without_any_trees():
    models = refits(1, [0, 0, 0])
    members = stack_members(models)
    x = patient(2, len(models[0].features))
    assert (members.trees, len(members)) == (None, 3)
    assert members.log_odds(x) == pytest.approx([m.log_odds(x[None])[0] for m in models], abs=1e-12)


def test_the_interval_holds_the_middle_ninety_percent():
    models = refits(5, [2] * 21)
    x = patient(3, len(models[0].features))
    risks = np.sort([model.risk(x[None])[0] for model in models])
    # 21 members: the 5th and 95th percentile are the 2nd and the 20th
    assert stack_members(models).instability_interval(x) == pytest.approx((risks[1], risks[19]))


def test_one_member_gives_an_interval_of_no_width():
    (model,) = refits(5, [2])
    x = patient(3, len(model.features))
    risk = expit(model.log_odds(x[None]))[0]
    assert stack_members([model]).instability_interval(x) == pytest.approx((risk, risk))


@pytest.mark.parametrize("sizes", [[0, 3, 1], [0, 0]])
def test_arrays_come_back_as_they_were(sizes):
    models = refits(7, sizes)
    members, width = stack_members(models), len(models[0].features)
    again = Members.from_arrays(members.to_arrays(), n_features=width)
    x = patient(4, width)
    assert again.log_odds(x).tolist() == members.log_odds(x).tolist()


def test_members_must_share_their_features():
    models = [*refits(1, [1]), *refits(1, [1], time="preprocedure")]
    with pytest.raises(ValueError, match="share its features"):
        stack_members(models)


def test_no_members_are_refused():
    with pytest.raises(ValueError, match="no members"):
        stack_members([])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("coef", np.zeros((2, 3, 4))),
        ("intercept", np.zeros(5)),
        ("blend", np.zeros((2, 3))),
        ("tree_fill", None),
        ("encoding.fill", None),
        ("trees.offsets", np.zeros(9)),
        ("trees.leaf", None),
    ],
)
def test_damaged_arrays_are_refused(name, value):
    members = stack_members(refits(7, [2, 1]))
    arrays = members.to_arrays()
    arrays[name] = value
    if value is None:
        del arrays[name]
    with pytest.raises(BundleError):
        Members.from_arrays(arrays, n_features=members.coef.shape[1])


def test_members_of_another_model_are_refused():
    members = stack_members(refits(7, [2, 1]))
    with pytest.raises(BundleError, match="coef"):
        Members.from_arrays(members.to_arrays(), n_features=3)
