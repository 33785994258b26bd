"""What every model of a training relies on, and how firmly: importance with rank intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.explain.attribution import attribution_table, importance
from vfprog.records import Table
from vfprog.scoring.members import INSTABILITY_LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import IntArray
    from vfprog.scoring.model import PrognosticModel
    from vfprog.workflows.refitting import Work

# Participants explained; more would not change a mean.
MAX_EXPLAINED = 2000
# Those the refits explain again: there are many refits, and ranks need fewer.
MAX_REFITTED = 400


def importance_tables(work: Work) -> Iterator[Table]:
    """Yield what each model relies on, by predictor and by concept.

    Parameters
    ----------
    work : Work
        Cohorts, models and bootstrap members.

    Yields
    ------
    Table
        ``importance`` and ``importance_concepts``: model, endpoint, prediction_time, concept,
        predictor, mean_abs_log_odds, share, rank, and over the bootstrap refits the 5th and 95th
        percentile of the size (lower, upper) and of the rank (rank_lower, rank_upper), n_refits.
    """
    for name, by in (("importance", "predictor"), ("importance_concepts", "concept")):
        tables = []
        for model, fitted in work.fitted.items():
            cohort = work.cohorts[fitted.model.endpoint.name]
            done = work.members.get(model, ())
            refits = [result.fitted.model for result in done if result.fitted is not None]
            table = ranked_importance(fitted.model, refits, cohort, by=by)
            table.insert(0, "model", model)
            tables.append(table)
        yield Table(name, pd.concat(tables, ignore_index=True))


def ranked_importance(
    model: PrognosticModel, refits: Sequence[PrognosticModel], cohort: Cohort, *, by: str
) -> pd.DataFrame:
    """Return the importance of one model with the spread of its refits.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    refits : sequence of PrognosticModel
        Its bootstrap refits.
    cohort : Cohort
        Participants.
    by : {"predictor", "concept"}
        What contributions are summed within.

    Returns
    -------
    pandas.DataFrame
        Columns of `vfprog.explain.attribution.importance`, then rank, lower, upper, rank_lower,
        rank_upper and n_refits; without refits the limits are missing.
    """
    table = _importance(model, cohort, explained_rows(cohort.n), by)
    table["rank"] = np.arange(1, len(table) + 1)
    rows = explained_rows(cohort.n, most=MAX_REFITTED)
    sizes = [_sizes(refit, cohort, rows, by) for refit in refits]
    spread = pd.DataFrame([size.reindex(table[by]).fillna(0.0) for size in sizes])
    tail = (1 - INSTABILITY_LEVEL) / 2
    # A refit that learned nothing relies on nothing: sizes of 0, and no order among them.
    ranks = spread[spread.any(axis=1)].rank(axis=1, ascending=False, method="first")
    for prefix, values in (("", spread), ("rank_", ranks)):
        for end, level in (("lower", tail), ("upper", 1 - tail)):
            found = values.quantile(level).to_numpy() if len(values) else np.nan
            table[f"{prefix}{end}"] = found
    return table.assign(n_refits=len(refits))


def explained_rows(n: int, *, most: int = MAX_EXPLAINED, random_state: int = 0) -> IntArray:
    """Return which participants are explained: all, or so many at random, in order.

    Parameters
    ----------
    n : int
        Participants.
    most : int
        Most that are explained.
    random_state : int
        Seed of the draw.

    Returns
    -------
    ndarray of int
        Their places.
    """
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(random_state).choice(n, most, replace=False))


def _sizes(refit: PrognosticModel, cohort: Cohort, rows: IntArray, by: str) -> pd.Series[float]:
    if refit.blend.b == 0:
        return pd.Series(dtype=float)
    return _importance(refit, cohort, rows, by).set_index(by)["mean_abs_log_odds"]


def _importance(model: PrognosticModel, cohort: Cohort, rows: IntArray, by: str) -> pd.DataFrame:
    chosen = cohort.episode_id[rows]
    table = attribution_table(model, cohort.arrays.take(rows), cohort.dictionary, chosen)
    return importance(table, by=by)
