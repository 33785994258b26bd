"""The course of pain, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from vfprog.simulate.config import load_simulation
from vfprog.simulate.pain import PainCourse, benefit, healing, pain_course, response_risk
from vfprog.simulate.patients import Patients
from vfprog.simulate.people import Sites


def course(**changes) -> PainCourse:
    one = np.array([1.0])
    given = {"belief": one, "healed": 0.4, "power": one, "start": 30 * one, "rest": 0 * one}
    return PainCourse(**given | changes)


def patient(**episode: float) -> Patients:
    """One patient with one fracture of L4; everything at its reference unless said otherwise."""
    x = {"age_years": 75, "fracture_age_days": 30, "z_bone": 0, "site": 0,
         "vertebroplasty": 0, "frailty_mfi5": 1,
         "believes_treated": 0, "bed_rest": 0, "true_pi": 50, "true_ll": 50, "z_sva": 0, "sex": 0,
         "n_prevalent_fractures": 1, "opioids": 0.6, "smoker": 0, "rmdq_baseline": 17.9,
         "true_healed": 0, "vas_baseline": 8, "pain_step": 1, "true_pain_expected": 7,
         "true_pain_variance": 1} | episode  # fmt: skip
    v = {"mri_oedema": 1, "intravertebral_cleft": 0, "is_junction": 0, "treated": 1,
         "cement_volume_ml": 4}  # fmt: skip
    episodes, vertebrae = (
        {name: np.array([float(value)]) for name, value in columns.items()} for columns in (x, v)
    )
    return Patients(episodes, vertebrae, np.array([0]))


SITES = Sites(np.ones(1), {"pain": np.zeros(1)}, np.ones(1))


def test_half_of_the_fractures_are_healed_when_the_time_since_has_doubled():
    assert course().unhealed(30.0) == pytest.approx([0.5])
    assert course().unhealed(0.0) == pytest.approx([1.0])
    # To the power 2: (1 + 60 / 30) to minus 2.
    assert course(power=np.array([2.0])).unhealed(60.0) == pytest.approx([1 / 9])


def test_a_fracture_heals_when_the_chance_falls_below_its_own():
    given = course(belief=np.array([0.8]))
    share = given.share(np.array([[20.0, 40.0]]), np.array([0.5]))
    np.testing.assert_allclose(share, [[0.8, 0.8 * 0.4]])


def test_fresh_fractures_heal_faster_and_weak_bone_and_non_unions_slower():
    p = load_simulation().section("pain")
    none = np.zeros(1)

    def left(one: Patients, age: float, healed: np.ndarray = none) -> float:
        power, start = healing(one, np.array([age]), healed, p)
        return float((1 + 30 / start[0]) ** -power[0])

    usual = patient()
    assert left(usual, 10) < left(usual, 60) < left(usual, 300) < 1
    assert left(patient(z_bone=-2), 60) > left(usual, 60)
    split = patient()
    split.vertebrae["intravertebral_cleft"] += 1
    assert left(split, 60) > left(usual, 60)
    assert left(usual, 60, np.ones(1)) == 1


def test_who_believes_to_be_treated_and_who_knows_that_nothing_was_done():
    config = load_simulation().with_overrides({"pain.placebo": 0.3, "pain.nocebo": 0.5})
    opened = pain_course(patient(), config, SITES)
    sham = pain_course(patient(believes_treated=1), config, SITES)
    assert (opened.belief[0], sham.belief[0]) == (1.0, 0.7)
    assert opened.rest[0] - sham.rest[0] == pytest.approx(0.5)


def test_benefit_by_hand():
    config = load_simulation().with_overrides({
        "pain.benefit_points": 0.4, "pain.benefit_acute": 0.6, "pain.benefit_bed_rest": 0.3,
        "pain.benefit_shortfall": 0.2, "pain.benefit_thoracolumbar": 0.25,
        "pain.benefit_old_cleft": 0.5,
    })  # fmt: skip
    assert benefit(patient(), config) == pytest.approx([0.4])
    assert benefit(patient(fracture_age_days=10, bed_rest=1), config) == pytest.approx([1.3])
    assert benefit(patient(fracture_age_days=50, bed_rest=1), config) == pytest.approx([0.4])
    sparse = patient(fracture_age_days=50)
    sparse.vertebrae.update(
        cement_volume_ml=np.array([2.5]), is_junction=np.ones(1), intravertebral_cleft=np.ones(1)
    )
    # .4 + .25 + .5 less 1.5 ml times .2
    assert benefit(sparse, config) == pytest.approx([0.85])


def test_alignment_acts_on_benefit_only_when_switched_on():
    bent = {"z_sva": 1.5, "true_pi": 70}
    config = load_simulation()
    assert benefit(patient(**bent), config) == benefit(patient(), config)
    moved = benefit(patient(**bent), config.with_overrides({"alignment_effect": 1}))
    # Forward sway of 1.5 SD; the mismatch counts at the junction alone, and this is L4.
    lost = 1.5 * config["pain.benefit_alignment_sva"]
    assert moved - benefit(patient(), config) == pytest.approx([lost])


def test_cement_acts_through_its_benefit_alone():
    config = load_simulation()
    sham = pain_course(patient(believes_treated=1), config, SITES)
    given = patient(believes_treated=1, vertebroplasty=1)
    cemented = pain_course(given, config, SITES)
    assert sham.rest - cemented.rest == pytest.approx(benefit(given, config))
    np.testing.assert_array_equal(sham.belief, cemented.belief)


class Nothing:
    """Nobody dies, no vertebra breaks."""

    def alive_after(self, _: float) -> float:
        return 1.0

    def unbroken_after(self, _: float) -> float:
        return 1.0


def test_response_risk_by_hand():
    config = load_simulation().with_overrides({
        "pain.course_sd": 1.2, "pain.fluctuation_sd": 1.6,
        "schedule.d30_first": 30, "schedule.d30_last": 30,
    })  # fmt: skip
    given = course(rest=np.array([0.5]))
    # Recorded 8, in whole points: 5 or less responds, so below 5.5 as felt. Not healed (half):
    # mean 7 + .5, variance 1 + 1.44 + 2.56 = 5. Healed: 2.8 + .5, .16 + 4.
    expected = 0.5 * norm.cdf((5.5 - 7.5) / 5**0.5) + 0.5 * norm.cdf((5.5 - 3.3) / 4.16**0.5)
    assert response_risk(patient(), given, Nothing(), config) == pytest.approx([expected])
    assert response_risk(patient(vas_baseline=2), given, Nothing(), config) == [0.0]
