"""Publish: send a training to the tracking store and register its bundle."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.records import Artifact, Metric, Param, RunRecords, Table
from vfprog.scoring.bundle import load_bundle
from vfprog.tracking.registry import register_bundle
from vfprog.tracking.send import DATASET_DIGEST, DATASET_NAME, send
from vfprog.tracking.store import resolve_store
from vfprog.workflows.curves import CURVES, of_model
from vfprog.workflows.evidence_figures import evidence_figures
from vfprog.workflows.figures import curve_figures, explained_figures, flow_figure, line_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from vfprog.tracking.send import SentRun
    from vfprog.workflows.train import Training

# Tag by which the runs of one bundle are found: training, validations, reports.
BUNDLE_SHA256 = "bundle_sha256"
_REQUIREMENTS = ("numpy", "pandas", "pydantic", "pyyaml", "xgboost")


@dataclass(frozen=True)
class Published:
    """Where a training now stands in the tracking store.

    Parameters
    ----------
    run : SentRun
        The parent run and its nested runs.
    version : str
        Version of the registered model; its alias is ``challenger``.
    uri : str
        Address of the store.
    """

    run: SentRun
    version: str
    uri: str


def publish(
    training: Training, *, root: str | Path = "mlruns", alias: str = "challenger"
) -> Published:
    """Send a training to the tracking store and register its bundle.

    Parameters
    ----------
    training : Training
        What `train` returned.
    root : str or pathlib.Path
        Folder of the default store; ``MLFLOW_TRACKING_URI`` wins.
    alias : str
        Alias of the new version of the registered model.

    Returns
    -------
    Published
        Runs, version and address.
    """
    uri = resolve_store(Path(root))
    run = send(run_records(training), uri=uri)
    predictors = [p.name for p in training.parts.dictionary.of_table("episodes")]
    requirements = [f"vfprog=={version('vfprog')}"]
    requirements += [f"{name}=={version(name)}" for name in _REQUIREMENTS]
    number = register_bundle(
        training.bundle, predictors, run_id=run.run_id, uri=uri, alias=alias,
        pip_requirements=requirements, tags={"trained_on": _trained_on(training)},
    )  # fmt: skip
    return Published(run, number, uri)


def run_records(training: Training) -> RunRecords:
    """Return everything a training has to say, as one parent run with nested runs.

    Parameters
    ----------
    training : Training
        What `train` returned.

    Returns
    -------
    RunRecords
        Parent run (data, settings, environment), a run per model, and in it one per learner.
    """
    provenance = training.parts.provenance
    tags = {
        "trained_on": _trained_on(training),
        BUNDLE_SHA256: load_bundle(training.bundle).identity.sha256,
        DATASET_NAME: str(provenance["source"]),
        DATASET_DIGEST: str(provenance["digest"]),
        "mlflow.note.content": _description(training),
    }
    settings = {f"settings.{k}": v for k, v in provenance["settings"].items()}
    versions = {f"versions.{k}": v for k, v in provenance["versions"].items()}
    plain = {
        k: provenance[k] for k in ("source", "digest", "n_episodes", "n_sites", "seed", "resamples")
    }
    kind = "update" if training.parts.lineage else "training"
    parent = RunRecords(f"{kind} {training.parts.version}", tags)
    if training.parts.lineage:
        parent.records.append(Param("updated_from", training.parts.lineage[-1]["sha256"]))
    parent.records.extend([Param(k, v) for k, v in {**plain, **settings, **versions}.items()])
    parent.records.append(Table("performance", training.performance))
    parent.records.extend([Artifact(training.bundle / "manifest.json", "bundle")])
    parent.records.extend([Table(name, frame) for name, frame in training.tables.items()])
    parent.records.extend(list(_headline(training.performance)))
    parent.children.extend([_model_run(training, model) for model in training.fitted])
    return parent


def _headline(table: pd.DataFrame) -> Iterator[Metric]:
    chosen = table[(table["learner"] == "model") & (table["metric"] == "c_statistic")]
    for row in chosen.itertuples():
        yield metric_of(f"{row.model}.c_statistic", row)


def _model_run(training: Training, name: str) -> RunRecords:
    fitted = training.fitted[name]
    model, cohort = fitted.model, training.cohort_of(name)
    run = RunRecords(name, _tags(training, name, "model"))
    run.records.extend([Param("definition", model.endpoint.definition)])
    run.records.extend([Param(k, v) for k, v in fitted.choices.items()])
    run.records.extend(list(_metrics(training.performance, name, "model")))
    judged = "on the registry of the update" if training.parts.lineage else "cross-validated"
    title = f"{model.endpoint.label}, {model.prediction_time}, {judged}"
    curves = {curve: of_model(training.tables[curve], name) for curve in CURVES}
    run.records.extend([Table(curve, frame) for curve, frame in curves.items() if len(frame)])
    run.records.extend(curve_figures(curves, title=title, simulated=training.parts.simulated))
    run.records.extend(
        evidence_figures(
            training.tables, training.performance, name,
            title=f"{model.endpoint.label}, {model.prediction_time}",
            simulated=training.parts.simulated,
        )
    )  # fmt: skip
    labels = line_labels(model, cohort.dictionary)
    run.records.extend(explained_figures(model, cohort, cohort.dictionary, labels))
    run.records.append(flow_figure(cohort))
    for learner in training.risks[name]:
        if learner != "model":
            child = RunRecords(f"{name}.{learner}", _tags(training, name, learner))
            child.records.extend(list(_metrics(training.performance, name, learner)))
            run.children.append(child)
    return run


def _tags(training: Training, name: str, learner: str) -> dict[str, str]:
    model = training.fitted[name].model
    return {
        "endpoint": model.endpoint.name,
        "prediction_time": model.prediction_time,
        "learner": "blend" if learner == "model" else learner,
        "trained_on": _trained_on(training),
    }


def _metrics(table: pd.DataFrame, model: str, learner: str) -> Iterator[Metric]:
    rows = table[(table["model"] == model) & (table["learner"] == learner)]
    for row in rows[rows["estimate"].notna()].itertuples():
        yield metric_of(str(row.metric), row)


def metric_of(name: str, row: Any) -> Metric:
    """Return the row of a table of performance as a metric, without limits that are undefined."""
    lower, upper = (float(v) if np.isfinite(v) else None for v in (row.lower, row.upper))
    return Metric(name, float(row.estimate), lower, upper)


def _trained_on(training: Training) -> str:
    return "simulated" if training.parts.simulated else "registry"


def _description(training: Training) -> str:
    """Return the text on the page of the run: what, on whom, how well, and the notes."""
    marked = "**SIMULATED DATA: not for care.**\n\n" if training.parts.simulated else ""
    table = training.performance
    lines = ["| model | c-statistic | calibration slope | n | events |", "|---|---|---|---|---|"]
    for model in training.fitted:
        rows = table[(table["model"] == model) & (table["learner"] == "model")].set_index("metric")
        c, slope = rows.loc["c_statistic"], rows.loc["calibration_slope"]
        shown = [f"{r.estimate:.3f} ({r.lower:.3f} to {r.upper:.3f})" for r in (c, slope)]
        lines.append(f"| {model} | {shown[0]} | {shown[1]} | {c.n} | {c.n_events} |")
    folds = training.settings.outer_folds
    head = (
        f"Cross-validated ({folds} folds by patient, the whole procedure inside each), 95 % limits."
    )
    if training.parts.lineage:
        head = "On the registry of the update: tests and coefficients cross-validated, 95 % limits."
    notes = "".join(f"\n- {note}" for note in training.notes)
    return f"{marked}{head}\n\n" + "\n".join(lines) + (f"\n\nNotes:{notes}" if notes else "")
