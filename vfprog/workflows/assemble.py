"""Put a training together: performance, notes, and the parts of its bundle."""

from __future__ import annotations

import datetime as dt
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.screening.reference import summarise
from vfprog.models.procedure import cohort_weights
from vfprog.scoring.bundle_writer import BundleParts
from vfprog.scoring.members import stack_members
from vfprog.scoring.typicality_learn import learn_typicality
from vfprog.validation.performance import performance
from vfprog.workflows.evidence import as_columns
from vfprog.workflows.labels import labelled
from vfprog.workflows.subgroups import bedside_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.data.registry import Registry
    from vfprog.features.arrays import FloatArray
    from vfprog.workflows.refitting import Work

_VERSIONS = ("vfprog", "numpy", "pandas", "scikit-learn", "scipy", "xgboost")


def judge(work: Work, risks: dict[str, dict[str, FloatArray]], seed: int) -> pd.DataFrame:
    """Judge every model and learner on its cross-validated risks, weights honoured.

    Parameters
    ----------
    work : Work
        Cohorts and models.
    risks : dict of str to dict of str to ndarray of float, shape (repeats, n)
        Cross-validated risks by model and learner.
    seed : int
        Seed of the bootstrap behind some intervals.

    Returns
    -------
    pandas.DataFrame
        Long table: model, endpoint, prediction_time, learner, metric, estimate, and so on.
    """
    tables = []
    for model, by_learner in risks.items():
        spec = work.fitted[model].model
        cohort = work.cohorts[spec.endpoint.name]
        weight = cohort_weights(cohort, work.settings)
        known = weight > 0
        folds = work.left_out[model][:, known]
        for learner, risk in by_learner.items():
            table = performance(
                cohort.outcome.event[known].astype(float), risk[:, known],
                sample_weight=weight[known], groups=cohort.patient_id[known], folds=folds,
                random_state=seed,
            )  # fmt: skip
            tables.append(labelled(table, spec, learner=learner))
    return pd.concat(tables, ignore_index=True)


def notes_of(work: Work, resamples: int, times: Sequence[str]) -> list[str]:
    """Return what a reader of the results must see.

    Parameters
    ----------
    work : Work
        Models, refusals and refits.
    resamples : int
        Bootstrap refits asked for per model.
    times : sequence of str
        Prediction times trained.

    Returns
    -------
    list of str
        One sentence each.
    """
    notes = [f"{model}: {note}" for model, f in work.fitted.items() for note in f.notes]
    notes += [f"{model}: not trained: {why}" for model, why in work.refused.items()]
    notes += [f"{name}: {note}" for name, c in work.cohorts.items() for note in c.notes]
    for model, results in work.members.items():
        failed = sum(result.fitted is None for result in results)
        if failed:
            notes.append(f"{model}: {failed} of {resamples} bootstrap refits could not be fitted")
    for kind, done in (("folds", work.folds), ("bootstrap refits", work.members)):
        notes += [
            f"{model}: {flat} of {len(results)} {kind} learned nothing and give everybody the "
            "prevalence"
            for model, results in done.items()
            if model in work.fitted and (flat := sum(result.flat for result in results))
        ]
    if len(times) == 1:
        notes.append("nothing known from the procedure is recorded: preprocedure models only")
    return notes


def bundle_parts(
    work: Work,
    registry: Registry,
    table: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    notes: list[str],
    name: str,
    seed: int,
    resamples: int,
) -> BundleParts:
    """Return the parts of the bundle of a training.

    Parameters
    ----------
    work : Work
        Models and members.
    registry : Registry
        The registry.
    table : pandas.DataFrame
        Performance.
    tables : dict of str to pandas.DataFrame
        Long tables of the evidence.
    notes : list of str
        Notes.
    name : str
        Name of the bundle.
    seed, resamples : int
        Arguments of the training.

    Returns
    -------
    BundleParts
        What `write_bundle` writes.
    """
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
        "population_note": " ".join(registry.notes),
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
    dictionary = registry.dictionary
    typed = {"episodes": registry.episodes, "vertebrae": registry.vertebrae}
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return BundleParts(
        name=name,
        version=created.strftime("%Y%m%d.%H%M%S"),
        simulated=registry.simulated,
        dictionary=dictionary,
        models={model: fitted.model for model, fitted in work.fitted.items()},
        boosters={m: f.booster for m, f in work.fitted.items() if f.booster is not None},
        members={model: stack_members(models) for model, models in members.items() if models},
        performance=[{str(k): _plain(v) for k, v in row.items()} for row in rows],
        provenance=provenance,
        reference={name: kept.as_dict() for name, kept in summarise(typed, dictionary).items()},
        subgroups=bedside_part(tables["subgroups"]),
        tables={name: as_columns(frame) for name, frame in tables.items()},
        typicality=_typicality(work, registry),
    )


def _typicality(work: Work, registry: Registry) -> dict[str, Any]:
    """Return what tells how unlike the development patients someone is: those of any endpoint."""
    took_part = {episode for cohort in work.cohorts.values() for episode in cohort.episode_id}
    rows = np.flatnonzero(registry.episodes["episode_id"].isin(took_part))
    learned = learn_typicality(registry.arrays().take(rows), registry.dictionary)
    return {} if learned is None else learned.as_dict()


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
