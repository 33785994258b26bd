"""How the procedure does where, and when, it was not trained: sites left out, a later period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.splits import NO_SITE_TOLD, site_groups
from vfprog.errors import TrainingError
from vfprog.models.procedure import cohort_weights
from vfprog.records import Table
from vfprog.validation.held_out import periods_of
from vfprog.validation.heterogeneity import by_site, undefined_by_site, with_unjudged
from vfprog.validation.performance import performance_or_reason, undefined_performance
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.models.settings import TrainingSettings
    from vfprog.validation.resampling import RefitResult
    from vfprog.workflows.refitting import Work

EXTRA = ("prediction_lower", "prediction_upper", "n_sites", "i2", "design")
"""Columns of ``validations`` beyond those of performance."""


def transport_tables(work: Work) -> Iterator[Table]:
    """Yield the internal-external and the temporal validation of every model.

    Parameters
    ----------
    work : Work
        Cohorts, models, and their refits without a site and of the earlier period.

    Yields
    ------
    Table
        ``internal_external``: by site and pooled, as of `vfprog.validation.heterogeneity.by_site`,
        each site judged by a refit that never saw it; ``validations``: the figures of
        performance with a column ``validation`` (internal_external, temporal) and the columns
        prediction_lower, prediction_upper, n_sites, i2 and design. In it the figures that are
        pooled over sites are those pooled; the others are of all participants left out.
    """
    by_sites, figures = [], []
    for name, fitted in work.fitted.items():
        cohort = work.cohorts[fitted.model.endpoint.name]
        sites, stacked = internal_external(cohort, work.settings, work.sites.get(name, ()))
        by_sites.append(labelled(sites, fitted.model, learner="model"))
        shared = {"learner": "model", "validation": "internal_external"}
        figures.append(labelled(stacked, fitted.model, **shared))
        later = temporal(cohort, work.settings, work.periods.get(name, ()))
        figures.append(labelled(later, fitted.model, learner="model", validation="temporal"))
    yield Table("internal_external", pd.concat(by_sites, ignore_index=True))
    yield Table("validations", pd.concat(figures, ignore_index=True))


def internal_external(
    cohort: Cohort, settings: TrainingSettings, results: Sequence[RefitResult]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge the refits that left out one site, or group of sites, each on what it left out.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        Settings of the training.
    results : sequence of RefitResult
        Refits of one model, of kind ``site``.

    Returns
    -------
    by_site : pandas.DataFrame
        Figures by site and pooled.
    performance : pandas.DataFrame
        Columns of performance and `EXTRA`.
    """
    reason = _why_no_sites(cohort, settings, results)
    if reason:
        return undefined_by_site(reason), _extended(undefined_performance(reason), "")
    weight, y = cohort_weights(cohort, settings), cohort.outcome.event.astype(float)
    risk = np.full(cohort.n, np.nan)
    for result in results:
        if result.rows is not None:
            risk[result.rows] = result.risk["model"]
    known = (weight > 0) & ~np.isnan(risk)
    if not known.any():
        reason = "no internal-external validation: no outcome is known at the sites left out"
        return undefined_by_site(reason), _extended(undefined_performance(reason), "")
    shared = {"sample_weight": weight[known], "groups": cohort.patient_id[known]}
    site = cohort.site_id[known].astype(str)
    table = by_site(y[known], risk[known], site, **shared)
    for result in results:
        if result.failure:
            table = _with_failed(table, cohort, weight > 0, settings, result)
    stacked = _extended(performance_or_reason(y[known], risk[known], **shared), _design(results))
    return table, _with_pooled(stacked, table)


