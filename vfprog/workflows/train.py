"""Train: from a registry to one bundle, its performance, its explanation and its run."""

from __future__ import annotations

import datetime as dt
import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.errors import TrainingError
from vfprog.models.procedure import cohort_weights
from vfprog.models.settings import TrainingSettings, load_settings
from vfprog.scoring.bundle import BundleParts, check_free, write_bundle
from vfprog.scoring.members import stack_members
from vfprog.validation.performance import performance
from vfprog.validation.resampling import (
    Refit,
    RefitResult,
    collect_folds,
    plan_folds,
    plan_resamples,
    run_refits,
)
from vfprog.workflows.inputs import (
    build_cohorts,
    choose_endpoints,
    has_procedure_values,
    no_progress,
    open_registry,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry
    from vfprog.errors import Failure
    from vfprog.features.arrays import FloatArray
    from vfprog.models.procedure import FittedProcedure
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.schema.endpoints import Endpoint
    from vfprog.workflows.inputs import Progress

_VERSIONS = ("vfprog", "numpy", "pandas", "scikit-learn", "scipy", "xgboost")


@dataclass
class Training:
    """Everything one training made.

    Parameters
    ----------
    bundle : pathlib.Path
        Folder of the bundle.
    parts : BundleParts
        What was written there.
    cohorts : dict of str to Cohort
        Cohort of each endpoint.
    fitted : dict of str to FittedProcedure
        Model of all participants by name.
    risks : dict of str to dict
        Cross-validated risks of each model and its learners, shape (repeats, n).
    performance : pandas.DataFrame
        Long table: model, endpoint, prediction_time, learner, metric, estimate, lower, upper, ...
    refused : dict of str to str
        Models that could not be fitted honestly, and why.
    notes : list of str
        What a reader of the results must see.
    warnings : tuple of Failure
        Warnings of the registry's checks.
    registry : Registry
        The registry.
    settings : TrainingSettings
        Settings used.
    seed : int
        Seed used.
    """

    bundle: Path
    parts: BundleParts
    cohorts: dict[str, Cohort]
    fitted: dict[str, FittedProcedure]
    risks: dict[str, dict[str, FloatArray]]
    performance: pd.DataFrame
    refused: dict[str, str]
    notes: list[str]
    warnings: tuple[Failure, ...]
    registry: Registry
    settings: TrainingSettings
    seed: int


@dataclass
class _Work:
    """The state of a training while it runs."""

    cohorts: dict[str, Cohort]
    refused: dict[str, str]
    settings: TrainingSettings
    n_jobs: int
    progress: Progress
    fitted: dict[str, FittedProcedure] = field(default_factory=dict)
    folds: dict[str, list[RefitResult]] = field(default_factory=dict)
    members: dict[str, list[RefitResult]] = field(default_factory=dict)


def train(
    source: str | Path | Registry,
    out: str | Path,
    *,
    mapping: str | Path | RegistryMapping | None = None,
    endpoints: Sequence[str | Path | Endpoint] | None = None,
    settings: TrainingSettings | None = None,
    resamples: int = 40,
    seed: int = 1,
    force: bool = False,
    n_jobs: int | None = None,
    name: str = "vfprog",
    progress: Progress = no_progress,
) -> Training:
    """Train every endpoint at every prediction time and write one bundle.

    Parameters
    ----------
    source : str, pathlib.Path or Registry
        The registry.
    out : str or pathlib.Path
        Folder of the bundle.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    endpoints : sequence, optional
        Endpoint configurations; default the three endpoints the registry has data for. Endpoints
        asked for must all succeed; of the default ones those that cannot be fitted are refused.
    settings : TrainingSettings, optional
        Settings of the procedure; default those of ``configs/training.yaml``.
    resamples : int
        Bootstrap refits of each model, its members.
    seed : int
        Seed of every split, sample and fit.
    force : bool
        Replace an existing bundle.
    n_jobs : int, optional
        Worker processes; default one per core.
    name : str
        Name of the bundle.
    progress : callable
        Called with stage, steps done and steps in all.

    Returns
    -------
    Training
        Bundle, models, cross-validated performance and notes.

    Raises
    ------
    InputError
        The registry has errors.
    TrainingError
        No model, or not one that was asked for, can be fitted honestly.
    """
    check_free(Path(out), force=force)
    opened = open_registry(source, mapping)
    chosen = choose_endpoints(endpoints, opened.registry)
    settings = settings or load_settings()
    jobs = n_jobs or os.cpu_count() or 1
    strict = endpoints is not None
    cohorts, refused = build_cohorts(opened.registry, chosen, strict=strict)
    work = _Work(cohorts, refused, settings, jobs, progress)
    times: list[PredictionTime] = ["preprocedure"]
    if has_procedure_values(opened.registry):
        times.append("postprocedure")
    _fit_all(work, times, seed, strict=strict)
    _resample_all(work, resamples, seed)
    risks = _gather(work, strict=strict)
    table = _performance(work, risks, seed)
    notes = _notes(work, resamples, times)
    parts = _parts(work, opened.registry, table, notes, name, seed, resamples)
    return Training(
        write_bundle(parts, out, force=force), parts, work.cohorts, work.fitted, risks, table,
        work.refused, notes, opened.warnings, opened.registry, settings, seed,
    )  # fmt: skip


def _fit_all(work: _Work, times: Sequence[PredictionTime], seed: int, *, strict: bool) -> None:
    refits = [Refit(e, time, "development", seed) for e in work.cohorts for time in times]
    results = run_refits(refits, work.cohorts, work.settings, n_jobs=work.n_jobs)
    for done, result in enumerate(results, 1):
        work.progress("models", done, len(refits))
        if result.fitted is None:
            work.refused[result.refit.model] = result.failure
        else:
            work.fitted[result.refit.model] = result.fitted
    _stop_if_refused(work, work.fitted, strict=strict)
    ordered = [refit.model for refit in refits if refit.model in work.fitted]
    work.fitted = {model: work.fitted[model] for model in ordered}


def _resample_all(work: _Work, resamples: int, seed: int) -> None:
    refits: list[Refit] = []
    for fitted in work.fitted.values():
        model = fitted.model
        key = (model.endpoint.name, model.prediction_time)
        refits += plan_folds(*key, work.settings, seed=seed + 1000)
        refits += plan_resamples(*key, resamples, seed=seed + 2000)
    features = {model: fitted.model.features for model, fitted in work.fitted.items()}
    results = run_refits(refits, work.cohorts, work.settings, features=features, n_jobs=work.n_jobs)
    for done, result in enumerate(results, 1):
        kept = work.folds if result.refit.kind == "fold" else work.members
        kept.setdefault(result.refit.model, []).append(result)
        work.progress("validation and members", done, len(refits))


def _gather(work: _Work, *, strict: bool) -> dict[str, dict[str, FloatArray]]:
    """Return the cross-validated risks; a model that has none cannot be judged, so is refused."""
    risks: dict[str, dict[str, FloatArray]] = {}
    for name, fitted in work.fitted.items():
        n = work.cohorts[fitted.model.endpoint.name].n
        try:
            risks[name] = collect_folds(work.folds[name], n, repeats=work.settings.outer_repeats)
        except TrainingError as error:
            work.refused[name] = str(error)
    _stop_if_refused(work, risks, strict=strict)
    work.fitted = {name: work.fitted[name] for name in risks}
    work.members = {name: work.members.get(name, []) for name in risks}
    return risks


def _stop_if_refused(work: _Work, left: Mapping[str, object], *, strict: bool) -> None:
    if (strict and work.refused) or not left:
        raise TrainingError("\n".join(f"{name}: {why}" for name, why in work.refused.items()))


def _performance(work: _Work, risks: dict[str, dict[str, FloatArray]], seed: int) -> pd.DataFrame:
    """Judge every model and learner on its cross-validated risks, weights honoured."""
    tables = []
    for model, by_learner in risks.items():
        spec = work.fitted[model].model
        cohort = work.cohorts[spec.endpoint.name]
        weight = cohort_weights(cohort, work.settings)
        known = weight > 0
        for learner, risk in by_learner.items():
            table = performance(
                cohort.outcome.event[known].astype(float), risk[:, known],
                sample_weight=weight[known], groups=cohort.patient_id[known], random_state=seed,
            )  # fmt: skip
            labels = {"model": model, "endpoint": spec.endpoint.name,
                      "prediction_time": spec.prediction_time, "learner": learner}  # fmt: skip
            for place, (column, value) in enumerate(labels.items()):
                table.insert(place, column, value)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _notes(work: _Work, resamples: int, times: Sequence[str]) -> list[str]:
    notes = [f"{model}: {note}" for model, f in work.fitted.items() for note in f.notes]
    notes += [f"{model}: not trained: {why}" for model, why in work.refused.items()]
    notes += [f"{name}: {note}" for name, c in work.cohorts.items() for note in c.notes]
    for model, results in work.members.items():
        failed = sum(result.fitted is None for result in results)
        if failed:
            notes.append(f"{model}: {failed} of {resamples} bootstrap refits could not be fitted")
    if len(times) == 1:
        notes.append("nothing known from the procedure is recorded: preprocedure models only")
    return notes


def _parts(
    work: _Work,
    registry: Registry,
    table: pd.DataFrame,
    notes: list[str],
    name: str,
    seed: int,
    resamples: int,
) -> BundleParts:
    members = {
        model: [r.fitted.model for r in sorted(results, key=lambda r: r.refit.seed) if r.fitted]
        for model, results in work.members.items()
    }
    created = dt.datetime.now(dt.UTC)
    provenance = {
        "created": created.isoformat(timespec="seconds"),
        "source": registry.source,
        "digest": registry.digest,
        "all_episodes": registry.all_episodes,
        "n_episodes": len(registry.episodes),
        "n_sites": int(registry.episodes["site_id"].nunique()),
        "seed": seed,
        "resamples": resamples,
        "settings": work.settings.model_dump(mode="json"),
        "versions": {p: version(p) for p in _VERSIONS} | {"python": platform.python_version()},
        "choices": {model: fitted.choices for model, fitted in work.fitted.items()},
        "flow": {n: c.flow.to_dict("records") for n, c in work.cohorts.items()},
        "refused": work.refused,
        "notes": notes,
    }
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return BundleParts(
        name=name,
        version=created.strftime("%Y%m%d.%H%M%S"),
        simulated=registry.simulated,
        dictionary=registry.dictionary,
        models={model: fitted.model for model, fitted in work.fitted.items()},
        boosters={m: f.booster for m, f in work.fitted.items() if f.booster is not None},
        members={model: stack_members(models) for model, models in members.items() if models},
        performance=[{str(k): _plain(v) for k, v in row.items()} for row in rows],
        provenance=provenance,
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
