"""The refits of one training: models, cross-validation folds and bootstrap members."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vfprog.errors import TrainingError
from vfprog.validation.collecting import collect_folds, fold_of
from vfprog.validation.held_out import sites_to_leave_out
from vfprog.validation.resampling import (
    Refit,
    RefitResult,
    plan_folds,
    plan_resamples,
    run_refits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.features.feature import Feature
    from vfprog.models.procedure import FittedProcedure
    from vfprog.models.settings import TrainingSettings
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.workflows.inputs import Progress
    from vfprog.workflows.refit_store import RefitStore

FOLD_SEED = 1000


@dataclass
class Work:
    """The state of a training while it runs.

    Parameters
    ----------
    cohorts : dict of str to Cohort
        Cohort of each endpoint.
    refused : dict of str to str
        Endpoints and models that cannot be fitted honestly, and why.
    settings : TrainingSettings
        Settings of the procedure.
    n_jobs : int
        Worker processes.
    progress : callable
        Called with stage, steps done and steps in all.
    fitted : dict of str to FittedProcedure
        Models of all participants.
    folds, members, sites, periods : dict of str to list of RefitResult
        Folds, bootstrap refits, refits without a site and of the earlier period of each model.
    risks : dict of str to dict of str to ndarray of float, shape (repeats, n)
        Cross-validated risks by model and learner.
    left_out : dict of str to ndarray of int, shape (repeats, n)
        Fold in which each episode was left out, by model: risks of one fold are ranked together.
    store : RefitStore, optional
        Where finished refits are kept, so that an interrupted training goes on from them.
    """

    cohorts: dict[str, Cohort]
    refused: dict[str, str]
    settings: TrainingSettings
    n_jobs: int
    progress: Progress
    fitted: dict[str, FittedProcedure] = field(default_factory=dict)
    folds: dict[str, list[RefitResult]] = field(default_factory=dict)
    members: dict[str, list[RefitResult]] = field(default_factory=dict)
    sites: dict[str, list[RefitResult]] = field(default_factory=dict)
    periods: dict[str, list[RefitResult]] = field(default_factory=dict)
    risks: dict[str, dict[str, FloatArray]] = field(default_factory=dict)
    left_out: dict[str, IntArray] = field(default_factory=dict)
    store: RefitStore | None = None


def fit_models(work: Work, times: Sequence[PredictionTime], seed: int, *, strict: bool) -> None:
    """Fit every model on all participants; a refusal stops the work only where it was asked for.

    Parameters
    ----------
    work : Work
        Receives ``fitted`` and ``refused``.
    times : sequence of str
        Prediction times.
    seed : int
        Seed of the fits.
    strict : bool
        Whether every model was asked for.
    """
    refits = [Refit(e, time, "development", seed) for e in work.cohorts for time in times]
    for done, result in enumerate(_results(work, refits), 1):
        work.progress("models", done, len(refits))
        if result.fitted is None:
            work.refused[result.refit.model] = result.failure
        else:
            work.fitted[result.refit.model] = result.fitted
    order = [refit.model for refit in refits]  # not that in which workers came back
    work.fitted = {model: work.fitted[model] for model in order if model in work.fitted}
    ahead = {name: why for name, why in work.refused.items() if name not in order}
    work.refused = ahead | {name: work.refused[name] for name in order if name in work.refused}
    _stop_if_refused(work, work.fitted, strict=strict)


def resample_models(work: Work, resamples: int, seed: int) -> None:
    """Run folds, bootstrap refits and those without a site or period of all models in one pool.

    Parameters
    ----------
    work : Work
        Receives ``folds``, ``members``, ``sites`` and ``periods``.
    resamples : int
        Bootstrap refits of each model.
    seed : int
        Seed of the training; folds and samples have seeds of their own.
    """
    refits: list[Refit] = []
    for fitted in work.fitted.values():
        model = fitted.model
        key = (model.endpoint.name, model.prediction_time)
        refits += plan_folds(*key, work.settings, seed=seed + FOLD_SEED)
        refits += plan_resamples(*key, resamples, seed=seed + 2000)
        sites = sites_to_leave_out(work.cohorts[model.endpoint.name], work.settings)
        refits += [Refit(*key, "site", seed + 3000, site) for site in sites]
        refits += [Refit(*key, "period", seed + 4000)] if work.settings.temporal else []
    features = {model: fitted.model.features for model, fitted in work.fitted.items()}
    kept = {
        "fold": work.folds, "resample": work.members, "site": work.sites, "period": work.periods,
    }  # fmt: skip
    for done, result in enumerate(_results(work, refits, features), 1):
        kept[result.refit.kind].setdefault(result.refit.model, []).append(result)
        work.progress("validation and members", done, len(refits))
    place = {refit: number for number, refit in enumerate(refits)}
    for results in (results for of_kind in kept.values() for results in of_kind.values()):
        results.sort(key=lambda result: place[result.refit])  # not as workers came back


def gather_risks(work: Work, *, strict: bool) -> dict[str, dict[str, FloatArray]]:
    """Return the cross-validated risks; a model that has none cannot be judged, so is refused.

    Parameters
    ----------
    work : Work
        The refits; receives ``risks`` and ``left_out``, and models refused here leave it.
    strict : bool
        Whether every model was asked for.

    Returns
    -------
    dict of str to dict of str to ndarray of float, shape (repeats, n)
        Risks by model and learner.
    """
    risks: dict[str, dict[str, FloatArray]] = {}
    for name, fitted in work.fitted.items():
        n = work.cohorts[fitted.model.endpoint.name].n
        folds = sorted(work.folds[name], key=lambda done: (done.refit.repeat, done.refit.fold))
        repeats = work.settings.outer_repeats
        try:
            risks[name] = collect_folds(folds, n, repeats=repeats)
            work.left_out[name] = fold_of(folds, n, repeats=repeats)
        except TrainingError as error:
            work.refused[name] = str(error)
    _stop_if_refused(work, risks, strict=strict)
    work.fitted = {name: work.fitted[name] for name in risks}
    work.members = {name: work.members.get(name, []) for name in risks}
    work.risks = risks
    return risks


def _results(
    work: Work,
    refits: Sequence[Refit],
    features: Mapping[str, tuple[Feature, ...]] | None = None,
) -> Iterator[RefitResult]:
    """Yield every refit: first those an interrupted training finished, then the others."""
    left: list[Refit] = []
    for refit in refits:
        finished = work.store.load(refit) if work.store else None
        if finished is None:
            left.append(refit)
        else:
            yield finished
    results = run_refits(left, work.cohorts, work.settings, features=features, n_jobs=work.n_jobs)
    for result in results:
        if work.store:
            work.store.save(result)
        yield result


def _stop_if_refused(work: Work, left: Mapping[str, object], *, strict: bool) -> None:
    if (strict and work.refused) or not left:
        lines = [f"{name}: {why}" for name, why in work.refused.items()]
        raise TrainingError("\n".join([*lines, *_remedy(work, left)]))


def _remedy(work: Work, left: Mapping[str, object]) -> list[str]:
    """Return what to leave out so that the rest can be trained, where there is a rest."""
    bad = [name for name in work.cohorts if name in {r.rsplit("_", 1)[0] for r in work.refused}]
    rest = [name for name in work.cohorts if name not in bad]
    if not left or not rest:
        return []
    return [f"leave {', '.join(bad)} out to train {', '.join(rest)}"]
