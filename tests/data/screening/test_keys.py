"""Keys of patients and sites that name something else."""

from __future__ import annotations

import pytest

from tests.data.screening.exports import screened, tables_of
from vfprog.data.screening.keys import check_keys


def _check(n=40, **changes):
    """Check the keys of some episodes with columns changed, or left out where None."""
    episodes = tables_of(100)["episodes"].iloc[:n]
    absent = [name for name, values in changes.items() if values is None]
    given = {name: values for name, values in changes.items() if values is not None}
    episodes = episodes.assign(**given).drop(columns=absent)
    return check_keys(screened({"episodes": episodes}, events={}))


def _shared(n, most):
    return ["P"] * most + [f"p{i}" for i in range(n - most)]


def test_a_patient_who_has_most_episodes():
    (failure,) = _check(patient_id=_shared(40, 21))
    assert (failure.table, failure.row, failure.column) == ("episodes", None, "patient_id")
    assert (failure.rule, failure.severity, failure.value) == ("patient_key", "warning", 21)
    assert failure.message == "21 of 40 episodes belong to one patient"


def test_a_site_for_nearly_every_episode():
    (failure,) = _check(site_id=[f"s{i % 21}" for i in range(40)])
    assert (failure.table, failure.row, failure.column) == ("episodes", None, "site_id")
    assert (failure.rule, failure.severity, failure.value) == ("site_key", "warning", 21)
    assert failure.message.startswith("21 sites in 40 episodes")


def test_half_of_the_episodes_is_not_most():
    assert _check(patient_id=_shared(40, 20), site_id=[f"s{i % 20}" for i in range(40)]) == []


@pytest.mark.parametrize(("n", "rules"), [(19, []), (20, ["patient_key", "site_key"])])
def test_few_episodes_are_not_judged(n, rules):
    failures = _check(n, patient_id="P", site_id=[f"s{i}" for i in range(n)])
    assert [f.rule for f in failures] == rules


def test_keys_that_are_absent_are_not_judged():
    assert _check(patient_id=None, site_id=None) == []
    assert _check(episode_id="e", patient_id=None, site_id=None) == []


@pytest.mark.parametrize("column", ["patient_id", "site_id"])
def test_a_column_without_values_is_not_judged(column):
    assert _check(**{column: [None] * 40}) == []


@pytest.mark.parametrize("n", [60, 300])
@pytest.mark.parametrize("seed", range(4))
def test_clean_registries_pass(n, seed):
    assert check_keys(screened(tables_of(n, seed=seed), events={})) == []
