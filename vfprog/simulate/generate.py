"""Simulate a registry: people, fractures, treatment, outcomes, and what gets recorded of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.simulate import tables
from vfprog.simulate.config import SimulationConfig, load_simulation
from vfprog.simulate.events import Course, draw_course, event_rows
from vfprog.simulate.hazards import YEAR, hazards
from vfprog.simulate.heights import draw_loss, expected_log_loss, height_risk, true_heights
from vfprog.simulate.observe import (
    end_of_follow_up,
    entry_and_end,
    hide_values,
    observe_heights,
    observe_visits,
)
from vfprog.simulate.pain import VISITS, draw_pain, expected_pain, response_risk
from vfprog.simulate.patients import Patients, draw_patients
from vfprog.simulate.people import Sites, draw_people, draw_sites, later
from vfprog.simulate.procedure import intercept_for, perform, preference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.simulate.draws import Columns


@dataclass(frozen=True)
class SimulatedRegistry:
    """Five tidy tables and the truth behind them.

    Parameters
    ----------
    episodes, vertebrae, visits, heights, events : pandas.DataFrame
        The tables of a registry.
    truth : pandas.DataFrame
        One row per episode: ``risk_response``, ``risk_height_loss`` and ``risk_new_fracture``
        under the treatment received, given all baseline and procedure values and the site.
    n_participants, seed : int
        Arguments of the simulation.
    digest : str
        Digest of the parameters.
    overrides : dict of str to float
        Parameters that were changed.
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


@dataclass(frozen=True)
class _Batch:
    """Episodes of which no patient has two, with all that was drawn for them."""

    patients: Patients
    course: Course
    entry: FloatArray
    person: IntArray
    pain: FloatArray
    heights: FloatArray
    truth: Columns


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
    site_rng, *streams, hide_rng, see_rng = np.random.default_rng(seed).spawn(8)
    sites = draw_sites(site_rng, settings)
    batch = _all_episodes(streams, n_participants, settings, sites)
    return SimulatedRegistry(
        **_frames(hide_rng, see_rng, batch, settings, sites),
        n_participants=n_participants,
        seed=seed,
        digest=settings.digest(),
        overrides={name: float(value) for name, value in (overrides or {}).items()},
    )


def _all_episodes(
    streams: list[np.random.Generator], n: int, config: SimulationConfig, sites: Sites
) -> _Batch:
    """Return the first episode of everybody and the second ones, those of a patient together."""
    people_rng, entry_rng, first_rng, gap_rng, second_rng = streams
    people = draw_people(people_rng, n, config, sites)
    entry, end = entry_and_end(entry_rng, n, config)
    first, intercept = _batch(first_rng, people, (np.arange(n), entry, end), config, sites, None)
    rows, gap = _second_entries(gap_rng, first, config)
    if not rows.size:
        return first
    number = np.bincount(first.patients.owner, minlength=n)[rows]
    older = later(people, rows, gap / 365.25, number.astype(np.float64))
    again = entry[rows] + gap
    who = (rows, again, end_of_follow_up(again, config))
    second, _ = _batch(second_rng, older, who, config, sites, intercept)
    return _joined([_closed(first, rows, gap), second])


def _batch(
    rng: np.random.Generator,
    people: Columns,
    who: tuple[IntArray, FloatArray, FloatArray],
    config: SimulationConfig,
    sites: Sites,
    intercept: float | None,
) -> tuple[_Batch, float]:
    """Return one episode for each of some people, and the intercept of the choice of treatment."""
    person, entry, end = who
    # One stream per part: a switch of one part leaves the draws of the others as they were.
    fracture_rng, procedure_rng, course_rng, pain_rng, height_rng = rng.spawn(5)
    patients = draw_patients(fracture_rng, people, config, sites)
    score = preference(patients, config, sites)
    if intercept is None:
        intercept = intercept_for(score, config["treated_fraction"])
    patients = perform(procedure_rng, patients, score + intercept, config)
    hazard = hazards(patients, config, sites)
    course = draw_course(course_rng, patients, hazard, end, config)
    expected = expected_pain(patients, config, sites)
    log_loss = expected_log_loss(patients, config, sites)
    heights = true_heights(patients, draw_loss(height_rng, log_loss, config), config)
    truth = {
        "risk_response": response_risk(patients, expected, hazard, config),
        "risk_height_loss": height_risk(patients, log_loss, hazard, config),
        "risk_new_fracture": hazard.fracture_by(YEAR),
    }
    pain = draw_pain(pain_rng, expected, config)
    return _Batch(patients, course, entry, person, pain, heights, truth), intercept


