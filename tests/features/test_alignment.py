import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.features.strategies import NAN, maybe
from vfprog.features.alignment import complete_pelvis, pi_ll_mismatch, pt_pi_ratio

ANGLE = maybe(st.floats(-30, 110))


def test_the_third_angle_follows_from_two():
    incidence, tilt, slope = complete_pelvis(
        np.array([NAN, 50.0, 50.0]), np.array([20.0, NAN, 20.0]), np.array([35.0, 35.0, NAN])
    )
    assert incidence.tolist() == [55, 50, 50]
    assert tilt.tolist() == [20, 15, 20]
    assert slope.tolist() == [35, 35, 30]


def test_measured_angles_that_disagree_stay():
    completed = complete_pelvis(np.array([60.0]), np.array([10.0]), np.array([30.0]))
    assert [angle.item() for angle in completed] == [60, 10, 30]


@given(ANGLE, ANGLE, ANGLE)
def test_only_a_single_gap_is_filled(pi, pt, ss):
    given_angles = (pi, pt, ss)
    gaps = sum(np.isnan(given_angles))
    completed = [a.item() for a in complete_pelvis(*(np.array([a]) for a in given_angles))]
    for before, after in zip(given_angles, completed, strict=True):
        if not np.isnan(before):
            assert after == before
        else:
            assert np.isnan(after) == (gaps > 1)
    if gaps == 1:
        assert abs(completed[0] - completed[1] - completed[2]) < 1e-9


def test_mismatch_is_incidence_minus_lordosis():
    mismatch = pi_ll_mismatch(np.array([55.0, NAN, 55.0]), np.array([40.0, 40.0, NAN]))
    np.testing.assert_array_equal(mismatch, [15, NAN, NAN])


def test_ratio_needs_a_positive_incidence():
    tilt = np.array([20.0, 20.0, 20.0, NAN, 20.0])
    incidence = np.array([50.0, 0.0, -5.0, 50.0, NAN])
    np.testing.assert_array_equal(pt_pi_ratio(tilt, incidence), [0.4, NAN, NAN, NAN, NAN])