def temporal(
    cohort: Cohort, settings: TrainingSettings, results: Sequence[RefitResult]
) -> pd.DataFrame:
    """Judge the refit of the earlier period on the later one.

    The outcome weights are those of the later period alone: follow-up ends differently there.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        Settings of the training.
    results : sequence of RefitResult
        The refit of one model of kind ``period``, if it was wanted.

    Returns
    -------
    pandas.DataFrame
        Columns of performance and `EXTRA`.
    """
    if not results:
        return _extended(undefined_performance("no temporal validation: not asked for"), "")
    result = results[0]
    if result.rows is None:
        return _extended(undefined_performance(result.failure), "")
    periods = periods_of(cohort, settings)
    try:
        y, risk, shared = later_participants(cohort, settings, result)
    except TrainingError as error:
        reason = f"no temporal validation: later participants: {error}"
        return _extended(undefined_performance(reason), "")
    table = performance_or_reason(y, risk, **shared)
    design = f"{periods.earlier.size} episodes before {periods.start.astype('M8[D]')}, judged on "
    design += f"{periods.later.size} from then on"
    if periods.n_both:
        design += f"; {periods.n_both} left out, their patients have an earlier episode"
    if periods.n_undated:
        design += f"; {periods.n_undated} without a date left out"
    return _extended(table, design)


def later_participants(
    cohort: Cohort, settings: TrainingSettings, result: RefitResult
) -> tuple[FloatArray, FloatArray, dict[str, Any]]:
    """Return outcomes, risks, and weights with patients, of the later participants judged.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    settings : TrainingSettings
        Settings of the outcome weights.
    result : RefitResult
        The refit of the earlier period, which succeeded.

    Returns
    -------
    y, risk : ndarray of float, shape (n,)
        Of those whose outcome is known.
    shared : dict
        ``sample_weight`` and ``groups``.

    Raises
    ------
    TrainingError
        Nobody's outcome is known.
    """
    later = cohort.take(np.asarray(result.rows))
    weight = cohort_weights(later, settings)
    known = weight > 0
    shared = {"sample_weight": weight[known], "groups": later.patient_id[known]}
    return later.outcome.event[known].astype(float), result.risk["model"][known], shared


def _why_no_sites(
    cohort: Cohort, settings: TrainingSettings, results: Sequence[RefitResult]
) -> str:
    if not settings.internal_external:
        return "no internal-external validation: not asked for"
    told = np.unique(cohort.site_id[~np.isin(cohort.site_id, NO_SITE_TOLD)].astype(str))
    if told.size < 2:
        which = "one site only" if told.size else "no site is recorded"
        return f"no internal-external validation: {which}"
    failures = {result.failure for result in results}
    if all(failures):
        return "no internal-external validation: no refit succeeded: " + "; ".join(sorted(failures))
    return ""


def _with_failed(
    table: pd.DataFrame,
    cohort: Cohort,
    known: BoolArray,
    settings: TrainingSettings,
    result: RefitResult,
) -> pd.DataFrame:
    """Return the table with the sites whose refit failed."""
    group = site_groups(cohort.site_id, most=settings.most_sites)
    names = np.unique(cohort.site_id[group == result.refit.fold].astype(str)).tolist()
    rows = [known & (cohort.site_id == name) for name in names]
    n = [int(row.sum()) for row in rows]
    events = [int((row & cohort.outcome.event).sum()) for row in rows]
    why = f"left out: no model without it: {result.failure}"
    return with_unjudged(table, names, n, events, why)


def _design(results: Sequence[RefitResult]) -> str:
    done = sum(result.rows is not None for result in results)
    failed = len(results) - done
    words = f"{done} refits, each without one site or group of sites"
    return words + (f"; {failed} more failed" if failed else "")


def _extended(table: pd.DataFrame, design: str) -> pd.DataFrame:
    nothing = dict.fromkeys(("prediction_lower", "prediction_upper", "i2"), np.nan)
    numbers: FloatArray = np.full(len(table), np.nan)
    done = table.assign(**nothing, n_sites=numbers, design=design)
    return done[[*table.columns, *EXTRA]]


def _with_pooled(stacked: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Put the figures pooled over sites in the place of those of all participants together."""
    taken = ["estimate", "lower", "upper", "n", "n_events", "method", "reason", "n_sites", "i2"]
    pooled = table[table["role"] == "pooled"].set_index("metric")
    ahead = table[table["role"] == "prediction"].set_index("metric")
    done = stacked.set_index("metric")
    for metric in pooled.index:
        done.loc[metric, taken] = pooled.loc[metric, taken]
        limits = ahead.loc[metric, ["lower", "upper"]].tolist()
        done.loc[metric, ["prediction_lower", "prediction_upper"]] = limits
    return done.reset_index()
