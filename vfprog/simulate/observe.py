"""What the registry gets to see: follow-up in time, missed visits and films, missing values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from vfprog.simulate.draws import flip, log_odds, whole_days
from vfprog.simulate.pain import function_at_visits
from vfprog.simulate.schedule import FILM_DAYS, FILMS

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.patients import Patients
    from vfprog.simulate.people import Sites
    from vfprog.simulate.schedule import Schedule
    from vfprog.simulate.worlds import World

_ANGLES = ("lumbar_lordosis_deg", "thoracic_kyphosis_deg", "sva_mm")
_PELVIS = ("pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg")
_MRI = ("mri_oedema", "intravertebral_cleft", "adjacent_oedema")
_AFTER_PROCEDURE = ("cement_volume_ml", "cement_leakage")
# In the section `missing`, what is no column: groups of columns and how missingness depends.
_GROUPS = ("frailty", "alignment_site_sd", "alignment", "pelvic_one", "mri")
_VERTEBRA = ("height_loss_pct", "of_type", *_AFTER_PROCEDURE)


def entry_and_end(
    rng: np.random.Generator, n: int, config: SimulationConfig
) -> tuple[FloatArray, FloatArray]:
    """Return the day of entry, counted from the first, and of the end of follow-up after it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    n : int
        Number of episodes.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    entry, end : ndarray of float, shape (n,)
        Days since the registry opened, and days since entry.
    """
    days = int(config["accrual.days"])
    entry = whole_days(rng, (0, days - 1), n)
    return entry, end_of_follow_up(entry, config)


def end_of_follow_up(entry: FloatArray, config: SimulationConfig) -> FloatArray:
    """Return the days from entry to the data lock, or to the closing of the episode.

    Parameters
    ----------
    entry : ndarray of float, shape (n,)
        Days since the registry opened.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Days.
    """
    a = config.section("accrual")
    cut_short = min(config["dropout"], 1.0) * (a["full_days"] - a["least_days"])
    lock = a["days"] + a["full_days"] - cut_short
    return np.floor(np.minimum(lock - entry, a["longest_days"]))


def observe_visits(
    rng: np.random.Generator, seen: World, schedule: Schedule, config: SimulationConfig
) -> Columns:
    """Return the visits that took place, as columns ordered by episode and day.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    seen : World
        What happened to the patients.
    schedule : Schedule
        The visits planned.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    dict of str to ndarray
        ``owner``, ``visit`` (its place in the schedule), ``day``, ``vas``, ``rmdq``, ``opioids``.
    """
    x, day, vas = seen.patients.episodes, seen.visit_day, seen.vas
    there = seen.course.sees(day.T).T & schedule.recorded
    for i, share in enumerate(schedule.missed):
        there[:, i] &= ~_missed(rng, share, seen.patients, vas[:, i], config)
    owner, visit = np.nonzero(there)
    rmdq, opioids = function_at_visits(rng, vas[there], x["opioids"][owner], config)
    return {
        "owner": owner.astype(np.float64),
        "visit": visit.astype(np.float64),
        "day": day[there],
        "vas": vas[there],
        "rmdq": rmdq,
        "opioids": opioids,
    }


def observe_heights(
    rng: np.random.Generator, seen: World, schedule: Schedule, config: SimulationConfig
) -> Columns:
    """Return the films that were taken, as columns ordered by vertebra and day.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    seen : World
        What happened to the patients. Coming for a film depends on pain at the visit then.
    schedule : Schedule
        The visits planned.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    dict of str to ndarray
        ``owner``, ``vertebra``, ``film`` (their places), ``level``, ``day``, ``height_loss_pct``.
    """
    there = seen.course.sees(seen.film_day.T).T
    for i, (name, day) in enumerate(zip(FILMS, FILM_DAYS, strict=True)):
        then = np.clip(seen.pain[:, schedule.place(day)], 0, 10)
        share = config[f"missed.{name}"]
        there[:, i] &= ~_missed(rng, share, seen.patients, then, config)
    owner = seen.patients.owner
    taken = there[owner]
    vertebra, film = np.nonzero(taken)
    return {
        "owner": owner[vertebra].astype(np.float64),
        "vertebra": vertebra.astype(np.float64),
        "film": film.astype(np.float64),
        "level": seen.patients.vertebrae["level"][vertebra],
        "day": seen.film_day[owner][taken],
        "height_loss_pct": seen.readings[taken],
    }


def hide_values(
    rng: np.random.Generator, patients: Patients, config: SimulationConfig, sites: Sites
) -> Columns:
    """Return episode and vertebra columns as recorded: NaN where nobody wrote a value.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    patients : Patients
        After the procedure.
    config : SimulationConfig
        Parameters.
    sites : Sites
        Sites, some of which take few standing films.

    Returns
    -------
    dict of str to ndarray
        The columns in which something may be missing; those of vertebrae are longer.
    """
    x, v, n = patients.episodes, patients.vertebrae, patients.n
    m = config.section("missing")
    common = m["frailty"] * x["z_frailty"] - m["frailty"] ** 2 / 2
    rate = config["missingness"] * np.exp(common)
    hidden: Columns = {}
    single = [name for name in m if name not in (*_GROUPS, *_VERTEBRA)]
    for name in (*single, *_VERTEBRA):
        of_vertebra = name in _VERTEBRA
        share = m[name] * (rate[patients.owner] if of_vertebra else rate)
        gone = flip(rng, share, len(share)) == 1
        hidden[name] = np.where(gone, np.nan, v[name] if of_vertebra else x[name])
    hidden |= _hide_films(rng, patients, rate, config, sites, hidden["sva_mm"])
    no_mri = (flip(rng, m["mri"] * rate, n) == 1)[patients.owner]
    return hidden | {name: np.where(no_mri, np.nan, v[name]) for name in _MRI}


def _hide_films(
    rng: np.random.Generator,
    patients: Patients,
    rate: FloatArray,
    config: SimulationConfig,
    sites: Sites,
    sva: FloatArray,
) -> Columns:
    """Return global angles: all missing without a standing film, now and then one of the pelvis."""
    x, n, m = patients.episodes, patients.n, config.section("missing")
    sd = m["alignment_site_sd"]
    habit = np.exp(sd * sites.effects["alignment"] - sd**2 / 2)[x["site"].astype(np.intp)]
    no_film = flip(rng, m["alignment"] * rate * habit, n) == 1
    left_out = np.where(flip(rng, m["pelvic_one"] * rate, n) == 1, rng.integers(0, 3, n), -1)
    hidden = {name: np.where(no_film, np.nan, x[name]) for name in _ANGLES}
    hidden["sva_mm"] = np.where(no_film, np.nan, sva)
    for i, name in enumerate(_PELVIS):
        hidden[name] = np.where(no_film | (left_out == i), np.nan, x[name])
    return hidden


def _missed(
    rng: np.random.Generator,
    share: float,
    patients: Patients,
    pain: FloatArray,
    config: SimulationConfig,
) -> BoolArray:
    """Return who misses a visit or film: by age, and by the very outcome it would have shown."""
    m = config.section("missed")
    shift = m["age"] * patients.episodes["z_age"] + m["pain"] * (pain - m["pain_from"])
    probability = config["dropout"] * expit(log_odds(share) + shift)
    return np.asarray(rng.random(patients.n) < probability, dtype=np.bool_)
