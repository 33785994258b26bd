"""What a patient brings to the decision: the episode and its index vertebrae."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.features.arrays import EpisodeArrays
from vfprog.simulate.draws import any_of, flip, flip_logit, normal, normal_above
from vfprog.simulate.fracture import draw_vertebrae

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.people import Sites


@dataclass(frozen=True)
class Patients:
    """Episodes with their index vertebrae, complete and before anything is lost.

    Parameters
    ----------
    episodes : dict of str to ndarray of float, shape (n,)
        Columns of the episodes, with those of the person.
    vertebrae : dict of str to ndarray of float, shape (m,)
        Columns of the index vertebrae, ordered by owner.
    owner : ndarray of int, shape (m,)
        Position of the episode each vertebra belongs to.
    """

    episodes: Columns
    vertebrae: Columns
    owner: IntArray

    @property
    def n(self) -> int:
        """Number of episodes."""
        return len(self.episodes["age_years"])

    def per_episode(self, name: str) -> FloatArray:
        """Return whether any index vertebra has a 0/1 property."""
        return any_of(self.owner, self.vertebrae[name], self.n)

    def of_owner(self, name: str) -> FloatArray:
        """Return an episode column for each vertebra."""
        return self.episodes[name][self.owner]

    def take(self, rows: IntArray) -> Patients:
        """Return the episodes at some positions, with their vertebrae."""
        taken = EpisodeArrays(self.n, self.episodes, self.vertebrae, self.owner).take(rows)
        return Patients(taken.episodes, taken.vertebrae, taken.owner)


def draw_patients(
    rng: np.random.Generator, people: Columns, config: SimulationConfig, sites: Sites
) -> Patients:
    """Return one episode for each person, up to the decision on treatment.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    people : dict of str to ndarray
        Columns of `vfprog.simulate.people.draw_people`.
    config : SimulationConfig
        Parameters.
    sites : Sites
        The sites, for the scale on which pain is recorded.

    Returns
    -------
    Patients
        The episodes.
    """
    e, n = config.section("episode"), len(people["age_years"])
    z = normal(rng, n)
    days = np.round(e["age_median"] * np.exp(e["age_log_sd"] * z))
    days = np.clip(days, 1, e["age_most"])
    episodes = people | {
        "fracture_age_days": days,
        "log_fracture_age": np.log(days / config["reference.fracture_age_days"]),
        "pain_step": sites.step[people["site"].astype(np.intp)],
    }
    episodes |= _pain(rng, episodes, config)
    episodes |= _state(rng, episodes, config)
    vertebrae, owner = draw_vertebrae(rng, episodes, config)
    patients = Patients(episodes, vertebrae, owner)
    episodes |= _readings(rng, patients, config)
    return patients


def _pain(rng: np.random.Generator, x: Columns, config: SimulationConfig) -> Columns:
    """Return pain as felt and recorded on the day of the decision, and what lasts of it.

    What is felt is the lasting level and a passing fluctuation, both normal; given what is felt,
    the lasting level is normal around a value nearer to the mean: regression to the mean.
    """
    e, p, n = config.section("episode"), config.section("pain"), len(x["log_fracture_age"])
    between, within = p["lasting_sd"] ** 2, p["fluctuation_sd"] ** 2
    sd, share = np.sqrt(between + within), between / (between + within)
    mean = e["vas_mean"] + e["vas_age"] * x["log_fracture_age"]
    felt = mean + sd * normal_above(rng, (e["vas_least"] - mean) / sd)
    expected = mean + share * (felt - mean)
    unknown = np.full(n, share * within)
    rest = np.sqrt(1 - e["rmdq_vas"] ** 2 - e["rmdq_frailty"] ** 2)
    z_rmdq = e["rmdq_vas"] * (felt - config["reference.vas"]) / sd
    z_rmdq = z_rmdq + e["rmdq_frailty"] * x["z_frailty"] + rest * normal(rng, n)
    rmdq = np.clip(np.rint(e["rmdq_mean"] + e["rmdq_sd"] * z_rmdq), 0, 24)
    return {
        "vas_baseline": np.rint(np.clip(felt, 0, 10) / x["pain_step"]) * x["pain_step"],
        "rmdq_baseline": rmdq,
        "true_healed": np.zeros(n),
        "true_pain_felt": felt,
        "true_pain": expected + np.sqrt(unknown) * rng.standard_normal(n),
        "true_pain_expected": expected,
        "true_pain_variance": unknown,
    }


def _state(rng: np.random.Generator, x: Columns, config: SimulationConfig) -> Columns:
    e, n = config.section("episode"), len(x["vas_baseline"])
    pain = x["vas_baseline"] - config["reference.vas"]
    admitted = e["inpatient_logit"] + e["inpatient_vas"] * pain
    admitted = admitted + e["inpatient_age"] * x["log_fracture_age"]
    inpatient = flip_logit(rng, admitted + e["inpatient_frailty"] * x["z_frailty"])
    confined = e["bed_rest_logit"] + e["bed_rest_inpatient"] * inpatient + e["bed_rest_vas"] * pain
    bed_rest = flip_logit(rng, confined)
    mobilised = np.where(bed_rest == 1, e["mobilised_bed_rest"], e["mobilised_other"])
    return {
        "inpatient": inpatient,
        "bed_rest": bed_rest,
        "opioids": flip_logit(rng, e["opioids_logit"] + e["opioids_vas"] * pain),
        "neurological_signs": flip(rng, e["neurological"], n),
        "deformity_progression": flip(rng, e["progression"], n),
        "anticoagulation": flip(rng, e["anticoagulation"], n),
        "mobilised_under_analgesia": flip(rng, mobilised, n),
    }


def _readings(rng: np.random.Generator, patients: Patients, config: SimulationConfig) -> Columns:
    """Return angles as read: tilt and slope with their errors, incidence as their sum."""
    x, n, a = patients.episodes, patients.n, config.section("alignment")
    pt = np.round(x["true_pt"] + a["pt_error"] * normal(rng, n), 1)
    slope = x["true_ss"] + a["ss_error"] * normal(rng, n)
    within = np.clip(slope, a["pi_least"] - pt, a["pi_most"] - pt)
    ss = np.asarray(np.round(within, 1), dtype=np.float64)
    return {
        "pelvic_incidence_deg": np.round(pt + ss, 1),
        "pelvic_tilt_deg": pt,
        "sacral_slope_deg": ss,
        "lumbar_lordosis_deg": np.round(x["true_ll"] + a["ll_error"] * normal(rng, n), 1),
        "thoracic_kyphosis_deg": np.round(x["true_tk"] + a["tk_error"] * normal(rng, n), 1),
        "sva_mm": np.round(x["true_sva"] + a["sva_error"] * normal(rng, n)),
        "regional_kyphosis_deg": _regional(rng, patients, config),
    }


def _regional(rng: np.random.Generator, patients: Patients, config: SimulationConfig) -> FloatArray:
    a = config.section("alignment")
    worst = np.zeros(patients.n)
    np.maximum.at(worst, patients.owner, patients.vertebrae["true_height_loss"])
    thoracic = patients.per_episode("is_thoracic")
    lumbar = patients.per_episode("is_lumbar") * (1 - thoracic)
    mean = a["regional_mean"] + a["regional_height_loss"] * (
        worst - config["reference.height_loss_pct"]
    )
    mean = mean + a["regional_thoracic"] * thoracic + a["regional_lumbar"] * lumbar
    return np.round(mean + a["regional_sd"] * normal(rng, patients.n), 1)
