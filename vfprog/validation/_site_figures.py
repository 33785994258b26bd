"""The figures of one site on the scales on which sites are pooled, with standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from vfprog.validation._check import (
    Sample,
    UndefinedFigureError,
    require_both_classes,
    require_varied_risk,
)
from vfprog.validation._influence import finite_factor, standard_error, z_value
from vfprog.validation._logistic import fit_logistic
from vfprog.validation.calibration import ratio_result
from vfprog.validation.discrimination import c_statistic_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from vfprog.features.arrays import FloatArray
    from vfprog.validation._influence import Result

_LEVEL = 0.5  # of the Wald interval from which a standard error is read; any would do


@dataclass(frozen=True)
class SiteFigure:
    """A figure of one site on the scale on which it is pooled.

    Parameters
    ----------
    value : float
        Estimate.
    error : float
        Standard error.
    method : str
        Where the standard error comes from.
    """

    value: float
    error: float
    method: str


@dataclass(frozen=True)
class Rule:
    """How a figure is computed at a site, and carried back from the scale it is pooled on.

    Parameters
    ----------
    compute : callable
        From the sample of a site to its figure; raises UndefinedFigureError.
    back : callable
        From the scale of the pooling to that of the figure.
    """

    compute: Callable[[Sample], SiteFigure]
    back: Callable[[float], float]


def _concordance(sample: Sample) -> SiteFigure:
    return _from_limits(c_statistic_result([sample], _LEVEL), logit, "DeLong, logit scale")


def _ratio(sample: Sample) -> SiteFigure:
    method = "influence function, log scale"
    return _from_limits(ratio_result([sample], _LEVEL), np.log, method)


def _from_limits(result: Result, link: Callable[[float], float], method: str) -> SiteFigure:
    """Return estimate and standard error on the scale on which the Wald limits are even."""
    metric = result.metric
    if metric.lower is None or metric.upper is None:
        raise UndefinedFigureError(f"{metric.name} has {result.reason}")
    width = float(link(metric.upper) - link(metric.lower))
    if width <= 0:
        raise UndefinedFigureError(f"{metric.name} has no standard error: its variance is 0")
    return SiteFigure(float(link(metric.estimate)), width / (2 * z_value(_LEVEL)), method)


def _slope(sample: Sample) -> SiteFigure:
    figure = "calibration slope"
    require_both_classes(sample, figure)
    require_varied_risk(sample, figure)
    design = np.column_stack([np.ones(sample.n), sample.margin])
    return _calibration(sample, design, np.zeros(sample.n), figure)


def _in_the_large(sample: Sample) -> SiteFigure:
    figure = "calibration-in-the-large"
    require_both_classes(sample, figure)
    return _calibration(sample, np.ones((sample.n, 1)), sample.margin, figure)


def _calibration(sample: Sample, design: FloatArray, offset: FloatArray, figure: str) -> SiteFigure:
    """Return the last coefficient; its variance is the sandwich if patients have several rows.

    Otherwise the squared residuals in the middle of the sandwich give way to what the fitted
    model expects of them; with equal weights that is the inverse information.
    """
    fit = fit_logistic(design, sample.y, sample.weight, offset=offset, figure=figure)
    value = float(fit.coef[-1])
    if sample.n_clusters < sample.n:
        influence = finite_factor(sample.n_clusters) * fit.influence[:, -1]
        return SiteFigure(value, standard_error(influence, sample), "sandwich, by patient")
    fitted = expit(design @ fit.coef + offset)
    spread = fitted * (1 - fitted)
    inverse = np.linalg.inv(design.T @ ((sample.weight * spread)[:, None] * design))
    middle = design.T @ ((sample.weight**2 * spread)[:, None] * design)
    variance = (inverse @ middle @ inverse)[-1, -1]
    return SiteFigure(value, float(np.sqrt(variance)), "variance of the calibration model")


def _expit(x: float) -> float:
    return float(expit(x))


def _exp(x: float) -> float:
    return float(np.exp(x))


RULES = {
    "c_statistic": Rule(_concordance, _expit),
    "calibration_slope": Rule(_slope, float),
    "calibration_in_the_large": Rule(_in_the_large, float),
    "observed_expected": Rule(_ratio, _exp),
}
