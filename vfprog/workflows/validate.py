"""Validate: a frozen bundle judged on another registry, nothing refitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.batch.score import bulk_log_odds
from vfprog.data.cohort import build_cohort
from vfprog.errors import ConfigError, TrainingError
from vfprog.features.design import derive_features
from vfprog.models.procedure import cohort_weights
from vfprog.models.settings import TrainingSettings
from vfprog.plots.base import label_of, mark_simulated, new_figure
from vfprog.plots.forest import forest_height, plot_forest
from vfprog.records import Figure, Table
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.choice import known_after_procedure
from vfprog.scoring.model import expit
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.heterogeneity import by_site, n_usable
from vfprog.validation.performance import performance
from vfprog.workflows.files import check_target, result_folder, write_table
from vfprog.workflows.inputs import as_recorded, open_for
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import BoolArray, FloatArray

# Figures drawn by site; the table holds the others too.
DRAWN_BY_SITE = {
    "c_statistic": "c-statistic",
    "calibration_slope": "Calibration slope",
    "calibration_in_the_large": "Calibration in the large",
}
# Names of absent predictors, or of small sites, spelled out in a note.
_SHOWN = 5
_FEWEST_SITES = 2
_NOT_TOLD = "unknown"  # what reading a registry puts where no site is told


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
    by_site : pandas.DataFrame
        Long table of `vfprog.validation.heterogeneity.by_site`, behind model, endpoint and
        prediction_time; empty where fewer than two sites can be judged.
    by_site_folder : pathlib.Path or None
        Where that table and its forest plots were written.
    """

    performance: pd.DataFrame
    flows: dict[str, pd.DataFrame] = field(default_factory=dict)
    risks: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    simulated: bool = False
    by_site: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_site_folder: Path | None = None


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
    with any value from the procedure. Where two or more sites can be judged, so is each of them,
    and the figures are pooled over sites.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        The bundle.
    source : str, pathlib.Path or Registry
        The registry.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    out : str or pathlib.Path, optional
        File for the performance table; figures by site go to a folder beside it, named after it
        and ending in ``_by_site``.
    force : bool
        Replace an existing file and folder.

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
        _check_places(out, force=force)
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    registry = open_for(loaded, source, mapping).registry
    simulated = loaded.simulated or registry.simulated
    result = Validation(pd.DataFrame(), notes=_differences(loaded, registry), simulated=simulated)
    _judge_all(loaded, registry, result)
    if out is not None:
        _write(result, out, force=force)
    return result


def site_records(result: Validation) -> Iterator[Table | Figure]:
    """Yield the figures by site of a validation: the long table, then forest plots.

    Parameters
    ----------
    result : Validation
        What `validate` returned.

    Yields
    ------
    Table or Figure
        ``by_site``, then ``<model>_<metric>``; nothing where no sites could be compared.
    """
    if result.by_site.empty:
        return
    yield Table("by_site", result.by_site)
    for model, part in result.by_site.groupby("model", sort=False):
        title = f"{label_of(part['endpoint'].iloc[0], None)}, {part['prediction_time'].iloc[0]}"
        for metric in DRAWN_BY_SITE:
            figure, ax = new_figure(7.2, forest_height(part, metric))
            plot_forest(part, ax, metric=metric, title=title, labels=DRAWN_BY_SITE)
            drawn = mark_simulated(figure) if result.simulated else figure
            yield Figure(f"{model}_{metric}", drawn)


def _check_places(out: str | Path, *, force: bool) -> None:
    """Raise unless table and folder may be written; before any work."""
    check_target(out, force=force)
    if _folder(out).exists() and not force:
        raise ConfigError(
            f"{_folder(out)} exists; choose another place or give --force to replace it"
        )


def _folder(out: str | Path) -> Path:
    return Path(out).with_name(f"{Path(out).stem}_by_site")


def _write(result: Validation, out: str | Path, *, force: bool) -> None:
    folder = _folder(out)
    if not result.by_site.empty:
        with result_folder(folder, force=force) as beside:
            for record in site_records(result):
                if isinstance(record, Table):
                    write_table(record.frame, beside / f"{record.name}.csv")
                else:
                    record.figure.savefig(beside / f"{record.name}.png", dpi=150)
        result.by_site_folder = folder
    elif folder.exists():
        result.notes.append(f"{folder} is of an earlier validation: now no sites are compared")
    write_table(result.performance, out, force=force)


def _judge_all(bundle: Bundle, registry: Registry, result: Validation) -> None:
    tables, sites = [], []
    for endpoint, times in bundle.endpoints.items():
        rule = bundle.model(f"{endpoint}_{times[0]}").endpoint
        try:
            cohort = build_cohort(registry, as_recorded(rule, registry))
        except TrainingError as error:
            result.notes.append(f"{endpoint}: not judged: {error}")
            continue
        result.flows[endpoint] = cohort.flow
        for name in (f"{endpoint}_{time}" for time in times):
            try:
                whole, by_sites = _judge(bundle, name, cohort, result)
            except (TrainingError, UndefinedFigureError) as error:
                result.notes.append(f"{name}: not judged: {error}")
                continue
            tables.append(whole)
            sites += by_sites
    if not tables:
        raise TrainingError("no model can be judged on this registry:\n" + "\n".join(result.notes))
    result.performance = pd.concat(tables, ignore_index=True)
    if sites:
        result.by_site = pd.concat(sites, ignore_index=True)


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
            notes.append(
                f"{endpoint}: {len(absent)} of {len(model.parents)} predictors are not recorded "
                f"at all: {_listed(absent)}"
            )
    return notes


def _judge(
    bundle: Bundle, name: str, cohort: Cohort, result: Validation
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return the performance of a model, and by site where sites can be compared."""
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
    sites = _by_site(name, cohort, known, weight, risk, result)
    return labelled(table, model), [labelled(part, model) for part in sites]


def _by_site(
    name: str,
    cohort: Cohort,
    known: BoolArray,
    weight: FloatArray,
    risk: FloatArray,
    result: Validation,
) -> list[pd.DataFrame]:
    """Return the table by site, or none with a note where sites cannot be compared."""
    site = np.where(cohort.site_id[known] == _NOT_TOLD, "", cohort.site_id[known])
    if np.unique(site[site != ""].astype(str)).size < _FEWEST_SITES:
        return []
    table = by_site(
        cohort.outcome.event[known].astype(float), risk, site, sample_weight=weight[known],
        groups=cohort.patient_id[known],
    )  # fmt: skip
    if n_usable(table) < _FEWEST_SITES:
        result.notes.append(f"{name}: not judged by site: too few with, or without, the event")
        return []
    result.notes += _fates(name, table)
    return [table]


def _fates(name: str, table: pd.DataFrame) -> list[str]:
    """Return which sites were judged together and which were left out."""
    rows = table[(table["metric"] == "c_statistic") & (table["role"] == "site")]
    rows = rows[rows["estimate"].isna()]
    together = rows["reason"].str.startswith("counted in")
    fates = ((rows[together], "judged as one"), (rows[~together], "left out"))
    return [
        f"{name}: by site, {fate}: {_listed(part['site'])}" for part, fate in fates if len(part)
    ]


def _listed(names: Sequence[str] | pd.Series[str]) -> str:
    """Return the first few names."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _settings(bundle: Bundle) -> TrainingSettings:
    """Return the settings the bundle was trained with: its outcome weights are used again."""
    return TrainingSettings.model_validate(bundle.manifest["provenance"]["settings"])
