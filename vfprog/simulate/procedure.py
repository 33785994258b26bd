"""The decision on treatment, and the procedure: cement volume and leakage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from vfprog.simulate.draws import choose, flip, flip_logit, linear, normal, over

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.patients import Patients
    from vfprog.simulate.people import Sites

# A sham procedure is believed to be a treatment; conservative care is open.
ARMS = ("conservative", "vertebroplasty", "sham")
CONSERVATIVE, VERTEBROPLASTY, SHAM = range(3)
LEAK_NONE, LEAK_DISC = 0.0, 1.0


def preference(patients: Patients, config: SimulationConfig, sites: Sites) -> FloatArray:
    """Return the log-odds of vertebroplasty up to a constant: confounding by indication.

    Parameters
    ----------
    patients : Patients
        Before the decision.
    config : SimulationConfig
        Parameters.
    sites : Sites
        Sites, which differ in practice.

    Returns
    -------
    ndarray of float, shape (n,)
        Log-odds.
    """
    x, p = patients.episodes, config.section("procedure")
    terms = {
        "choice_vas": x["vas_baseline"] - config["reference.vas"],
        "choice_fracture_age": x["log_fracture_age"],
        "choice_inpatient": x["inpatient"],
        "choice_bed_rest": x["bed_rest"],
        "choice_oedema": patients.per_episode("mri_oedema"),
        "choice_cleft": patients.per_episode("intravertebral_cleft"),
        "choice_asa_4": over(x["asa_class"], 3),
        "choice_site_sd": sites.effects["choice"][x["site"].astype(np.intp)],
    }
    return linear(p, terms)


def intercept_for(score: FloatArray, fraction: float) -> float:
    """Return the constant that makes the mean probability equal a fraction, by bisection.

    Parameters
    ----------
    score : ndarray of float
        Log-odds without the constant.
    fraction : float
        Wanted mean probability, 0 to 1.

    Returns
    -------
    float
        The constant; infinite for a fraction of 0 or 1.
    """
    if fraction <= 0 or fraction >= 1:
        return float("-inf") if fraction <= 0 else float("inf")
    low, high = -50.0 - float(score.max()), 50.0 - float(score.min())
    for _ in range(60):
        middle = (low + high) / 2
        if expit(score + middle).mean() < fraction:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def decide(rng: np.random.Generator, log_odds: FloatArray) -> IntArray:
    """Return the treatment each patient gets in a registry, as its place in `ARMS`."""
    chosen = flip_logit(rng, log_odds)
    return np.where(chosen == 1, VERTEBROPLASTY, CONSERVATIVE).astype(np.intp)


def plan(rng: np.random.Generator, patients: Patients, config: SimulationConfig) -> Columns:
    """Return what a vertebroplasty would be in every vertebra, whether or not it takes place.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    patients : Patients
        Before the decision.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    dict of str to ndarray of float, shape (m,)
        ``treated``, ``cement_volume_ml`` and ``cement_leakage``; volume is 0 and leakage none in
        a further vertebra that would be left out.
    """
    m = len(patients.owner)
    is_first = np.diff(patients.owner, prepend=-1) != 0
    included = np.where(is_first, 1.0, flip(rng, config["procedure.further_level"], m))
    volume = _volume(rng, patients, config) * included
    leakage = _leakage(rng, patients.vertebrae, volume, config) * included
    return {"treated": included, "cement_volume_ml": volume, "cement_leakage": leakage}


def under(patients: Patients, planned: Columns, arm: IntArray) -> Patients:
    """Return patients as they are under a treatment.

    Parameters
    ----------
    patients : Patients
        Before the decision.
    planned : dict of str to ndarray
        From `plan`.
    arm : ndarray of int, shape (n,)
        Place of each patient's treatment in `ARMS`.

    Returns
    -------
    Patients
        With ``arm``, ``vertebroplasty`` and ``believes_treated`` per episode, and the values of
        the procedure per vertebra, 0 without vertebroplasty.
    """
    cemented = (arm == VERTEBROPLASTY).astype(np.float64)
    episode = {
        "arm": arm.astype(np.float64),
        "vertebroplasty": cemented,
        "believes_treated": (arm != CONSERVATIVE).astype(np.float64),
    }
    procedure = {name: values * cemented[patients.owner] for name, values in planned.items()}
    return replace(
        patients,
        episodes=patients.episodes | episode,
        vertebrae=patients.vertebrae | procedure,
    )


def _volume(rng: np.random.Generator, patients: Patients, config: SimulationConfig) -> FloatArray:
    p, v, m = config.section("procedure"), patients.vertebrae, len(patients.owner)
    terms = {
        "cement_log_sd": normal(rng, m),
        "cement_thoracic": v["is_thoracic"],
        "cement_lumbar": v["is_lumbar"],
        "cement_height_loss": v["true_height_loss"] - config["reference.height_loss_pct"],
        "cement_fracture_age": patients.of_owner("log_fracture_age"),
        "cement_cleft": v["intravertebral_cleft"],
    }
    volume = p["cement_median"] * np.exp(linear(p, terms))
    return np.asarray(np.round(np.clip(volume, p["cement_least"], p["cement_most"]), 1))


def _leakage(
    rng: np.random.Generator, v: Columns, volume: FloatArray, config: SimulationConfig
) -> FloatArray:
    p, m = config.section("procedure"), len(volume)
    log_odds = p["leak_logit"] + p["leak_volume"] * (volume - config["reference.cement_volume_ml"])
    leaks = flip_logit(rng, log_odds + p["leak_of4"] * over(v["of_type"], 3))
    canal = max(1 - p["leak_disc"] - p["leak_perivertebral"] - p["leak_vein"], 0.0)
    kind = choose(rng, [p["leak_disc"], p["leak_perivertebral"], p["leak_vein"], canal], m)
    return leaks * (1.0 + kind)
