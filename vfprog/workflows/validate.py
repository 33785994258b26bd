"""Validate: a frozen bundle judged on another registry, nothing refitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vfprog.data.cohort import build_cohort
from vfprog.data.readers import failure_table
from vfprog.errors import ConfigError, TrainingError
from vfprog.plots.base import label_of
from vfprog.records import Figure, Table
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.validation._check import UndefinedFigureError
from vfprog.workflows.curves import CURVES
from vfprog.workflows.evidence_figures import forest_figures
from vfprog.workflows.files import check_target, result_folder, write_table
from vfprog.workflows.inputs import as_recorded, open_for
from vfprog.workflows.judging import Judged, judge_frozen
from vfprog.workflows.population import differences, population_table, reference_warnings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry
    from vfprog.errors import Failure

# Tables beside the performance, each a file of the folder of details.
DETAILS = ("population", "case_mix", "time_to_event", "subgroups", "calibration_tests")


@dataclass
class Validation:
    """How a frozen bundle did on a registry.

    Parameters
    ----------
    performance : pandas.DataFrame
        Long table: model, endpoint, prediction_time, metric, estimate, lower, upper, n, n_events,
        and in each row bundle_sha256, registry_sha256 and simulated: of what on what.
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
    population : pandas.DataFrame
        Predictors in development and here, see `vfprog.workflows.population.population_table`.
    case_mix : pandas.DataFrame
        What tells case mix from misfit, see `vfprog.workflows.case_mix.beside_development`.
    time_to_event : pandas.DataFrame
        Figures of dated endpoints as times to an event; empty without one.
    subgroups : pandas.DataFrame
        Figures in each subgroup, see `vfprog.workflows.subgroups.subgroup_figures`.
    calibration_tests : pandas.DataFrame
        Test of moderate calibration of each model.
    curves : dict of str to pandas.DataFrame
        ``risk_distribution``, ``decision_curve`` and ``calibration_curve`` of the models.
    bundle, source : str
        Name and version of the bundle, and where the registry was read from.
    warnings : tuple of Failure
        Predictors so unlike development that a code or unit is likely to differ, or that most
        values lie where the model has seen few.
    details_folder : pathlib.Path or None
        Where these tables and the warnings were written.
    """

    performance: pd.DataFrame
    flows: dict[str, pd.DataFrame] = field(default_factory=dict)
    risks: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    simulated: bool = False
    by_site: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_site_folder: Path | None = None
    population: pd.DataFrame = field(default_factory=pd.DataFrame)
    case_mix: pd.DataFrame = field(default_factory=pd.DataFrame)
    time_to_event: pd.DataFrame = field(default_factory=pd.DataFrame)
    subgroups: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration_tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    curves: dict[str, pd.DataFrame] = field(default_factory=dict)
    bundle: str = ""
    source: str = ""
    warnings: tuple[Failure, ...] = ()
    details_folder: Path | None = None

    def details(self) -> dict[str, pd.DataFrame]:
        """Return the long tables beside the performance that have rows, by name."""
        tables = {name: getattr(self, name) for name in DETAILS} | self.curves
        return {name: table for name, table in tables.items() if len(table)}


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
        File for the performance table. Beside it go two folders named after it: ``_by_site`` with
        the figures by site, ``_details`` with populations, case mix, times to the event, warnings.
    force : bool
        Replace an existing file and folders.

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
    result = Validation(pd.DataFrame(), notes=differences(loaded, registry), simulated=simulated)
    result.bundle = f"{loaded.identity.name} {loaded.identity.version}"
    result.source = registry.source
    result.warnings = tuple(reference_warnings(loaded, registry))
    _judge_all(loaded, registry, result)
    result.performance = result.performance.assign(
        bundle_sha256=loaded.identity.sha256, registry_sha256=registry.digest, simulated=simulated
    )
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
        yield from forest_figures(part, prefix=str(model), title=title, simulated=result.simulated)


def _check_places(out: str | Path, *, force: bool) -> None:
    """Raise unless table and folder may be written; before any work."""
    check_target(out, force=force)
    for folder in (_folder(out, "by_site"), _folder(out, "details")):
        if folder.exists() and not force:
            raise ConfigError(
                f"{folder} exists; choose another place or give --force to replace it"
            )


def _folder(out: str | Path, what: str) -> Path:
    return Path(out).with_name(f"{Path(out).stem}_{what}")


def _write(result: Validation, out: str | Path, *, force: bool) -> None:
    folder = _folder(out, "by_site")
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
    with result_folder(_folder(out, "details"), force=force) as beside:
        for name, table in result.details().items():
            write_table(table, beside / f"{name}.csv")
        if result.warnings:
            write_table(failure_table(result.warnings), beside / "warnings.csv")
    result.details_folder = _folder(out, "details")
    write_table(result.performance, out, force=force)


def _judge_all(bundle: Bundle, registry: Registry, result: Validation) -> None:
    judged: list[Judged] = []
    populations = []
    for endpoint, times in bundle.endpoints.items():
        rule = bundle.model(f"{endpoint}_{times[0]}").endpoint
        try:
            cohort = build_cohort(registry, as_recorded(rule, registry))
        except TrainingError as error:
            result.notes.append(f"{endpoint}: not judged: {error}")
            continue
        result.flows[endpoint] = cohort.flow
        populations.append(population_table(bundle, endpoint, cohort))
        for name in (f"{endpoint}_{time}" for time in times):
            try:
                done = judge_frozen(bundle, name, cohort)
            except (TrainingError, UndefinedFigureError) as error:
                result.notes.append(f"{name}: not judged: {error}")
                continue
            result.risks[name] = done.risks
            result.notes += done.notes
            judged.append(done)
    if not judged:
        raise TrainingError("no model can be judged on this registry:\n" + "\n".join(result.notes))
    result.performance = _together([one.performance for one in judged])
    result.by_site = _together([one.by_site for one in judged])
    result.case_mix = _together([one.case_mix for one in judged])
    result.time_to_event = _together([one.time_to_event for one in judged])
    result.subgroups = _together([one.subgroups for one in judged])
    result.calibration_tests = _together([one.calibration_tests for one in judged])
    result.population = _together(populations)
    for name in CURVES:
        result.curves[name] = _together([one.curves.get(name, pd.DataFrame()) for one in judged])


def _together(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables below each other; an empty one where all are."""
    some = [table for table in tables if len(table)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame()
