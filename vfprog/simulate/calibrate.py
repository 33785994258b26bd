"""Calibrate the one set of parameters to all trials at once, and say what each trial says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vfprog.config import load_config
from vfprog.errors import ConfigError
from vfprog.simulate.replicate import by_figure, replicate, rms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vfprog.features.arrays import FloatArray
    from vfprog.schema.trials import Trial
    from vfprog.simulate.config import SimulationConfig

# Steps of the derivative, in standard deviations of the prior: large beside the noise that is left
# with common random numbers, small beside the curvature.
_STEP = 0.5
_LONGEST = 1.5


class Free(BaseModel):
    """A parameter that is calibrated, with its weak prior.

    Parameters
    ----------
    prior, sd : float
        Mean and standard deviation of the prior.
    reason : str
        Which figures tell it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prior: float
    sd: float = Field(gt=0)
    reason: str = Field(min_length=3)


@dataclass(frozen=True)
class Calibrated:
    """Parameters that fit the trials best.

    Parameters
    ----------
    parameters : dict of str to float
        Values of the free parameters.
    errors : dict of str to float
        Their standard errors, the prior included.
    table : pandas.DataFrame
        From `vfprog.simulate.replicate.replicate`, with these values.
    """

    parameters: dict[str, float]
    errors: dict[str, float]
    table: pd.DataFrame


def load_free(name: str = "calibration") -> dict[str, Free]:
    """Return the free parameters by name.

    Parameters
    ----------
    name : str
        Configuration name or path.

    Returns
    -------
    dict of str to Free
        In the order of the file.

    Raises
    ------
    ConfigError
        An entry is malformed.
    """
    try:
        return {key: Free.model_validate(entry) for key, entry in load_config(name).items()}
    except ValidationError as error:
        raise ConfigError(f"{name}: {error}") from error


def residuals(table: pd.DataFrame) -> FloatArray:
    """Return what is squared and summed: the z of each figure, shared out over its visits.

    Parameters
    ----------
    table : pandas.DataFrame
        From `vfprog.simulate.replicate.replicate`.

    Returns
    -------
    ndarray of float
        z over the root of the number of visits of its figure, so that one figure counts once.
    """
    told = table[table["role"] == "outcome"]
    visits = told.groupby(["trial", "figure"])["z"].transform("size")
    return np.asarray(told["z"] / np.sqrt(visits), dtype=np.float64)


def calibrate(
    trials: Sequence[Trial],
    config: SimulationConfig,
    free: Mapping[str, Free],
    *,
    seed: int,
    replicates: int,
    iterations: int = 5,
    tick: Callable[[str], object] = str,
) -> Calibrated:
    """Return the values of the free parameters with the least squares of z and of the priors.

    Gauss-Newton with common random numbers: every evaluation uses the same chances.

    Parameters
    ----------
    trials : sequence of Trial
        The trials whose figures count.
    config : SimulationConfig
        Parameters; free ones start from their values here.
    free : mapping of str to Free
        What is calibrated.
    seed, replicates : int
        Of the simulation of each trial.
    iterations : int
        Steps; each evaluates the trials once per parameter and up to three times besides.
    tick : callable
        Called with a word after each step.

    Returns
    -------
    Calibrated
        Values, errors and figures.
    """
    names = list(free)
    prior = np.array([free[name].prior for name in names])
    sd = np.array([free[name].sd for name in names])

    def settings(u: FloatArray) -> SimulationConfig:
        return config.with_overrides(dict(zip(names, (prior + sd * u).tolist(), strict=True)))

    def evaluate(u: FloatArray) -> FloatArray:
        table = replicate(trials, settings(u), seed=seed, replicates=replicates)
        return np.concatenate([residuals(table), u])

    limits = [config.parameters[name].limits for name in names]
    low, high = (((np.array(end) - prior) / sd) for end in zip(*limits, strict=True))
    u = np.clip((np.array([config[name] for name in names]) - prior) / sd, low, high)
    now = evaluate(u)
    slope = _slope(evaluate, u, now, high)
    for i in range(iterations):
        step = np.asarray(np.linalg.lstsq(slope, -now, rcond=None)[0], dtype=np.float64)
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-9))
        better = _shorter(evaluate, u, step, now, (low, high))
        tick(f"step {i + 1}")
        if better is None:
            break
        u, now = better
        slope = _slope(evaluate, u, now, high)
    error = sd * np.sqrt(np.diag(np.linalg.inv(slope.T @ slope)))
    table = replicate(trials, settings(u), seed=seed, replicates=replicates)
    values = dict(zip(names, (prior + sd * u).tolist(), strict=True))
    return Calibrated(values, dict(zip(names, error.tolist(), strict=True)), table)


