"""Train: from a registry to one bundle, its performance, its explanation and its run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vfprog.models.settings import TrainingSettings, load_settings
from vfprog.scoring.bundle_writer import BundleParts, check_free, write_bundle
from vfprog.workflows.assemble import bundle_parts, judge, notes_of
from vfprog.workflows.doubts import doubts, flat_doubts
from vfprog.workflows.evidence import evidence_tables
from vfprog.workflows.inputs import (
    OpenedRegistry,
    build_cohorts,
    choose_endpoints,
    has_procedure_values,
    mapping_name,
    no_progress,
    open_registry,
)
from vfprog.workflows.refit_store import open_store
from vfprog.workflows.refitting import Work, fit_models, gather_risks, resample_models
from vfprog.workflows.screening import screen_before_training
from vfprog.workflows.stability import instability_coverage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from vfprog.data.cohort import Cohort
    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry
    from vfprog.errors import Failure
    from vfprog.features.arrays import FloatArray
    from vfprog.models.procedure import FittedProcedure
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.schema.endpoints import Endpoint
    from vfprog.workflows.inputs import Progress


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
    tables : dict of str to pandas.DataFrame
        Long tables of the evidence by name, also in the bundle.
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
    reused : int
        Finished refits of an interrupted training that were used again.
    redone : int
        Those whose files were damaged, so that they were done again.
    """

    bundle: Path
    parts: BundleParts
    cohorts: dict[str, Cohort]
    fitted: dict[str, FittedProcedure]
    risks: dict[str, dict[str, FloatArray]]
    performance: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    refused: dict[str, str]
    notes: list[str]
    warnings: tuple[Failure, ...]
    registry: Registry
    settings: TrainingSettings
    seed: int
    reused: int = 0
    redone: int = 0

    def cohort_of(self, model: str) -> Cohort:
        """Return the episodes a model was judged on."""
        return self.cohorts[self.fitted[model].model.endpoint.name]


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
    fresh: bool = False,
    progress: Progress = no_progress,
) -> Training:
    """Train every endpoint at every prediction time and write one bundle.

    Finished refits are kept beside the bundle until it is written, so that a training that was
    interrupted and is started again as it was repeats none of them.

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
    fresh : bool
        Repeat the refits that an interrupted training had finished.
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
    if opened.read is not None:
        found = screen_before_training(opened.read, cohorts)
        opened = OpenedRegistry(opened.registry, (*opened.warnings, *found))
    times: list[PredictionTime] = ["preprocedure"]
    if has_procedure_values(opened.registry):
        times.append("postprocedure")
    with open_store(Path(out), cohorts, settings, seed, fresh=fresh) as store:
        work = Work(cohorts, refused, settings, jobs, progress, store=store)
        fit_models(work, times, seed, strict=strict)
        resample_models(work, resamples, seed)
        risks = gather_risks(work, strict=strict)
        table = judge(work, risks, seed)
        notes = [*opened.registry.notes, *notes_of(work, resamples, times), *doubts(table)]
        notes += flat_doubts({name: work.folds[name] for name in work.fitted if name in work.folds})
        tables = {found.name: found.frame for found in evidence_tables(work)}
        parts = bundle_parts(work, opened.registry, table, tables, notes, name, seed, resamples)
        coverage = instability_coverage(work, source, opened.registry)
        parts.provenance["instability_coverage"] = coverage
        parts.provenance["asked"] = _asked(mapping, endpoints)
        written = write_bundle(parts, out, force=force)
    return Training(
        written, parts, work.cohorts, work.fitted, risks, table, tables, work.refused, notes,
        opened.warnings, opened.registry, settings, seed, store.reused, store.damaged,
    )  # fmt: skip


def _asked(
    mapping: str | Path | RegistryMapping | None, endpoints: Sequence[str | Path | Endpoint] | None
) -> dict[str, Any]:
    """Return what was asked for by its names, without the folders files lie in."""
    known = [e if isinstance(e, str | Path) else e.name for e in endpoints or ()]
    return {
        "mapping": mapping_name(mapping),
        "endpoints": None if endpoints is None else [Path(name).name for name in known],
    }
