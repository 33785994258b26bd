"""People before their fracture: latent health and bone quality, and true spinopelvic alignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from vfprog.simulate.draws import choose, cut, flip, flip_logit, normal

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.simulate.config import Section, SimulationConfig
    from vfprog.simulate.draws import Columns


@dataclass(frozen=True)
class Sites:
    """What distinguishes the centres of a registry.

    Parameters
    ----------
    share : ndarray of float
        Share of the patients; k of them, or as many as one of several replicates has.
    effects : dict of str to ndarray of float, shape (k,)
        Standard normal deviations, by what they act on.
    step : ndarray of float, shape (k,)
        Pain is recorded in multiples of this.
    """

    share: FloatArray
    effects: Columns
    step: FloatArray


def draw_sites(rng: np.random.Generator, config: SimulationConfig, replicates: int = 1) -> Sites:
    """Return the sites of one registry, or of several replicates with sites of their own.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    config : SimulationConfig
        Parameters.
    replicates : int
        How many times all sites are drawn; those of one replicate lie next to each other.

    Returns
    -------
    Sites
        Shares within a replicate, effects on outcomes and practice, and scale of pain.
    """
    s = config.section("sites")
    share = (np.arange(int(s["count"])) + 2.0) ** -s["size_decay"]
    k = len(share) * replicates
    names = ("pain", "height", "fracture", "choice", "alignment")
    effects = {name: normal(rng, k) for name in names}
    halves = np.arange(k) < round(s["halves_share"] * k)
    return Sites(share / share.sum(), effects, np.where(rng.permutation(halves), 0.5, 1.0))


def draw_people(
    rng: np.random.Generator, n: int, config: SimulationConfig, sites: Sites
) -> Columns:
    """Return n people as columns, alignment as it truly is.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    n : int
        Number of people.
    config : SimulationConfig
        Parameters.
    sites : Sites
        Sites to draw from.

    Returns
    -------
    dict of str to ndarray
        Columns of length n; names that begin with ``true_`` or ``z_`` are never recorded, such as
        ``z_frailty`` (latent health) and ``z_bone`` (latent bone quality).
    """
    people = _person(rng, n, config)
    people["site"] = choose(rng, sites.share.tolist(), n).astype(np.float64)
    people |= _bone(rng, people, config.section("bone"))
    people |= _alignment(rng, people, config)
    return people


def later(people: Columns, rows: IntArray, years: FloatArray, fractures: FloatArray) -> Columns:
    """Return some people as they are some years and fractures later.

    Parameters
    ----------
    people : dict of str to ndarray
        Columns of `draw_people`.
    rows : ndarray of int
        Who.
    years, fractures : ndarray of float
        Years gone by and vertebrae fractured meanwhile, for each of them.

    Returns
    -------
    dict of str to ndarray
        Columns of length ``len(rows)``.
    """
    older = {name: values[rows] for name, values in people.items()}
    older["age_years"] = np.minimum(np.round(older["age_years"] + years, 1), 105)
    older["n_prevalent_fractures"] = np.minimum(older["n_prevalent_fractures"] + fractures, 12)
    return older


def _person(rng: np.random.Generator, n: int, config: SimulationConfig) -> Columns:
    p, r = config.section("person"), config.section("reference")
    age = np.clip(p["age_mean"] + p["age_sd"] * normal(rng, n), p["age_least"], p["age_most"])
    z_age = (age - r["age_years"]) / r["age_sd"]
    frailty = p["frailty_age"] * z_age + np.sqrt(1 - p["frailty_age"] ** 2) * normal(rng, n)
    bmi = p["bmi_mean"] + p["bmi_sd"] * normal(rng, n)
    ill = p["asa_frailty"] * frailty + np.sqrt(1 - p["asa_frailty"] ** 2) * normal(rng, n)
    return {
        "z_age": z_age,
        "z_frailty": frailty,
        "age_years": np.round(age, 1),
        "sex": flip(rng, p["male"], n),
        "bmi_kg_m2": np.round(np.clip(bmi, p["bmi_least"], p["bmi_most"]), 1),
        "smoker": flip(rng, p["smoker"], n),
        "asa_class": cut(ill, [p["asa_1"], p["asa_2"], p["asa_3"]]),
        "frailty_mfi5": rng.binomial(
            5, expit(p["mfi5_logit"] + p["mfi5_frailty"] * frailty)
        ).astype(np.float64),
    }


def _bone(rng: np.random.Generator, people: Columns, b: Section) -> Columns:
    n = len(people["z_age"])
    own = np.sqrt(1 - b["t_score_age"] ** 2) * normal(rng, n)
    z = b["quality_shift"] + b["t_score_age"] * people["z_age"] + own
    seen = b["t_score_quality"] * z + np.sqrt(1 - b["t_score_quality"] ** 2) * normal(rng, n)
    prevalent = _prevalent(rng, z, b)
    taken = b["treatment_logit"] + b["treatment_prevalent"] * (prevalent - b["prevalent_mean"])
    vitamin_d = b["vitamin_d_median"] * np.exp(b["vitamin_d_log_sd"] * normal(rng, n))
    return {
        "z_bone": z,
        "t_score": np.round(b["t_score_mean"] + b["t_score_sd"] * seen, 1),
        "n_prevalent_fractures": prevalent,
        "glucocorticoids": flip(rng, b["glucocorticoids"], n),
        "vitamin_d_nmol_l": np.round(np.clip(vitamin_d, b["vitamin_d_least"], b["vitamin_d_most"])),
        "anti_osteoporosis_treatment": flip_logit(rng, taken),
    }


def _prevalent(rng: np.random.Generator, z_bone: FloatArray, b: Section) -> FloatArray:
    """Return negative binomial counts whose log mean falls with bone quality."""
    slope, shape = b["prevalent_t_score"], 1 / b["prevalent_dispersion"]
    mean = b["prevalent_mean"] * np.exp(slope * z_bone - slope**2 / 2)
    count = rng.poisson(mean * rng.gamma(shape, 1 / shape, len(mean)))
    return np.minimum(count, b["prevalent_most"]).astype(np.float64)


def _alignment(rng: np.random.Generator, people: Columns, config: SimulationConfig) -> Columns:
    """Return true angles; published spreads are of readings, so the reading error is taken off."""
    n, a = len(people["z_age"]), config.section("alignment")
    pi_sd = np.sqrt(a["pi_sd"] ** 2 - a["pt_error"] ** 2 - a["ss_error"] ** 2)
    pt_sd = np.sqrt(a["pt_sd"] ** 2 - a["pt_error"] ** 2)
    z_pi = normal(rng, n)
    z_pt = a["pi_pt"] * z_pi + np.sqrt(1 - a["pi_pt"] ** 2) * normal(rng, n)
    pi, pt = a["pi_mean"] + pi_sd * z_pi, a["pt_mean"] + pt_sd * z_pt
    free = a["ll_residual_sd"] * normal(rng, n)
    ll = a["ll_intercept"] + a["ll_pi"] * pi + a["ll_age"] * people["age_years"] + free
    z_tk = _kyphosis(rng, people["n_prevalent_fractures"], a, config.section("bone"))
    z_mismatch = _standard_mismatch(pi - ll, float(pi_sd), config)
    sway = np.sqrt(1 - a["sva_mismatch"] ** 2 - a["sva_tk"] ** 2) * normal(rng, n)
    z_sva = a["sva_mismatch"] * z_mismatch + a["sva_tk"] * z_tk + sway
    tk_sd = np.sqrt(a["tk_sd"] ** 2 - a["tk_error"] ** 2)
    sva_sd = np.sqrt(a["sva_sd"] ** 2 - a["sva_error"] ** 2)
    return {
        "z_sva": z_sva,
        "z_tk": z_tk,
        "true_pi": pi,
        "true_pt": pt,
        "true_ss": pi - pt,
        "true_ll": ll,
        "true_tk": a["tk_mean"] + tk_sd * z_tk,
        "true_sva": a["sva_mean"] + sva_sd * z_sva,
    }


def _standard_mismatch(mismatch: FloatArray, pi_sd: float, config: SimulationConfig) -> FloatArray:
    """Return PI-LL in standard deviations around its mean, both as the parameters imply them."""
    a, r = config.section("alignment"), config.section("reference")
    mean = (1 - a["ll_pi"]) * a["pi_mean"] - a["ll_intercept"] - a["ll_age"] * r["age_years"]
    parts = (1 - a["ll_pi"]) * pi_sd, a["ll_age"] * r["age_sd"], a["ll_residual_sd"]
    return np.asarray((mismatch - mean) / np.sqrt(np.sum(np.square(parts))), dtype=np.float64)


def _kyphosis(
    rng: np.random.Generator, prevalent: FloatArray, a: Section, b: Section
) -> FloatArray:
    spread = np.sqrt(b["prevalent_mean"] + b["prevalent_dispersion"] * b["prevalent_mean"] ** 2)
    z = np.clip((prevalent - b["prevalent_mean"]) / spread, -3, 3)
    own = np.sqrt(1 - a["tk_prevalent"] ** 2) * normal(rng, len(prevalent))
    return np.asarray(a["tk_prevalent"] * z + own, dtype=np.float64)
