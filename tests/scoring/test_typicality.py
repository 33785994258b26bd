from __future__ import annotations

import json
from statistics import NormalDist

import numpy as np
import pytest

from vfprog.errors import BundleError
from vfprog.scoring.margins import Margin
from vfprog.scoring.typicality import Typicality

NAN = float("nan")
SCORES = tuple(NormalDist().inv_cdf(p) for p in (0.01, 0.5, 0.99))


def margin(name: str, *, levels: bool = False) -> Margin:
    if levels:
        return Margin(name, name, name, (0.0, 1.0), (-0.67, 0.67), (0.0,), 0.5)
    return Margin(name, name, name, SCORES, SCORES, (), 1.0)


def typicality(r: float = 0.8) -> Typicality:
    R = np.array([[1.0, r], [r, 1.0]])
    return Typicality(500, (margin("a"), margin("b")), R, R)


def test_the_share_is_the_tail_of_the_chi_squared_distribution() -> None:
    # Of one standard normal input at 1.96 a share of .05 lies further out; of two independent
    # ones at distance d2 it is exp(-d2 / 2).
    assert typicality().share_less_typical(np.array([1.96, NAN])) == pytest.approx(0.05, abs=0.015)
    alone = typicality(0.0).share_less_typical(np.array([1.0, 1.0]))
    assert alone == pytest.approx(np.exp(-1.0), abs=0.03)


def test_what_is_unusual_together_though_usual_alone() -> None:
    # z' R^-1 z of (1.5, -1.5) with r = .8 is 2 * 1.5^2 / (1 - .8) = 22.5.
    strange = typicality().share_less_typical(np.array([1.5, -1.5]))
    usual = typicality().share_less_typical(np.array([1.5, 1.5]))
    assert strange is not None
    assert usual is not None
    assert strange < 0.002 < 0.2 < usual


def test_the_middle_is_more_typical_than_all() -> None:
    assert typicality().share_less_typical(np.zeros(2)) == pytest.approx(1, abs=1e-3)


def test_nothing_given_says_nothing() -> None:
    assert typicality().share_less_typical(np.full(2, NAN)) is None


def test_equals_count_half() -> None:
    one = Typicality(500, (margin("a", levels=True),), np.eye(1), np.eye(1))
    assert one.share_less_typical(np.array([0.67])) == pytest.approx(0.5, abs=1e-3)


def test_it_is_the_same_each_time_and_for_each_copy() -> None:
    z = np.array([1.0, -0.4])
    first = typicality()
    copy = Typicality.from_dict(json.loads(json.dumps(first.as_dict())))
    shares = {first.share_less_typical(z), first.share_less_typical(z), copy.share_less_typical(z)}
    assert len(shares) == 1


def test_scores_of_absent_and_blank_features() -> None:
    Z = typicality().scores({"a": np.array([0.0, NAN, 3.33])}, 3)
    assert Z[0, 0] == 0
    assert np.isnan(Z[1, 0])
    assert np.isnan(Z[:, 1]).all()
    assert Z[2, 0] == pytest.approx(3.33, abs=1e-9)


def test_patterns_are_not_kept_without_end() -> None:
    width = 7
    many = Typicality(
        500, tuple(margin(f"m{i}") for i in range(width)), np.eye(width), np.eye(width)
    )
    for pattern in range(1, 2**width):
        given = [(pattern >> place) & 1 for place in range(width)]
        many.share_less_typical(np.where(given, 0.3, NAN))
    assert len(many._usual) == 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("n"), "KeyError"),
        (lambda c: c["margins"].pop(), "shape"),
        (lambda c: c["margins"][0].update(sd=-1), "sd is not positive"),
        (lambda c: c.update(correlation="high"), "ValueError"),
        (lambda c: c.update(latent=[[1, 2], [2, 1]]), "LinAlgError"),
        (lambda c: c.update(margins=None), "TypeError"),
    ],
)
def test_a_malformed_entry_is_a_bundle_error(change, message) -> None:
    content = json.loads(json.dumps(typicality().as_dict()))
    change(content)
    with pytest.raises(BundleError, match=message):
        Typicality.from_dict(content)
