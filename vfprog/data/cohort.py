"""A cohort: the episodes an endpoint is about, with predictors, outcome and participant flow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.followup import words
from vfprog.data.outcomes import DIED, DerivedOutcome, Outcome, derive_outcome
from vfprog.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.data.registry import Registry
    from vfprog.features.arrays import BoolArray, EpisodeArrays, IntArray
    from vfprog.schema.dictionary import Dictionary
    from vfprog.schema.endpoints import Endpoint


@dataclass(frozen=True)
class Cohort:
    """Episodes of one endpoint, ready for fitting or validation.

    Parameters
    ----------
    endpoint : Endpoint
        The endpoint.
    dictionary : Dictionary
        The dictionary the predictors follow.
    arrays : EpisodeArrays
        Predictors.
    outcome : Outcome
        Outcomes.
    episode_id, patient_id, site_id : ndarray of object, shape (n,)
        Identifiers; an episode without a patient is its own patient, a missing site is ``""``.
    index_date : ndarray of datetime64, shape (n,)
        Day of the procedure or decision; NaT where missing.
    flow : pandas.DataFrame
        Participant flow: step, n, excluded, reason.
    simulated : bool
        Whether the registry was simulated.
    notes : tuple of str
        What a reader of the results must know about the outcomes.
    """

    endpoint: Endpoint
    dictionary: Dictionary
    arrays: EpisodeArrays
    outcome: Outcome
    episode_id: NDArray[np.object_]
    patient_id: NDArray[np.object_]
    site_id: NDArray[np.object_]
    index_date: NDArray[np.datetime64]
    flow: pd.DataFrame
    simulated: bool = False
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of episodes."""
        return self.arrays.n

    @property
    def n_events(self) -> int:
        """Number of episodes with an observed event."""
        return int(self.outcome.event.sum())

    def take(self, rows: IntArray) -> Cohort:
        """Return the episodes at the given positions, which may repeat.

        Parameters
        ----------
        rows : ndarray of int
            Positions.

        Returns
        -------
        Cohort
            Those episodes in that order; the flow is that of the whole cohort.
        """
        return replace(
            self,
            arrays=self.arrays.take(rows),
            outcome=self.outcome.take(rows),
            episode_id=self.episode_id[rows],
            patient_id=self.patient_id[rows],
            site_id=self.site_id[rows],
            index_date=self.index_date[rows],
        )


def build_cohort(registry: Registry, endpoint: Endpoint) -> Cohort:
    """Select population and eligible episodes, and attach their outcome.

    Parameters
    ----------
    registry : Registry
        A checked registry.
    endpoint : Endpoint
        The endpoint.

    Returns
    -------
    Cohort
        The cohort; episodes whose outcome is not observed stay in it, for the weights.

    Raises
    ------
    TrainingError
        No episode is left; the message says where they went.
    """
    derived = derive_outcome(registry, endpoint)
    kept, steps = _select(registry, endpoint, derived)
    rows = np.flatnonzero(kept)
    if rows.size == 0:
        lost = "; ".join(f"{s['excluded']} excluded: {s['reason']}" for s in steps if s["excluded"])
        raise TrainingError(f"{endpoint.name}: no episode is eligible ({lost or 'no episodes'})")
    outcome = derived.outcome.take(rows)
    steps += _outcome_steps(endpoint, outcome, int(derived.intercurrent[rows].sum()))
    episodes = registry.episodes
    episode_id = episodes["episode_id"].to_numpy(dtype=object)
    patient = _identifiers(episodes, "patient_id")
    return Cohort(
        endpoint=endpoint,
        dictionary=registry.dictionary,
        arrays=registry.arrays().take(rows),
        outcome=outcome,
        episode_id=episode_id[rows],
        patient_id=np.where(patient == "", episode_id, patient)[rows],
        site_id=_identifiers(episodes, "site_id")[rows],
        index_date=_dates(episodes)[rows],
        flow=pd.DataFrame(steps, columns=["step", "n", "excluded", "reason"]),
        simulated=registry.simulated,
        notes=derived.notes,
    )


def _select(
    registry: Registry, endpoint: Endpoint, derived: DerivedOutcome
) -> tuple[BoolArray, list[dict[str, Any]]]:
    kept = np.ones(len(registry.episodes), dtype=bool)
    steps = [_step("all episodes", len(kept))]
    exclusions = [*_outside(registry, endpoint), *derived.exclusions]
    for name, reason, excluded in exclusions:
        count = int((kept & excluded).sum())
        kept &= ~excluded
        steps.append(_step(name, int(kept.sum()), count, reason))
    return kept, steps


def _outside(registry: Registry, endpoint: Endpoint) -> list[tuple[str, str, BoolArray]]:
    if registry.all_episodes or not endpoint.population:
        none = np.zeros(len(registry.episodes), dtype=bool)
        return [("in population", "every episode belongs to it", none)]
    outside = ~np.isin(words(registry.episodes, "treatment"), endpoint.population)
    return [("in population", f"treatment is not {' or '.join(endpoint.population)}", outside)]


def _outcome_steps(endpoint: Endpoint, outcome: Outcome, crossed: int) -> list[dict[str, Any]]:
    died = int((outcome.status == DIED).sum())
    observed = int(outcome.observed.sum())
    window = endpoint.window_days
    why = (
        "not assessed" if outcome.assessed_kind else f"censored before day {endpoint.horizon_days}"
    )
    if outcome.assessed_kind and window is not None:
        why = f"not assessed between day {window[0]} and {window[1]}"
    meaning = "non-response" if endpoint.family == "response" else "no event"
    policy = endpoint.intercurrent.replace("_", " ")
    return [
        _step("outcome observed", observed, len(outcome.time) - observed, f"{why}; kept for the weights"),
        _step("of these, died before", died, 0, f"observed: {meaning}" if died else ""),
        _step("of these, events", int(outcome.event.sum())),
        _step("crossover or repeat procedure by the horizon", crossed, 0, policy),
    ]  # fmt: skip


def _step(name: str, n: int, excluded: int = 0, reason: str = "") -> dict[str, Any]:
    return {"step": name, "n": n, "excluded": excluded, "reason": reason}


def _identifiers(episodes: pd.DataFrame, name: str) -> NDArray[np.object_]:
    if name not in episodes:
        return np.full(len(episodes), "", dtype=object)
    return episodes[name].astype(object).fillna("").to_numpy(dtype=object)


def _dates(episodes: pd.DataFrame) -> NDArray[np.datetime64]:
    if "index_date" not in episodes:
        return np.full(len(episodes), np.datetime64("NaT"), dtype="datetime64[s]")
    return episodes["index_date"].to_numpy(dtype="datetime64[s]")
