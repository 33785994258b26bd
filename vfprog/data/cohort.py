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
    from vfprog.features.arrays import BoolArray, EpisodeArrays, FloatArray, IntArray
    from vfprog.schema.dictionary import Dictionary, Predictor
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


def characteristics(cohort: Cohort) -> pd.DataFrame:
    """Return who is in the cohort: each predictor overall and by outcome, with its missingness.

    Parameters
    ----------
    cohort : Cohort
        The cohort.

    Returns
    -------
    pandas.DataFrame
        predictor, label, level, statistic, overall, event, no_event, not_observed,
        missing_percent. Numbers have mean, sd, median, q1 and q3; binary predictors and levels
        have n and percent of the recorded. Vertebra-level predictors count vertebrae. A cell is
        missing where too few of the group are recorded; a predictor recorded in nobody has one
        row, n = 0.
    """
    observed, event = cohort.outcome.observed, cohort.outcome.event
    groups = {
        "overall": np.ones(cohort.n, dtype=bool),
        "event": event,
        "no_event": observed & ~event,
        "not_observed": ~observed,
    }
    lines: list[dict[str, Any]] = []
    for predictor in cohort.dictionary.predictors:
        of_vertebrae = predictor.table == "vertebrae"
        table = cohort.arrays.vertebrae if of_vertebrae else cohort.arrays.episodes
        owner = cohort.arrays.owner if of_vertebrae else np.arange(cohort.n)
        values = table.get(predictor.name, np.full(len(owner), np.nan))
        missing = float(np.isnan(values).mean() * 100) if len(values) else 100.0
        cells = {name: _described(predictor, values[who[owner]]) for name, who in groups.items()}
        for level, statistic in cells["overall"] or {("", "n"): 0.0}:
            line = {name: cell.get((level, statistic)) for name, cell in cells.items()}
            if not cells["overall"]:
                line = dict.fromkeys(groups, 0.0)
            what = {"predictor": predictor.name, "label": predictor.label}
            what |= {"level": level, "statistic": statistic}
            lines.append(what | line | {"missing_percent": missing})
    return pd.DataFrame(lines).astype(dict.fromkeys(groups, np.float64))


def _described(predictor: Predictor, values: FloatArray) -> dict[tuple[str, str], float]:
    """Return the statistics of the recorded values by level and name; none where none is."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return {}
    if predictor.is_numeric:
        q1, median, q3 = np.quantile(known, [0.25, 0.5, 0.75])
        found = {"mean": known.mean(), "median": median, "q1": q1, "q3": q3}
        spread = {"sd": known.std(ddof=1)} if known.size > 1 else {}
        return {("", name): float(value) for name, value in (found | spread).items()}
    named = [(1, "yes")] if predictor.kind == "binary" else list(enumerate(predictor.levels))
    table: dict[tuple[str, str], float] = {}
    for code, level in named:
        count = float((known == code).sum())
        table |= {(level, "n"): count, (level, "percent"): 100 * count / known.size}
    return table


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
    why = f"censored before day {endpoint.horizon_days}"
    if outcome.assessed_kind:
        why = f"not assessed between day {window[0]} and {window[1]}" if window else "not coded"
    meaning = "non-response" if endpoint.family == "response" else "no event"
    policy = endpoint.intercurrent.replace("_", " ")
    unseen, stand = len(outcome.time) - observed, "; those seen stand for them"
    return [
        _step("outcome observed", observed, unseen, why + stand * (unseen > 0)),
        _step("of these, died first", died, 0, f"observed: {meaning}" if died else ""),
        _step("of these, events", int(outcome.event.sum())),
        _step("crossover or repeat procedure by the horizon", crossed, 0, policy),
    ]


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
