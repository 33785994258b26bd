"""Conduct a trial: enrol, treat by lot, follow, and record what its tables would hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vfprog.simulate.batch import Batch, follow
from vfprog.simulate.config import load_simulation
from vfprog.simulate.enrol import Enrolled, enrol
from vfprog.simulate.generate import SimulatedRegistry, frames
from vfprog.simulate.observe import observe_heights, observe_visits
from vfprog.simulate.parts import Part
from vfprog.simulate.people import draw_sites
from vfprog.simulate.procedure import ARMS
from vfprog.simulate.schedule import schedule_of
from vfprog.simulate.trial import blocks_of, trial_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.schema.trials import Trial
    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.people import Sites
    from vfprog.simulate.schedule import Schedule


@dataclass(frozen=True)
class Conducted:
    """A trial that took place, several times over.

    Parameters
    ----------
    enrolled : Enrolled
        Who entered, replicate by replicate.
    batch : Batch
        What became of them.
    schedule : Schedule
        Their visits.
    sites : Sites
        The centres of all replicates.
    replicates : int
        How many times.
    """

    enrolled: Enrolled
    batch: Batch
    schedule: Schedule
    sites: Sites
    replicates: int


def conduct(
    rng: np.random.Generator,
    trial: Trial,
    config: SimulationConfig,
    replicates: int,
    *,
    truth: bool = True,
) -> Conducted:
    """Return a trial, drawn several times.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    trial : Trial
        The trial, with its block ``simulation``.
    config : SimulationConfig
        The parameters of all trials; those of this one come from its file.
    replicates : int
        How many times.
    truth : bool
        Whether true risks and potential outcomes are wanted, too.

    Returns
    -------
    Conducted
        Its patients and what became of them.
    """
    run, _ = blocks_of(trial)
    settings = run.settings(config)
    site_rng, enrol_rng, entry_rng, *streams = rng.spawn(7)
    sites = draw_sites(site_rng, settings, replicates)
    enrolled = enrol(enrol_rng, trial, run, settings, sites, replicates)
    n = enrolled.patients.n
    entry = entry_rng.integers(0, int(settings["accrual.days"]), n).astype(np.float64)
    who = (np.arange(n), entry, np.full(n, settings["accrual.full_days"]))
    schedule = schedule_of(settings, run.visits)
    arms = [ARMS.index(arm.treatment) for arm in run.arms] if truth else []
    batch = follow(streams, enrolled.patients, enrolled.arm, who, schedule, settings, sites, arms)
    return Conducted(enrolled, batch, schedule, sites, replicates)


def follow_up(
    rng: np.random.Generator, trial: Trial, done: Conducted, config: SimulationConfig
) -> tuple[Columns, Columns]:
    """Return the visits and films of a trial that took place.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    trial : Trial
        The trial.
    done : Conducted
        What became of its patients.
    config : SimulationConfig
        The parameters of all trials.

    Returns
    -------
    visits, films : dict of str to ndarray
        As recorded.
    """
    settings = blocks_of(trial)[0].settings(config)
    visit_rng, film_rng = rng.spawn(2)
    visits = observe_visits(visit_rng, done.batch.seen, done.schedule, settings)
    return visits, observe_heights(film_rng, done.batch.seen, done.schedule, settings)


def simulate_trial(
    name: str,
    *,
    seed: int,
    config: SimulationConfig | None = None,
    overrides: Mapping[str, float] | None = None,
) -> SimulatedRegistry:
    """Simulate one of the published trials, as large as it was, with known true risks.

    Parameters
    ----------
    name : str
        Name of a file in ``configs/trials`` with a block ``simulation``, or the path of one.
    seed : int
        The same seed and parameters give the same tables.
    config : SimulationConfig, optional
        Parameters; by default those of ``configs/simulation.yaml``.
    overrides : mapping of str to float, optional
        Values of single parameters by name.

    Returns
    -------
    SimulatedRegistry
        Tables and truth; treatment by lot, and the control arm is ``sham`` where the trial had one.

    Raises
    ------
    ConfigError
        The trial or an override is unknown.

    Examples
    --------
    >>> tables = simulate_trial("VERTOS_IV", seed=1)
    >>> tables.episodes["treatment"].value_counts().to_dict()
    {'vertebroplasty': 91, 'sham': 89}
    """
    trial = trial_named(name)
    shared = (config or load_simulation()).with_overrides(overrides or {})
    settings = blocks_of(trial)[0].settings(shared)
    trial_rng, hide_rng, see_rng = np.random.default_rng(seed).spawn(3)
    done = conduct(trial_rng, trial, shared, 1)
    n = done.enrolled.patients.n
    whole = Part(0, n, n)
    return SimulatedRegistry(
        **frames(hide_rng, see_rng, done.batch, done.schedule, settings, done.sites, whole),
        n_participants=n,
        seed=seed,
        digest=settings.digest(),
        overrides={key: float(value) for key, value in (overrides or {}).items()},
        trial=Path(name).name,
    )
