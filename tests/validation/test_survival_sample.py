from __future__ import annotations

import numpy as np
import pytest

from vfprog.validation._survival_sample import check_survival, clustered_error
from vfprog.validation.survival import harrell_c


def test_all_faults_are_named():
    with pytest.raises(ValueError, match="time must be finite") as caught:
        harrell_c([-1, 2], [3, 0], [0, 0.5], horizon=0, sample_weight=[-1, 1], groups=[1, None])
    message = str(caught.value)
    for part in ("status must be 0, 1 or 2", "risk must lie", "sample_weight", "groups", "horizon"):
        assert part in message
    with pytest.raises(ValueError, match=r"risk must have shape \(2,\), got \(1,\)"):
        harrell_c([1, 2], [1, 0], [0.5], horizon=1)
    with pytest.raises(ValueError, match=r"time must have shape \(n,\) with n > 0"):
        harrell_c([], [], [], horizon=1)
    with pytest.raises(ValueError, match="positive sum"):
        harrell_c([1, 2], [1, 0], [0.5, 0.6], horizon=1, sample_weight=[0, 0])
    with pytest.raises(ValueError, match="level must lie"):
        harrell_c([1, 2], [1, 0], [0.5, 0.6], horizon=1, level=1)


def test_states_at_the_horizon():
    # event, event at the horizon, censored before, at and after it, competing, late event
    time, status = [1, 2, 1, 2, 3, 1, 3], [1, 1, 0, 0, 0, 2, 1]
    sample = check_survival(time, status, [0.5] * 7, 2.0)
    assert sample.case.tolist() == [True, True, False, False, False, False, False]
    assert sample.known.tolist() == [True, True, False, True, True, True, True]
    assert sample.until.tolist() == [1, 2, 1, 2, 2, 1, 2]


def test_rows_without_weight_are_left_out():
    sample = check_survival([1, 2, 3], [1, 0, 1], [0.1, 0.2, 0.3], 2.0, [1, 0, 2], ["a", "b", "a"])
    assert (sample.n, sample.n_clusters) == (2, 1)
    kept = sample.reweighted(np.array([0.0, 3.0]))
    assert (kept.time.tolist(), kept.weight.tolist(), kept.horizon) == ([3], [6], 2.0)


def test_rows_of_a_patient_are_summed_before_they_are_squared():
    sample = check_survival([1, 2, 3], [1, 0, 1], [0.5] * 3, 2.0, groups=["a", "a", "b"])
    # sums 1 + 2 and -3: sqrt(2 / 1) * sqrt(9 + 9)
    assert clustered_error(sample, np.array([1.0, 2.0, -3.0])) == pytest.approx(6.0)


def test_one_patient_with_the_event_gives_no_limits():
    arrays = ([1, 1.5, 2, 3], [1, 1, 0, 0], [0.4, 0.3, 0.35, 0.1])
    with_two = harrell_c(*arrays, horizon=2)
    assert with_two.lower is not None
    same = harrell_c(*arrays, horizon=2, groups=["a", "a", "b", "c"])
    assert (same.estimate, same.lower) == (with_two.estimate, None)
