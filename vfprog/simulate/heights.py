"""Further height loss: its course in each index vertebra, and the true chance of ten points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from vfprog.simulate.draws import day_limits, linear, over
from vfprog.simulate.fracture import HEIGHT_STEP
from vfprog.simulate.schedule import FILMS

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.hazards import Hazards
    from vfprog.simulate.patients import Patients
    from vfprog.simulate.people import Sites

LOSS_THRESHOLD = 10.0
_PROBIT = 1.7
# Trapezoids over the standard normal: the reading error smooths the step, so few would do.
_NODES = np.linspace(-8, 8, 1601)
_WEIGHTS = np.exp(-(_NODES**2) / 2) / np.exp(-(_NODES**2) / 2).sum()


def expected_log_loss(patients: Patients, config: SimulationConfig, sites: Sites) -> FloatArray:
    """Return the log of the median further loss in a year, for each vertebra.

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
    ndarray of float, shape (m,)
        Log percentage points.
    """
    h = config.section("height")
    place = patients.of_owner("site").astype(np.intp)
    site = config["site_sd"] / _PROBIT * h["log_sd"] * sites.effects["height"][place]
    bent = config["alignment_effect"] * h["alignment_sva"] * patients.of_owner("z_sva")
    return h["log_median"] + linear(h, _terms(patients, config)) + bent + site


def true_heights(patients: Patients, loss: FloatArray, config: SimulationConfig) -> FloatArray:
    """Return the true height loss at each film, never falling.

    Parameters
    ----------
    patients : Patients
        The patients.
    loss : ndarray of float, shape (m,)
        Further loss in a year.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    ndarray of float, shape (m, 3)
        Percent; columns as in `FILMS` of the schedule. The first film shows no further loss yet.
    """
    start = patients.vertebrae["true_height_loss"][:, None]
    share = np.array([0.0, config["height.by_d90"], 1.0])
    reached = np.minimum(start + loss[:, None] * share, config["height.greatest"])
    return np.asarray(reached, dtype=np.float64)


def height_risk(
    patients: Patients, log_median: FloatArray, hazard: Hazards, config: SimulationConfig
) -> FloatArray:
    """Return the true probability that any index vertebra measures ten points worse at a year.

    Counted from the first film, or from the film before it all if untreated: both show the same
    true height, each with its own reading error. Integrates over the further loss
    on a grid of log medians; dying before the film is no event.

    Parameters
    ----------
    patients : Patients
        After the procedure.
    log_median : ndarray of float, shape (m,)
        From `expected_log_loss`.
    hazard : Hazards
        Rate of death.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Probability.
    """
    spared = np.log1p(-_exceeds(log_median, config))
    any_lost = -np.expm1(np.bincount(patients.owner, weights=spared, minlength=patients.n))
    first, last = day_limits(config.section("schedule"), FILMS[-1])
    alive = np.zeros(patients.n)
    for day in range(first, last + 1):
        alive += hazard.alive_after(day)
    return np.asarray(any_lost * alive / (last - first + 1), dtype=np.float64)


def _exceeds(log_median: FloatArray, config: SimulationConfig) -> FloatArray:
    """Return the probability that a vertebra's readings differ by the threshold."""
    low, high = float(log_median.min()), float(log_median.max())
    grid = np.linspace(low - 0.01, high + 0.01, 801)
    # Two rounded readings: each adds the variance of a uniform error of one step.
    variance = 2 * config["vertebra.height_error"] ** 2 + HEIGHT_STEP**2 / 6
    loss = np.exp(grid[:, None] + config["height.log_sd"] * _NODES)
    seen = ndtr((loss - LOSS_THRESHOLD + HEIGHT_STEP / 2) / np.sqrt(variance))
    risk = seen @ _WEIGHTS
    return np.asarray(np.clip(np.interp(log_median, grid, risk), 0, 1 - 1e-12), dtype=np.float64)


def _terms(patients: Patients, config: SimulationConfig) -> Columns:
    v, h = patients.vertebrae, config.section("height")
    shortfall = np.maximum(h["cement_enough"] - v["cement_volume_ml"], 0) * v["treated"]
    return {
        "untreated": 1 - v["treated"],
        "cleft": v["intravertebral_cleft"],
        "thoracolumbar": v["is_junction"],
        "bone": patients.of_owner("z_bone"),
        "older": np.maximum(patients.of_owner("age_years") - h["older_from"], 0) / 10,
        "glucocorticoids": patients.of_owner("glucocorticoids"),
        "of4": over(v["of_type"], 3),
        "initial_loss": np.minimum(v["true_height_loss"], h["initial_loss_most"])
        - config["reference.height_loss_pct"],
        "acute": 1 - over(patients.of_owner("fracture_age_days"), h["acute_days"]),
        "cement_shortfall": shortfall,
        "cleft_shortfall": shortfall * v["intravertebral_cleft"],
    }
