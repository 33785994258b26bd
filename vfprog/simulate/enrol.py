"""Enrol patients in trials: candidates come, are screened, meet the criteria, and are allocated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import ConfigError
from vfprog.features.arrays import EpisodeArrays
from vfprog.features.conditions import MET
from vfprog.features.eligibility import eligibility
from vfprog.schema.dictionary import load_dictionary
from vfprog.simulate.pain import healing, recorded_pain
from vfprog.simulate.patients import Patients, draw_patients
from vfprog.simulate.people import draw_people
from vfprog.simulate.procedure import ARMS

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, IntArray
    from vfprog.schema.trials import Trial
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.people import Sites
    from vfprog.simulate.trial import TrialRun

# Give up when of so many candidates for a place none is eligible.
_PATIENCE = 3000


@dataclass(frozen=True)
class Enrolled:
    """Those who entered a trial, replicate by replicate.

    Parameters
    ----------
    patients : Patients
        They, before any treatment.
    replicate, arm : ndarray of int, shape (n,)
        Which replicate, and the place of the treatment allocated in ``ARMS``.
    screened, improved : ndarray of int
        In each replicate, candidates who met the criteria at screening, and those of them who no
        longer met them at randomisation.
    """

    patients: Patients
    replicate: IntArray
    arm: IntArray
    screened: IntArray
    improved: IntArray


def enrol(
    rng: np.random.Generator,
    trial: Trial,
    run: TrialRun,
    config: SimulationConfig,
    sites: Sites,
    replicates: int,
) -> Enrolled:
    """Return the patients of a trial, drawn several times.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    trial : Trial
        Its criteria.
    run : TrialRun
        Its arms and how it screened.
    config : SimulationConfig
        Parameters, with the population of the trial.
    sites : Sites
        Centres of all replicates.
    replicates : int
        How many times.

    Returns
    -------
    Enrolled
        As many as the arms need in each replicate.

    Raises
    ------
    ConfigError
        Of thousands of candidates for each place none, or too few, meet the criteria.
    """
    candidate_rng, lot_rng = rng.spawn(2)
    size, taken = sum(arm.n for arm in run.arms), []
    need = np.full(replicates, size)
    seen, screened, improved = 0, np.zeros(replicates, np.intp), np.zeros(replicates, np.intp)
    per = 2 * size
    while need.any():
        replicate = np.repeat(np.flatnonzero(need > 0), per)
        seen += len(replicate)
        patients = _candidates(candidate_rng, replicate, config, sites)
        patients, before = _screen(candidate_rng, trial, run, patients, config)
        now = before & _meets(trial, patients, run.run_in_days)
        screened += np.bincount(replicate[before], minlength=replicates)
        improved += np.bincount(replicate[before & ~now], minlength=replicates)
        rows = _first(now, replicate, need)
        taken.append((patients.take(rows), replicate[rows]))
        need -= np.bincount(replicate[rows], minlength=replicates)
        if now.mean() * _PATIENCE < 1 and seen > _PATIENCE * size:
            raise ConfigError(f"{trial.name}: hardly any candidate meets the criteria")
        per = int(np.ceil(1.1 * need.max() / max(now.mean(), 1 / _PATIENCE))) + 10
    patients, replicate = _sorted(taken)
    return Enrolled(patients, replicate, _lots(lot_rng, run, replicates), screened, improved)


def _candidates(
    rng: np.random.Generator, replicate: IntArray, config: SimulationConfig, sites: Sites
) -> Patients:
    people = draw_people(rng, len(replicate), config, sites)
    people["site"] = people["site"] + replicate * len(sites.share)
    return draw_patients(rng, people, config, sites)


def _screen(
    rng: np.random.Generator,
    trial: Trial,
    run: TrialRun,
    patients: Patients,
    config: SimulationConfig,
) -> tuple[Patients, BoolArray]:
    """Return patients as they are after the run-in, and who passed the screening before it.

    No candidate's fracture has healed at screening; some heal until randomisation. Pain at both
    is a reading of the lasting pain, each with a fluctuation of its own; what is known of it is
    normal, prior and readings weighted by their precision.
    """
    if run.run_in_days == 0:
        return patients, _meets(trial, patients, 0)
    x, p, e = patients.episodes, config.section("pain"), config.section("episode")
    n, passing = patients.n, p["fluctuation_sd"]
    then = x["true_pain"] + passing * rng.standard_normal(n)
    at_screening = {"vas_baseline": recorded_pain(then, x["pain_step"])}
    passed = _meets(trial, replace(patients, episodes=x | at_screening), run.run_in_days)
    days = np.minimum(run.run_in_days, x["fracture_age_days"] - 1)
    power, start = healing(patients, x["fracture_age_days"] - days, x["true_healed"], p)
    healed = ((1 + days / start) ** -power < rng.random(n)).astype(np.float64)
    left = np.where(healed == 1, p["healed_share"], 1.0)
    now = left * x["true_pain"] + x["true_pain_felt"] - x["true_pain"]
    mean = e["vas_mean"] + e["vas_age"] * x["log_fracture_age"]
    precision = 1 / p["lasting_sd"] ** 2, 1 / passing**2, (left / passing) ** 2
    variance = 1 / np.sum(np.stack(np.broadcast_arrays(*precision)), axis=0)
    readings = precision[0] * mean + precision[1] * then + left / passing**2 * now
    known = {
        "vas_baseline": recorded_pain(now, x["pain_step"]),
        "true_healed": healed,
        "true_pain_felt": now,
        "true_pain": left * x["true_pain"],
        "true_pain_expected": left * variance * readings,
        "true_pain_variance": left**2 * variance,
    }
    return replace(patients, episodes=x | known), passed


def _meets(trial: Trial, patients: Patients, run_in_days: int) -> BoolArray:
    """Return who meets all criteria by what is recorded; the fracture's age counts at screening."""
    x = patients.episodes
    age = np.maximum(x["fracture_age_days"] - run_in_days, 1)
    arrays = EpisodeArrays(
        patients.n, x | {"fracture_age_days": age}, patients.vertebrae, patients.owner
    )
    found = eligibility(trial, arrays, load_dictionary())
    return np.asarray(found.eligible == MET, dtype=np.bool_)


def _first(eligible: BoolArray, replicate: IntArray, need: IntArray) -> IntArray:
    """Return the first eligible candidates of each replicate, as many as it needs."""
    rows = np.flatnonzero(eligible)
    of = replicate[rows]
    start = np.searchsorted(of, of, side="left")
    return rows[np.arange(len(rows)) - start < need[of]]


def _sorted(taken: list[tuple[Patients, IntArray]]) -> tuple[Patients, IntArray]:
    """Return the patients of all rounds, ordered by replicate."""
    parts = [part for part, _ in taken]
    replicate = np.concatenate([of for _, of in taken])
    offset = np.cumsum([0] + [part.n for part in parts[:-1]])
    together = Patients(
        {k: np.concatenate([p.episodes[k] for p in parts]) for k in parts[0].episodes},
        {k: np.concatenate([p.vertebrae[k] for p in parts]) for k in parts[0].vertebrae},
        np.concatenate([p.owner + o for p, o in zip(parts, offset, strict=True)]),
    )
    order = np.argsort(replicate, kind="stable")
    return together.take(order), replicate[order]


def _lots(rng: np.random.Generator, run: TrialRun, replicates: int) -> IntArray:
    """Return the treatments, in each replicate exactly as many of each as planned."""
    one = np.concatenate([np.full(arm.n, ARMS.index(arm.treatment)) for arm in run.arms])
    return rng.permuted(np.tile(one, (replicates, 1)), axis=1).ravel()
