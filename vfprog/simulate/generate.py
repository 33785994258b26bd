"""Simulate a registry: people, fractures, treatment, outcomes, and what gets recorded of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from vfprog.simulate import tables
from vfprog.simulate.batch import Batch, closed, follow, joined
from vfprog.simulate.config import SimulationConfig, load_simulation
from vfprog.simulate.events import event_rows
from vfprog.simulate.observe import (
    end_of_follow_up,
    entry_and_end,
    hide_values,
    observe_heights,
    observe_visits,
)
from vfprog.simulate.parts import Part, parts_of
from vfprog.simulate.patients import Patients, draw_patients
from vfprog.simulate.people import Sites, draw_people, draw_sites, later
from vfprog.simulate.procedure import (
    ARMS,
    CONSERVATIVE,
    VERTEBROPLASTY,
    decide,
    intercept_for,
    preference,
)
from vfprog.simulate.schedule import schedule_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.schedule import Schedule


@dataclass(frozen=True)
class SimulatedRegistry:
    """Five tidy tables and the truth behind them.

    Parameters
    ----------
    episodes, vertebrae, visits, heights, events : pandas.DataFrame
        The tables of a registry.
    truth : pandas.DataFrame
        One row per episode. ``risk_response``, ``risk_height_loss`` and ``risk_new_fracture``:
        true risk under the treatment received, given all baseline and procedure values and the
        site. ``risk_response_vertebroplasty`` and so on: the true risk under each treatment.
        ``response_vertebroplasty`` and so on: the potential outcome, were everybody followed;
        that of the treatment received is the one that happens.
    n_participants, seed : int
        Arguments of the simulation.
    digest : str
        Digest of the parameters.
    overrides : dict of str to float
        Parameters that were changed.
    trial : str, optional
        The trial that was simulated, if it was one.
    """

    episodes: pd.DataFrame
    vertebrae: pd.DataFrame
    visits: pd.DataFrame
    heights: pd.DataFrame
    events: pd.DataFrame
    truth: pd.DataFrame
    n_participants: int
    seed: int
    digest: str
    overrides: dict[str, float]
    trial: str | None = None


def simulate(
    n_participants: int,
    *,
    seed: int,
    config: SimulationConfig | None = None,
    overrides: Mapping[str, float] | None = None,
) -> SimulatedRegistry:
    """Simulate a registry of vertebroplasty with known true risks.

    Parameters
    ----------
    n_participants : int
        Number of patients; a few have a second episode.
    seed : int
        The same seed and parameters give the same tables.
    config : SimulationConfig, optional
        Parameters; by default those of ``configs/simulation.yaml``.
    overrides : mapping of str to float, optional
        Values of single parameters by name, such as ``{"dropout": 0}``.

    Returns
    -------
    SimulatedRegistry
        Tables and truth.

    Raises
    ------
    ConfigError
        An override is unknown or out of range.
    ValueError
        ``n_participants`` is below 1.

    Examples
    --------
    >>> registry = simulate(50, seed=1, overrides={"dropout": 0, "treated_fraction": 1})
    >>> registry.episodes["treatment"].unique().tolist()
    ['vertebroplasty']
    """
    if n_participants < 1:
        raise ValueError(f"n_participants must be at least 1, got {n_participants}")
    settings = (config or load_simulation()).with_overrides(overrides or {})
    made = [simulate_part(part, seed, settings) for part in parts_of(n_participants)]
    whole = {name: pd.concat([m[name] for m in made], ignore_index=True) for name in made[0]}
    return SimulatedRegistry(
        **(made[0] if len(made) == 1 else whole),
        n_participants=n_participants,
        seed=seed,
        digest=settings.digest(),
        overrides={name: float(value) for name, value in (overrides or {}).items()},
        trial=None,
    )


def simulate_part(part: Part, seed: int, settings: SimulationConfig) -> dict[str, pd.DataFrame]:
    """Simulate the participants of one part of a registry.

    Parameters
    ----------
    part : Part
        Which part; see `parts_of`.
    seed : int
        Seed of the registry; all its parts share the sites.
    settings : SimulationConfig
        Parameters.

    Returns
    -------
    dict of str to pandas.DataFrame
        The five tables and the truth.
    """
    sites = draw_sites(np.random.default_rng(seed).spawn(1)[0], settings)
    _, *streams, hide_rng, see_rng = part.stream(seed).spawn(8)
    with threadpool_limits(1):  # the last bit of a sum depends on the number of threads
        batch = _all_episodes(streams, part.n, settings, sites)
        return frames(hide_rng, see_rng, batch, schedule_of(settings), settings, sites, part)


def _all_episodes(
    streams: list[np.random.Generator], n: int, config: SimulationConfig, sites: Sites
) -> Batch:
    """Return the first episode of everybody and the second ones, those of a patient together."""
    people_rng, entry_rng, first_rng, gap_rng, second_rng = streams
    people = draw_people(people_rng, n, config, sites)
    entry, end = entry_and_end(entry_rng, n, config)
    first, intercept = _batch(first_rng, people, (np.arange(n), entry, end), config, sites, None)
    rows, gap = _second_entries(gap_rng, first, config)
    if not rows.size:
        return first
    number = np.bincount(first.seen.patients.owner, minlength=n)[rows]
    older = later(people, rows, gap / 365.25, number.astype(np.float64))
    again = entry[rows] + gap
    who = (rows, again, end_of_follow_up(again, config))
    second, _ = _batch(second_rng, older, who, config, sites, intercept)
    return joined([closed(first, rows, gap), second])


def _batch(
    rng: np.random.Generator,
    people: Columns,
    who: tuple[IntArray, FloatArray, FloatArray],
    config: SimulationConfig,
    sites: Sites,
    intercept: float | None,
) -> tuple[Batch, float]:
    """Return one episode for each of some people, and the intercept of the choice of treatment."""
    fracture_rng, choice_rng, *streams = rng.spawn(6)
    patients = draw_patients(fracture_rng, people, config, sites)
    score = (1 - config["randomise"]) * preference(patients, config, sites)
    if intercept is None:
        intercept = intercept_for(score, config["treated_fraction"])
    arm = decide(choice_rng, score + intercept)
    schedule, arms = schedule_of(config), (VERTEBROPLASTY, CONSERVATIVE)
    return follow(streams, patients, arm, who, schedule, config, sites, arms), intercept


def _second_entries(
    rng: np.random.Generator, first: Batch, config: SimulationConfig
) -> tuple[IntArray, FloatArray]:
    """Return who has a second episode and how many days after the first: they live till then."""
    a, n = config.section("accrual"), first.seen.patients.n
    least, most = int(a["second_gap_least"]), int(a["second_gap_most"])
    gap = rng.integers(least, max(least, most) + 1, n).astype(np.float64)
    lives = (first.seen.course.death > gap) & (first.entry + gap < a["days"])
    rows = np.flatnonzero((rng.random(n) < a["second_episode"]) & lives)
    return rows, gap[rows]


def frames(
    hide_rng: np.random.Generator,
    rng: np.random.Generator,
    batch: Batch,
    schedule: Schedule,
    config: SimulationConfig,
    sites: Sites,
    part: Part,
) -> dict[str, pd.DataFrame]:
    """Return the five tables and the truth of a batch.

    Parameters
    ----------
    hide_rng, rng : numpy.random.Generator
        Sources of randomness for missing values, and for follow-up.
    batch : Batch
        All episodes.
    schedule : Schedule
        The visits.
    config : SimulationConfig
        Parameters.
    sites : Sites
        The sites.
    part : Part
        Where identifiers begin.

    Returns
    -------
    dict of str to pandas.DataFrame
        Tables by name.
    """
    seen, patients = batch.seen, batch.seen.patients
    ids = tables.identifiers("E", patients.n, first=part.first_episode, width=part.width)
    visit_rng, film_rng, event_rng = rng.spawn(3)
    hidden = hide_values(hide_rng, patients, config, sites)
    month = np.clip(seen.pain[:, schedule.place(30)], 0, 10)
    visits = observe_visits(visit_rng, seen, schedule, config)
    films = observe_heights(film_rng, seen, schedule, config)
    events = event_rows(event_rng, patients, seen.course, month, config)
    return {
        "episodes": _episodes(batch, hidden, ids, config, len(sites.share), part),
        "vertebrae": _vertebrae(patients, hidden, ids),
        "visits": tables.visit_table(visits, ids),
        "heights": tables.height_table(films, ids),
        "events": tables.event_table(events, ids),
        "truth": tables.truth_table(batch.truth, ids),
    }


def _episodes(
    batch: Batch,
    hidden: Columns,
    ids: pd.Series[str],
    config: SimulationConfig,
    n_sites: int,
    part: Part,
) -> pd.DataFrame:
    x = batch.seen.patients.episodes
    n = int(batch.person.max()) + 1
    people = tables.identifiers("P", n, first=part.first_person, width=part.width)
    keys = {
        "episode_id": ids,
        "patient_id": people.array.take(batch.person),
        "site_id": tables.words([f"S{i:02d}" for i in range(1, n_sites + 1)], x["site"]),
        "index_date": tables.dates(config["accrual.first_year"], batch.entry),
        "treatment": tables.words(ARMS, x["arm"]),
        "follow_up_end_day": batch.seen.course.end.astype(np.int64),
    }
    return pd.DataFrame(keys | tables.predictor_columns("episodes", x | hidden))


def _vertebrae(patients: Patients, hidden: Columns, ids: pd.Series[str]) -> pd.DataFrame:
    columns = patients.vertebrae | {k: v for k, v in hidden.items() if k in patients.vertebrae}
    for name in ("cement_volume_ml", "cement_leakage"):
        columns[name] = np.where(columns["treated"] == 1, columns[name], np.nan)
    keys = {"episode_id": ids.array.take(patients.owner)}
    return pd.DataFrame(keys | tables.predictor_columns("vertebrae", columns))
