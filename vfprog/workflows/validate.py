"""Validate: a frozen bundle judged on another registry, nothing refitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.batch.score import bulk_log_odds
from vfprog.data.cohort import build_cohort
from vfprog.errors import TrainingError
from vfprog.features.design import derive_features
from vfprog.models.procedure import cohort_weights
from vfprog.models.settings import TrainingSettings
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.choice import known_after_procedure
from vfprog.scoring.model import expit
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.performance import performance
from vfprog.workflows.assemble import labelled
from vfprog.workflows.files import check_target, write_table
from vfprog.workflows.inputs import as_recorded, open_for

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.data.cohort import Cohort
    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry


# Names of absent predictors spelled out in a note.
_SHOWN = 5


@dataclass
class Validation:
    """How a frozen bundle did on a registry.

    Parameters
    ----------
    performance : pandas.DataFrame
        Long table: model, endpoint, prediction_time, metric, estimate, lower, upper, n, n_events.
    flows : dict of str to pandas.DataFrame
        Participant flow of each endpoint.
    risks : dict of str to pandas.DataFrame
        For each model: episode_id, outcome, weight and risk of the episodes judged.
    notes : list of str
        What a reader of the results must see.
    simulated : bool
        Whether the model or the registry is simulated.
    """

    performance: pd.DataFrame
    flows: dict[str, pd.DataFrame] = field(default_factory=dict)
    risks: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    simulated: bool = False


def validate(
    bundle: Bundle | str | Path,
    source: str | Path | Registry,
    *,
    mapping: str | Path | RegistryMapping | None = None,
    out: str | Path | None = None,
    force: bool = False,
) -> Validation:
    """Judge a frozen bundle on a registry.

    Preprocedure models are judged on every episode of their cohort, postprocedure models on those
    with any value from the procedure.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        The bundle.
    source : str, pathlib.Path or Registry
        The registry.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    out : str or pathlib.Path, optional
        File for the performance table.
    force : bool
        Replace an existing file.

    Returns
    -------
    Validation
        Performance, flow and notes.

    Raises
    ------
    InputError
        The registry has errors.
    TrainingError
        No model can be judged on it.
    """
    if out is not None:
        check_target(out, force=force)
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    registry = open_for(loaded, source, mapping).registry
    simulated = loaded.simulated or registry.simulated
    result = Validation(pd.DataFrame(), notes=_differences(loaded, registry), simulated=simulated)
    tables = []
    for endpoint, times in loaded.endpoints.items():
        rule = loaded.model(f"{endpoint}_{times[0]}").endpoint
        try:
            cohort = build_cohort(registry, as_recorded(rule, registry))
        except TrainingError as error:
            result.notes.append(f"{endpoint}: not judged: {error}")
            continue
        result.flows[endpoint] = cohort.flow
        for name in (f"{endpoint}_{time}" for time in times):
            try:
                tables.append(_judge(loaded, name, cohort, result))
            except (TrainingError, UndefinedFigureError) as error:
                result.notes.append(f"{name}: not judged: {error}")
    if not tables:
        raise TrainingError("no model can be judged on this registry:\n" + "\n".join(result.notes))
    result.performance = pd.concat(tables, ignore_index=True)
    if out is not None:
        write_table(result.performance, out, force=force)
    return result


def _differences(bundle: Bundle, registry: Registry) -> list[str]:
    """Return what makes this registry another one than the models were made for, or the same."""
    notes = list(registry.notes)
    if registry.digest == bundle.manifest["provenance"].get("digest"):
        notes.append("these are the data the models were trained on: the figures are too good")
    arrays = registry.arrays()
    given = {**arrays.episodes, **arrays.vertebrae}
    recorded = {name for name, values in given.items() if not np.isnan(values).all()}
    for endpoint, times in bundle.endpoints.items():
        model = bundle.model(f"{endpoint}_{times[-1]}")
        there = as_recorded(model.endpoint, registry)
        if there.population != model.endpoint.population:
            ours, theirs = (", ".join(e.population) or "all" for e in (model.endpoint, there))
            notes.append(f"{endpoint}: made for {ours} episodes, judged on {theirs} episodes")
        absent = sorted(model.parents - recorded)
        if absent:
            shown = ", ".join(absent[:_SHOWN]) + (", ..." if len(absent) > _SHOWN else "")
            notes.append(
                f"{endpoint}: {len(absent)} of {len(model.parents)} predictors are not recorded "
                f"at all: {shown}"
            )
    return notes


def _judge(bundle: Bundle, name: str, cohort: Cohort, result: Validation) -> pd.DataFrame:
    model = bundle.model(name)
    if model.prediction_time == "postprocedure":
        cohort = cohort.take(
            np.flatnonzero(known_after_procedure(cohort.arrays, bundle.dictionary))
        )
    weight = cohort_weights(cohort, _settings(bundle)) if cohort.n else np.zeros(0)
    known = weight > 0
    if not known.any():
        raise TrainingError("no episode with a known outcome")
    derived = derive_features(cohort.arrays, bundle.dictionary)
    risk = expit(bulk_log_odds(bundle, name, model.matrix(derived, cohort.n)))[known]
    outcome = cohort.outcome.event[known].astype(float)
    result.risks[name] = pd.DataFrame(
        {"episode_id": cohort.episode_id[known], "outcome": outcome, "weight": weight[known],
         "risk": risk}
    )  # fmt: skip
    table = performance(outcome, risk, sample_weight=weight[known], groups=cohort.patient_id[known])
    return labelled(table, model)


def _settings(bundle: Bundle) -> TrainingSettings:
    """Return the settings the bundle was trained with: its outcome weights are used again."""
    return TrainingSettings.model_validate(bundle.manifest["provenance"]["settings"])