def leave_one_out(
    trials: Sequence[Trial],
    config: SimulationConfig,
    free: Mapping[str, Free],
    *,
    seed: int,
    replicates: int,
    tick: Callable[[str], object] = str,
) -> pd.DataFrame:
    """Return the figures of each trial as predicted by a calibration that has not seen them.

    Parameters
    ----------
    trials : sequence of Trial
        The trials.
    config : SimulationConfig
        Parameters.
    free : mapping of str to Free
        What is calibrated.
    seed, replicates : int
        Of the simulation of each trial.
    tick : callable
        Called with the name of each trial that is done.

    Returns
    -------
    pandas.DataFrame
        As `vfprog.simulate.replicate.replicate` returns it.
    """
    # From the priors: the values in use have seen the trial that is left out.
    blind, found = config.with_overrides({name: one.prior for name, one in free.items()}), []
    for out in trials:
        others = [trial for trial in trials if trial is not out]
        fitted = calibrate(others, blind, free, seed=seed, replicates=replicates)
        settings = config.with_overrides(fitted.parameters)
        found.append(replicate([out], settings, seed=seed, replicates=replicates))
        tick(out.name)
    return pd.concat(found, ignore_index=True)


def profile(
    trials: Sequence[Trial],
    config: SimulationConfig,
    free: Mapping[str, Free],
    effects: Sequence[float],
    *,
    seed: int,
    replicates: int,
    tick: Callable[[str], object] = str,
) -> pd.DataFrame:
    """Return what each trial says of a benefit that is alike for everybody.

    Parameters
    ----------
    trials : sequence of Trial
        The trials.
    config : SimulationConfig
        Parameters.
    free : mapping of str to Free
        What is calibrated; the parameters of benefit are held, the others fitted anew.
    effects : sequence of float
        Points of benefit, none of it modified by anything.
    seed, replicates : int
        Of the simulation of each trial.
    tick : callable
        Called after each effect.

    Returns
    -------
    pandas.DataFrame
        One row per effect: the root mean square z over the pain figures of each trial, and that
        over all figures (``all``).
    """
    others = {name: f for name, f in free.items() if not name.startswith("pain.benefit_")}
    nought = {name: 0.0 for name in config.parameters if name.startswith("pain.benefit_")}
    rows = []
    for effect in effects:
        held = config.with_overrides(nought | {"pain.benefit_points": effect})
        fitted = calibrate(trials, held, others, seed=seed, replicates=replicates, iterations=3)
        rows.append({"effect": effect} | pain_by_trial(fitted.table))
        tick(f"{effect:g}")
    return pd.DataFrame(rows)


def pain_by_trial(table: pd.DataFrame) -> dict[str, float]:
    """Return the root mean square z of each trial's figures of pain after treatment, and of all.

    Parameters
    ----------
    table : pandas.DataFrame
        From `vfprog.simulate.replicate.replicate`.

    Returns
    -------
    dict of str to float
        By trial, where it has such figures, and ``all``.
    """
    figures = by_figure(table)
    about = figures["figure"].str.contains(r"pain_(?!at_entry|sd)|responders")
    found = {str(name): rms(group) for name, group in figures[about].groupby("trial")}
    return found | {"all": rms(figures)}


def _slope(
    evaluate: Callable[[FloatArray], FloatArray], u: FloatArray, now: FloatArray, high: FloatArray
) -> FloatArray:
    """Return the derivative of the residuals, by forward differences that stay within limits."""
    columns = []
    for i in range(len(u)):
        h = _STEP if u[i] + _STEP <= high[i] else -_STEP
        moved = u.copy()
        moved[i] += h
        columns.append((evaluate(moved) - now) / h)
    return np.stack(columns, axis=1)


def _shorter(
    evaluate: Callable[[FloatArray], FloatArray],
    u: FloatArray,
    step: FloatArray,
    now: FloatArray,
    limits: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray] | None:
    """Return the first of a step, half and a quarter of it that lowers the sum of squares."""
    for share in (1.0, 0.5, 0.25):
        there = np.clip(u + share * step, *limits)
        found = evaluate(there)
        if found @ found < now @ now - 1e-6:
            return there, found
    return None
