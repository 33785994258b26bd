"""Pain after the decision: recovery, belief, benefit of cement, and the true chance of response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtr

from vfprog.simulate.draws import day_limits, linear, mean_of, normal, over

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray
    from vfprog.simulate.config import Section, SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.hazards import Hazards
    from vfprog.simulate.patients import Patients
    from vfprog.simulate.people import Sites

RESPONSE_DAY, RESPONSE_FALL = 30, 3.0
# log-odds of a site's effect per probit standard deviation (the usual 1.7)
_PROBIT = 1.7


@dataclass(frozen=True)
class PainCourse:
    """Pain of n patients but for healing and chance: share of the lasting pain plus the rest.

    Parameters
    ----------
    belief : ndarray of float, shape (n,)
        Share of the lasting pain that belief in a treatment leaves.
    healed : float
        Share of the lasting pain that is left once the fracture has healed.
    power, start : ndarray of float, shape (n,)
        Of the chance that the fracture has not healed by day t: (1 + t / start) to minus the power.
    rest : ndarray of float, shape (n,)
        Points on an unbounded scale that do not depend on the lasting pain. A new fracture adds.
    """

    belief: FloatArray
    healed: float
    power: FloatArray
    start: FloatArray
    rest: FloatArray

    def unhealed(self, day: FloatArray | float) -> FloatArray:
        """Return the probability that a fracture has not healed by a day."""
        return np.asarray((1 + day / self.start) ** -self.power, dtype=np.float64)

    def share(self, day: FloatArray, chance: FloatArray) -> FloatArray:
        """Return the share of the lasting pain left on the days of k visits, shape (n, k).

        Parameters
        ----------
        day : ndarray of float, shape (n, k)
            Days of the visits.
        chance : ndarray of float, shape (n,)
            Uniform draws; a fracture heals when the probability above falls below its own.

        Returns
        -------
        ndarray of float, shape (n, k)
            Share.
        """
        whole = (1 + day / self.start[:, None]) ** -self.power[:, None] > chance[:, None]
        return np.where(whole, 1.0, self.healed) * self.belief[:, None]


def healing(
    patients: Patients, age: FloatArray, healed: FloatArray, p: Section
) -> tuple[FloatArray, FloatArray]:
    """Return power and start of the chance that a fracture has not healed by a later day.

    Of fractures not healed at age a, ((a + c) / (a + t + c)) to the power are not healed t days
    later: a fresh fracture heals within weeks, an old one hardly any more. Weak bone and non-unions
    heal more slowly.

    Parameters
    ----------
    patients : Patients
        The patients.
    age, healed : ndarray of float, shape (n,)
        Days from fracture to now, and whether it has healed already.
    p : Section
        The parameters of pain.

    Returns
    -------
    power, start : ndarray of float, shape (n,)
        See `PainCourse`.
    """
    united = 1 - p["healing_cleft"] * patients.per_episode("intravertebral_cleft")
    strong = np.exp(p["healing_bone"] * patients.episodes["z_bone"])
    power = p["healing"] * united * strong * (1 - healed)
    return np.asarray(power, dtype=np.float64), age + p["healing_days"]


def pain_course(patients: Patients, config: SimulationConfig, sites: Sites) -> PainCourse:
    """Return the course of pain under the treatment the patients have.

    Parameters
    ----------
    patients : Patients
        After the procedure.
    config : SimulationConfig
        Parameters.
    sites : Sites
        Sites with their effects.

    Returns
    -------
    PainCourse
        Everything but healing and chance.
    """
    x, p = patients.episodes, config.section("pain")
    site = config["site_sd"] / _PROBIT * np.hypot(p["course_sd"], p["fluctuation_sd"])
    rest = p["persistent"] + linear(p, _prognosis(patients, config))
    rest = rest + site * sites.effects["pain"][x["site"].astype(np.intp)]
    rest = rest - config["benefit"] * benefit(patients, config) * x["vertebroplasty"]
    rest = rest + p["nocebo"] * (1 - x["believes_treated"])
    power, start = healing(patients, x["fracture_age_days"], x["true_healed"], p)
    belief = 1 - p["placebo"] * x["believes_treated"]
    return PainCourse(belief, p["healed_share"], power, start, np.asarray(rest, dtype=np.float64))


def benefit(patients: Patients, config: SimulationConfig) -> FloatArray:
    """Return the causal effect of cement on pain, in points, were the patient treated.

    Parameters
    ----------
    patients : Patients
        After the procedure, or after it was planned for those who have none.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Points of relief, before rounding and the bounds of the scale.
    """
    x, p = patients.episodes, config.section("pain")
    old = over(x["fracture_age_days"], p["old_days"])
    treated, volume = patients.vertebrae["treated"], patients.vertebrae["cement_volume_ml"]
    mean_volume = mean_of(patients.owner, volume, treated, patients.n)
    terms = {
        "benefit_points": np.ones(patients.n),
        "benefit_acute": 1 - over(x["fracture_age_days"], p["acute_days"]),
        "benefit_thoracolumbar": patients.per_episode("is_junction"),
        "benefit_bed_rest": x["bed_rest"] * (1 - old),
        "benefit_old_cleft": old * patients.per_episode("intravertebral_cleft"),
    }
    shortfall = np.maximum(p["cement_enough"] - mean_volume, 0)
    bent = over(x["true_pi"] - x["true_ll"], p["mismatch_from"])
    bent = bent * patients.per_episode("is_junction")
    moved = p["benefit_alignment_sva"] * x["z_sva"] + p["benefit_alignment_mismatch"] * bent
    return np.asarray(
        linear(p, terms) - p["benefit_shortfall"] * shortfall + config["alignment_effect"] * moved,
        dtype=np.float64,
    )


def recorded_pain(pain: FloatArray, step: FloatArray) -> FloatArray:
    """Return pain as it is written down: within 0-10, in multiples of a step."""
    return np.asarray(np.rint(np.clip(pain, 0, 10) / step) * step, dtype=np.float64)


def response_risk(
    patients: Patients, course: PainCourse, hazard: Hazards, config: SimulationConfig
) -> FloatArray:
    """Return the true probability that recorded pain falls by 3 points at the month's visit.

    Given pain as felt before the decision; what lasts of it is integrated out. Exact: the visit
    takes place on any day of its window alike, by then the patient may have died (non-response),
    healed, or broken another vertebra, and recorded pain is rounded.

    Parameters
    ----------
    patients : Patients
        After the procedure.
    course : PainCourse
        Pain but for healing and chance.
    hazard : Hazards
        Rates of fracture and death.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Probability.
    """
    x, extra = patients.episodes, config["pain.new_fracture"]
    # By whether the fracture has healed, and by whether another vertebra broke.
    chance = {
        (healed, broken): _falls(x, course, course.healed if healed else 1.0,
                                 extra if broken else 0.0, config)
        for healed in (False, True) for broken in (False, True)
    }  # fmt: skip
    first, last = day_limits(config.section("schedule"), f"d{RESPONSE_DAY}")
    total = np.zeros(patients.n)
    for day in range(first, last + 1):
        sound, sick = hazard.unbroken_after(day), course.unhealed(day)
        well = sound * chance[True, False] + (1 - sound) * chance[True, True]
        ill = sound * chance[False, False] + (1 - sound) * chance[False, True]
        total += hazard.alive_after(day) * (sick * ill + (1 - sick) * well)
    return np.where(x["vas_baseline"] >= RESPONSE_FALL, total / (last - first + 1), 0.0)


def _falls(
    x: Columns, course: PainCourse, left: float, extra: float, config: SimulationConfig
) -> FloatArray:
    """Return the probability of a recorded fall of 3 points, given healing and new fracture."""
    share, chance = course.belief * left, config["pain.course_sd"] ** 2
    chance = chance + config["pain.fluctuation_sd"] ** 2
    ceiling = x["vas_baseline"] - RESPONSE_FALL + x["pain_step"] / 2
    room = ceiling - share * x["true_pain_expected"] - course.rest - extra
    spread = np.sqrt(share**2 * x["true_pain_variance"] + chance)
    return np.asarray(ndtr(room / spread), dtype=np.float64)


def function_at_visits(
    rng: np.random.Generator, pain: FloatArray, opioids: FloatArray, config: SimulationConfig
) -> tuple[FloatArray, FloatArray]:
    """Return Roland-Morris disability and opioid use that go with pain at visits.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    pain, opioids : ndarray of float, shape (k,)
        Pain at the visit, and whether the patient took opioids before the procedure.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    rmdq, opioids : ndarray of float, shape (k,)
        Points 0-24, and 0 or 1.
    """
    p = config.section("pain")
    mean = p["rmdq_intercept"] + p["rmdq_per_vas"] * pain
    rmdq = np.clip(np.rint(mean + p["rmdq_sd"] * normal(rng, len(pain))), 0, 24)
    log_odds = p["opioids_logit"] + p["opioids_vas"] * pain + p["opioids_before"] * opioids
    return rmdq, (rng.random(len(pain)) < expit(log_odds)).astype(np.float64)


def _prognosis(patients: Patients, config: SimulationConfig) -> Columns:
    """Return what goes with more or less pain later, whatever the treatment."""
    x, p, r = patients.episodes, config.section("pain"), config.section("reference")
    number = np.bincount(patients.owner, minlength=patients.n).astype(np.float64)
    return {
        "no_oedema": 1 - patients.per_episode("mri_oedema"),
        "thoracolumbar": patients.per_episode("is_junction"),
        "further_vertebra": number - 1,
        "prevalent": np.minimum(x["n_prevalent_fractures"], p["prevalent_most"])
        - r["n_prevalent_fractures"],
        "mfi5": x["frailty_mfi5"] - r["frailty_mfi5"],
        "opioids": x["opioids"] - r["opioids"],
        "male": x["sex"],
        "smoker": x["smoker"],
        "bone": x["z_bone"],
        "rmdq": x["rmdq_baseline"] - config["episode.rmdq_mean"],
    }
