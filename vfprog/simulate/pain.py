"""Pain after the decision: mean course, benefit of cement, and the true chance of response."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtr

from vfprog.simulate.draws import day_limits, linear, mean_of, normal, over

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.hazards import Hazards
    from vfprog.simulate.patients import Patients
    from vfprog.simulate.people import Sites

VISITS = ("d1", "d7", "d30", "d90", "d180", "d365")
RESPONSE_VISIT, RESPONSE_FALL = "d30", 3.0
# log-odds of a site's effect per probit standard deviation (the usual 1.7)
_PROBIT = 1.7


def expected_pain(patients: Patients, config: SimulationConfig, sites: Sites) -> FloatArray:
    """Return mean pain at each visit given everything but chance, on an unbounded scale.

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
    ndarray of float, shape (n, 6)
        Points; columns as in `VISITS`. A new fracture adds to it.
    """
    x, p = patients.episodes, config.section("pain")
    site = config["site_sd"] / _PROBIT * p["residual_sd"]
    common = p["vas_slope"] * (x["vas_baseline"] - config["episode.vas_mean"])
    common = common + linear(p, _terms(patients, config)) + _alignment(patients, config)
    common = common + _lost_benefit(patients, config)
    common = common + site * sites.effects["pain"][x["site"].astype(np.intp)]
    course = np.array([p[f"mean_{visit}"] for visit in VISITS])
    return np.asarray(common[:, None] + course, dtype=np.float64)


def draw_pain(
    rng: np.random.Generator, expected: FloatArray, config: SimulationConfig
) -> FloatArray:
    """Return pain at each visit before rounding and without new fractures.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    expected : ndarray of float, shape (n, k)
        Mean pain.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    ndarray of float, shape (n, k)
        Points, not bounded.
    """
    p, n = config.section("pain"), len(expected)
    lasting = np.sqrt(p["residual_correlation"]) * rng.standard_normal((n, 1))
    passing = np.sqrt(1 - p["residual_correlation"]) * rng.standard_normal(expected.shape)
    return np.asarray(expected + p["residual_sd"] * (lasting + passing), dtype=np.float64)


def recorded_pain(pain: FloatArray, step: FloatArray) -> FloatArray:
    """Return pain as it is written down: within 0-10, in multiples of a step."""
    return np.asarray(np.rint(np.clip(pain, 0, 10) / step) * step, dtype=np.float64)


def response_risk(
    patients: Patients, expected: FloatArray, hazard: Hazards, config: SimulationConfig
) -> FloatArray:
    """Return the true probability that recorded pain falls by 3 points at the month's visit.

    Exact: the visit takes place on any day of its window alike, the patient may have died
    (non-response) or broken another vertebra by then, and recorded pain is rounded.

    Parameters
    ----------
    patients : Patients
        After the procedure.
    expected : ndarray of float, shape (n, 6)
        Mean pain.
    hazard : Hazards
        Rates of fracture and death.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Probability.
    """
    x, p = patients.episodes, config.section("pain")
    ceiling = x["vas_baseline"] - RESPONSE_FALL + x["pain_step"] / 2
    room = ceiling - expected[:, VISITS.index(RESPONSE_VISIT)]
    sound = ndtr(room / p["residual_sd"])
    broken = ndtr((room - p["new_fracture"]) / p["residual_sd"])
    first, last = day_limits(config.section("schedule"), RESPONSE_VISIT)
    total = np.zeros(patients.n)
    for day in range(first, last + 1):
        whole = hazard.unbroken_after(day)
        total += hazard.alive_after(day) * (whole * sound + (1 - whole) * broken)
    return np.where(x["vas_baseline"] >= RESPONSE_FALL, total / (last - first + 1), 0.0)


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


def _terms(patients: Patients, config: SimulationConfig) -> Columns:
    x, p, r = patients.episodes, config.section("pain"), config.section("reference")
    old = over(x["fracture_age_days"], p["old_days"])
    number = np.bincount(patients.owner, minlength=patients.n).astype(np.float64)
    treated = patients.vertebrae["treated"]
    volume = mean_of(patients.owner, patients.vertebrae["cement_volume_ml"], treated, patients.n)
    return {
        "fracture_age": expit(p["fracture_age_slope"] * x["log_fracture_age"]) - 0.5,
        "old_cleft": old * patients.per_episode("intravertebral_cleft"),
        "no_oedema": 1 - patients.per_episode("mri_oedema"),
        "thoracolumbar": patients.per_episode("is_junction"),
        "further_vertebra": number - 1,
        "prevalent": np.minimum(x["n_prevalent_fractures"], p["prevalent_most"])
        - r["n_prevalent_fractures"],
        "mfi5": x["frailty_mfi5"] - r["frailty_mfi5"],
        "opioids": x["opioids"] - r["opioids"],
        "male": x["sex"],
        "smoker": x["smoker"],
        "t_score": x["t_score"] - config["bone.t_score_mean"],
        "rmdq": x["rmdq_baseline"] - config["episode.rmdq_mean"],
        "bed_rest_acute": x["bed_rest"] * (1 - old),
        "cement_shortfall": np.maximum(p["cement_enough"] - volume, 0) * (volume > 0),
    }


def _alignment(patients: Patients, config: SimulationConfig) -> FloatArray:
    x, p = patients.episodes, config.section("pain")
    mismatched = over(x["true_pi"] - x["true_ll"], p["mismatch_from"])
    mismatched = mismatched * patients.per_episode("is_junction")
    terms = {"alignment_sva": x["z_sva"], "alignment_mismatch": mismatched}
    return config["alignment_effect"] * linear(p, terms)


def _lost_benefit(patients: Patients, config: SimulationConfig) -> FloatArray:
    """Return what conservative care forgoes: the benefit of cement and its expectation."""
    x, p = patients.episodes, config.section("pain")
    benefit = (
        p["benefit_points"]
        + p["benefit_acute"] * (x["fracture_age_days"] < p["acute_days"])
        + p["benefit_thoracolumbar"] * patients.per_episode("is_junction")
    )
    return (config["benefit"] * benefit + p["expectation"]) * (1 - x["vertebroplasty"])
