from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.validation._check import check_level, check_sample

Y = [0, 1, 1]
RISK = [0.2, 0.4, 0.9]


def test_all_faults_of_values_are_named_with_what_arrived():
    with pytest.raises(ValueError, match="y_obs must be 0 or 1") as caught:
        check_sample([0, 2, 1], [0.2, 1.0, 0.9], [1, -1, 1], ["a", None, "b"])
    message = str(caught.value)
    for part in ("[2.0]", "strictly in (0, 1), got 1 others such as [1.0]", "[-1.0]", "1 missing"):
        assert part in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), r"y_obs must have shape \(n,\) with n > 0, got \(0,\)"),
        ((Y, [0.1, 0.2]), r"risk must have shape \(3,\) or \(r, 3\), got \(1, 2\)"),
        ((Y, RISK, [1, 1]), r"sample_weight must have shape \(3,\), got \(2,\)"),
        ((Y, RISK, None, ["a"]), r"groups must have shape \(3,\), got \(1,\)"),
        ((Y, RISK, [0, 0, 0]), "positive sum, got 0"),
        ((Y, RISK, [1, np.nan, 1]), r"finite and >= 0, got \[nan\]"),
        ((Y, [0.2, np.nan, 0.9]), r"got 1 others such as \[nan\]"),
        (([0, np.nan, 1], RISK), r"0 or 1, got \[nan\]"),
        ((Y, np.empty((0, 3))), "risk must have shape"),
    ],
)
def test_a_fault_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_sample(*arguments)


@pytest.mark.parametrize("level", [0, 1, 1.5, float("nan")])
def test_level_must_be_a_share(level):
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1"):
        check_level(level)


def test_rows_of_weight_zero_do_not_count():
    (sample,) = check_sample([0, 1, 1, 1], [0.2, 0.4, 0.9, 0.5], [1, 2, 0, 1], ["a", "b", "c", "a"])
    assert (sample.n, sample.n_events, sample.n_clusters) == (3, 2, 2)
    np.testing.assert_array_equal(sample.cluster, [0, 1, 0])
    assert (sample.patients_with(1), sample.patients_with(0)) == (2, 1)


def test_pandas_input_and_repeats():
    frame = pd.DataFrame({"y": [True, False], "id": pd.array(["p", "p"], dtype="string")})
    samples = check_sample(frame["y"], np.array([[0.2, 0.4], [0.3, 0.5]]), None, frame["id"])
    assert [sample.risk.tolist() for sample in samples] == [[0.2, 0.4], [0.3, 0.5]]
    assert samples[0].n_clusters == 1
