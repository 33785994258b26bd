"""Publish what was made of a bundle after its training: a validation elsewhere, a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vfprog.plots.base import label_of
from vfprog.records import Artifact, Metric, RunRecords, Table
from vfprog.tracking.send import DATASET_CONTEXT, DATASET_DIGEST, DATASET_NAME, send
from vfprog.tracking.store import resolve_store
from vfprog.workflows.curves import CURVES, of_model
from vfprog.workflows.figures import curve_figures
from vfprog.workflows.publish import BUNDLE_SHA256, metric_of
from vfprog.workflows.validate import site_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.tracking.send import SentRun
    from vfprog.workflows.report import Written
    from vfprog.workflows.validate import Validation

_LONGEST = 4900  # of the 5000 characters of a description the store keeps
_SIMULATED = "**SIMULATED DATA: not for care.**\n\n"


def publish(records: RunRecords, *, root: str | Path = "mlruns") -> SentRun:
    """Send a run to the tracking store.

    Parameters
    ----------
    records : RunRecords
        What `validation_records` or `report_records` returned.
    root : str or pathlib.Path
        Folder of the default store; ``MLFLOW_TRACKING_URI`` wins.

    Returns
    -------
    SentRun
        The run.
    """
    return send(records, uri=resolve_store(Path(root)))


def validation_records(result: Validation) -> RunRecords:
    """Return a frozen validation as a run: long tables, figures, case mix, notes.

    Parameters
    ----------
    result : Validation
        What `vfprog.workflows.validate.validate` returned.

    Returns
    -------
    RunRecords
        One run with a nested run per model; the tag ``bundle_sha256`` is that of the training.
    """
    first = result.performance.iloc[0]
    tags = {
        "kind": "external validation",
        BUNDLE_SHA256: str(first["bundle_sha256"]),
        DATASET_NAME: result.source,
        DATASET_DIGEST: str(first["registry_sha256"]),
        DATASET_CONTEXT: "validation",
        "mlflow.note.content": _description(result),
    }
    run = RunRecords(f"validation {result.bundle} on {result.source}", tags)
    run.records.append(Table("performance", result.performance))
    run.records.extend([Table(name, frame) for name, frame in result.details().items()])
    run.records.append(Table("notes", pd.DataFrame({"note": result.notes})))
    run.records.extend([Table(f"flow_{name}", flow) for name, flow in result.flows.items()])
    run.records.extend(site_records(result))
    run.children.extend([_model_run(result, name) for name in _models(result)])
    return run


def report_records(written: Written) -> RunRecords:
    """Return a report as a run that holds the page and the model card.

    Parameters
    ----------
    written : Written
        What `vfprog.workflows.report.write_report` returned.

    Returns
    -------
    RunRecords
        One run; the tag ``bundle_sha256`` is that of the training.
    """
    marked = _SIMULATED if written.simulated else ""
    tags = {
        "kind": "report",
        BUNDLE_SHA256: written.sha256,
        "mlflow.note.content": f"{marked}Report and model card of {written.bundle}.",
    }
    artifacts = [Artifact(path, "report") for path in (written.page, written.card)]
    return RunRecords(f"report {written.bundle}", tags, [*artifacts])


def _models(result: Validation) -> list[str]:
    return [str(name) for name in dict.fromkeys(result.performance["model"])]


def _model_run(result: Validation, name: str) -> RunRecords:
    rows = of_model(result.performance, name)
    endpoint, time = rows["endpoint"].iloc[0], rows["prediction_time"].iloc[0]
    run = RunRecords(name, {"endpoint": endpoint, "prediction_time": time})
    run.records.extend(_metrics(result, name))
    curves = {curve: of_model(result.curves[curve], name) for curve in CURVES}
    title = f"{label_of(endpoint, None)}, {time}, external validation"
    run.records.extend(curve_figures(curves, title=title, simulated=result.simulated))
    return run


def _metrics(result: Validation, name: str) -> Iterator[Metric]:
    rows = of_model(result.performance, name)
    for row in rows[rows["estimate"].notna()].itertuples():
        yield metric_of(str(row.metric), row)


def _description(result: Validation) -> str:
    """Return the text on the page of the run; of long notes the first, the table has all."""
    marked = _SIMULATED if result.simulated else ""
    lines = [f"{marked}Frozen bundle {result.bundle} on {result.source}; nothing was refitted.", ""]
    for note in result.notes:
        if len("\n".join(lines)) + len(note) > _LONGEST:
            lines.append("- and others, see the table of notes")
            break
        lines.append(f"- {note}")
    return "\n".join(lines).strip()