def _second_entries(
    rng: np.random.Generator, first: _Batch, config: SimulationConfig
) -> tuple[IntArray, FloatArray]:
    """Return who has a second episode and how many days after the first: they live till then."""
    a, n = config.section("accrual"), first.patients.n
    least, most = int(a["second_gap_least"]), int(a["second_gap_most"])
    gap = rng.integers(least, max(least, most) + 1, n).astype(np.float64)
    lives = (first.course.death > gap) & (first.entry + gap < a["days"])
    rows = np.flatnonzero((rng.random(n) < a["second_episode"]) & lives)
    return rows, gap[rows]


def _closed(first: _Batch, rows: IntArray, gap: FloatArray) -> _Batch:
    """Return the first episodes, closed on the day before a second one begins."""
    end = first.course.end.copy()
    end[rows] = np.minimum(end[rows], gap - 1)
    return replace(first, course=replace(first.course, end=end))


def _joined(batches: list[_Batch]) -> _Batch:
    """Return all episodes as one batch, those of one patient next to each other."""
    person = np.concatenate([b.person for b in batches])
    order = np.argsort(person, kind="stable")
    place = np.argsort(order, kind="stable")
    start = np.cumsum([0] + [b.patients.n for b in batches[:-1]])
    parts = zip(batches, start, strict=True)
    owner = np.concatenate([place[b.patients.owner + s] for b, s in parts])
    by_owner = np.argsort(owner, kind="stable")

    def rows(pick: Callable[[_Batch], FloatArray], index: IntArray = order) -> FloatArray:
        return np.concatenate([pick(b) for b in batches])[index]

    def columns(pick: Callable[[_Batch], Columns], index: IntArray = order) -> Columns:
        parts = [pick(b) for b in batches]
        return {name: np.concatenate([p[name] for p in parts])[index] for name in parts[0]}

    return _Batch(
        Patients(
            columns(lambda b: b.patients.episodes),
            columns(lambda b: b.patients.vertebrae, by_owner),
            owner[by_owner],
        ),
        Course(
            rows(lambda b: b.course.fracture),
            rows(lambda b: b.course.death),
            rows(lambda b: b.course.lost),
            rows(lambda b: b.course.end),
        ),
        entry=rows(lambda b: b.entry),
        person=person[order],
        pain=rows(lambda b: b.pain),
        heights=rows(lambda b: b.heights, by_owner),
        truth=columns(lambda b: b.truth),
    )


def _frames(
    hide_rng: np.random.Generator,
    rng: np.random.Generator,
    batch: _Batch,
    config: SimulationConfig,
    sites: Sites,
) -> dict[str, pd.DataFrame]:
    patients, course = batch.patients, batch.course
    ids = tables.identifiers("E", patients.n)
    visit_rng, film_rng, event_rng = rng.spawn(3)
    hidden = hide_values(hide_rng, patients, config, sites)
    month = np.clip(batch.pain[:, VISITS.index("d30")], 0, 10)
    visits = observe_visits(visit_rng, patients, course, batch.pain, config)
    films = observe_heights(film_rng, patients, course, batch.heights, batch.pain, config)
    events = event_rows(event_rng, patients, course, month, config)
    return {
        "episodes": _episodes(batch, hidden, ids, config, len(sites.share)),
        "vertebrae": _vertebrae(patients, hidden, ids),
        "visits": tables.visit_table(visits, ids),
        "heights": tables.height_table(films, ids),
        "events": tables.event_table(events, ids),
        "truth": pd.DataFrame({"episode_id": ids} | batch.truth),
    }


def _episodes(
    batch: _Batch, hidden: Columns, ids: pd.Series[str], config: SimulationConfig, n_sites: int
) -> pd.DataFrame:
    x = batch.patients.episodes
    keys = {
        "episode_id": ids,
        "patient_id": tables.identifiers("P", int(batch.person.max()) + 1).array.take(batch.person),
        "site_id": tables.words([f"S{i:02d}" for i in range(1, n_sites + 1)], x["site"]),
        "index_date": tables.dates(config["accrual.first_year"], batch.entry),
        "treatment": tables.words(["conservative", "vertebroplasty"], x["vertebroplasty"]),
        "follow_up_end_day": batch.course.end.astype(np.int64),
    }
    return pd.DataFrame(keys | tables.predictor_columns("episodes", x | hidden))


def _vertebrae(patients: Patients, hidden: Columns, ids: pd.Series[str]) -> pd.DataFrame:
    columns = patients.vertebrae | {k: v for k, v in hidden.items() if k in patients.vertebrae}
    for name in ("cement_volume_ml", "cement_leakage"):
        columns[name] = np.where(columns["treated"] == 1, columns[name], np.nan)
    keys = {"episode_id": ids.array.take(patients.owner)}
    return pd.DataFrame(keys | tables.predictor_columns("vertebrae", columns))
