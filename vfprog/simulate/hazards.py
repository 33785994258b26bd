"""New fractures and death: rates, dates, and the probability of each in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.simulate.draws import any_of, linear, over
from vfprog.simulate.procedure import LEAK_DISC

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.patients import Patients
    from vfprog.simulate.people import Sites

YEAR = 365
_GRID = np.arange(0, 20 * YEAR + 1, dtype=np.float64)


@dataclass(frozen=True)
class Hazards:
    """Two competing hazards of one shape over time, proportional between patients.

    With rates f and d and a common cumulated shape H, the probability of a fracture by day t
    with death competing is f / (f + d) (1 - exp(-(f + d) H(t))).

    Parameters
    ----------
    fracture, death : ndarray of float, shape (n,)
        Rates per year.
    early_share, early_days : float
        Share of the year's hazard that is an early excess, and its time constant.
    """

    fracture: FloatArray
    death: FloatArray
    early_share: float
    early_days: float

    def cumulated(self, day: FloatArray | float) -> FloatArray:
        """Return the common cumulated shape; about 1 at a year."""
        t = np.asarray(day, dtype=np.float64)
        early = self.early_share * -np.expm1(-t / self.early_days)
        return np.asarray((1 - self.early_share) * t / YEAR + early, dtype=np.float64)

    def day_of(self, amount: FloatArray) -> FloatArray:
        """Return the whole day by which the shape has cumulated to an amount."""
        reached = np.interp(amount, self.cumulated(_GRID), _GRID, right=np.inf)
        return np.maximum(np.ceil(reached), 1)

    def fracture_by(self, day: float) -> FloatArray:
        """Return the probability of a new fracture by a day, death competing."""
        both = self.fracture + self.death
        return np.asarray(self.fracture / both * -np.expm1(-both * self.cumulated(day)))

    def alive_after(self, day: float) -> FloatArray:
        """Return the probability to live beyond a day."""
        return np.exp(-self.death * self.cumulated(day))

    def unbroken_after(self, day: float) -> FloatArray:
        """Return the probability of no new fracture by a day in those who live."""
        return np.exp(-self.fracture * self.cumulated(day))


def hazards(patients: Patients, config: SimulationConfig, sites: Sites) -> Hazards:
    """Return the hazards of every episode.

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
    Hazards
        Rates and common shape.
    """
    h = config.section("hazard")
    fracture = np.exp(_log_fracture(patients, config, sites))
    return Hazards(
        fracture, np.exp(_log_death(patients, config)), h["early_share"], h["early_days"]
    )


def disc_leak(patients: Patients) -> FloatArray:
    """Return whether cement leaked into a disc at any index vertebra."""
    leak = patients.vertebrae["cement_leakage"] == LEAK_DISC
    return any_of(patients.owner, leak, patients.n)


def _log_fracture(patients: Patients, config: SimulationConfig, sites: Sites) -> FloatArray:
    x, f, r = patients.episodes, config.section("fracture"), config.section("reference")
    unprotected = 1 - x["anti_osteoporosis_treatment"]
    number = np.bincount(patients.owner, minlength=patients.n).astype(np.float64)
    terms = {
        "age": x["age_years"] - config["reference.age_years"],
        "male": x["sex"],
        "glucocorticoids": x["glucocorticoids"],
        "untreated_bone": unprotected,
        "glucocorticoids_untreated": x["glucocorticoids"] * unprotected,
        "prevalent": np.minimum(x["n_prevalent_fractures"], f["prevalent_most"])
        - r["n_prevalent_fractures"],
        "further_vertebra": number - 1,
        "bone": x["z_bone"],
        "low_vitamin_d": 1 - over(x["vitamin_d_nmol_l"], f["low_vitamin_d_below"]),
        "disc_leak": disc_leak(patients),
        "vertebroplasty": x["vertebroplasty"],
    }
    bent = {
        "alignment_regional": over(x["regional_kyphosis_deg"], f["regional_from"]) - 0.5,
        "alignment_tk": x["z_tk"],
    }
    site = config["site_sd"] * sites.effects["fracture"][x["site"].astype(np.intp)]
    moved = config["alignment_effect"] * linear(f, bent)
    return f["log_rate"] + linear(f, terms) + moved + site


def _log_death(patients: Patients, config: SimulationConfig) -> FloatArray:
    x, d, r = patients.episodes, config.section("death"), config.section("reference")
    terms = {
        "age": x["age_years"] - config["reference.age_years"],
        "male": x["sex"],
        "asa": x["asa_class"] + 1 - r["asa_class"],
        "frailty": x["z_frailty"],
    }
    return d["log_rate"] + linear(d, terms)
