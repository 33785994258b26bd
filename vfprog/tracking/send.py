"""Send the records of a training, with its nested runs, to the tracking store."""

from __future__ import annotations

import getpass
import json
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vfprog.records import Artifact, Figure, Metric, Param, RunRecords, Table
from vfprog.tracking.faults import check_records
from vfprog.tracking.staging import Staging
from vfprog.tracking.store import EXPERIMENT, ensure_experiment, how_to_open, open_client, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

DATASET_NAME = "dataset_name"
DATASET_DIGEST = "dataset_digest"
DATASET_CONTEXT = "dataset_context"

_LONGEST_DIGEST = 36
_PARAMS_AT_ONCE = 100
_METRICS_AT_ONCE = 1000


@dataclass(frozen=True)
class SentRun:
    """A run as it now stands in the tracking store.

    Parameters
    ----------
    name : str
        Name of the run.
    run_id : str
        Its identifier.
    children : tuple of SentRun
        The nested runs, in the order sent.
    how_to_open : str
        Command or web address that shows the store.
    """

    name: str
    run_id: str
    children: tuple[SentRun, ...]
    how_to_open: str


@dataclass
class _Batch:
    """What one run sends in bulk."""

    params: list[Param] = field(default_factory=list)
    metrics: list[tuple[str, float]] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)


@dataclass(frozen=True)
class _Sender:
    client: Any
    experiment_id: str
    uri: str


def send(run: RunRecords, *, uri: str, experiment: str = EXPERIMENT) -> SentRun:
    """Send a run and the runs nested in it.

    A metric is kept as ``name``, its limits as ``name.lower`` and ``name.upper``. Tables and
    figures become files under ``tables`` and ``figures``; a parameter too long for the page is
    kept whole under ``parameters``. The tag ``mlflow.note.content`` is the description shown on
    the page of the run; the tags ``dataset_name`` and ``dataset_digest`` name its data there, and
    ``dataset_context`` what they served for, training unless it says otherwise.

    Parameters
    ----------
    run : RunRecords
        The parent run with its records and nested runs.
    uri : str
        Address of the store, see `vfprog.tracking.store.resolve_store`.
    experiment : str
        Name of the experiment; made if it does not exist.

    Returns
    -------
    SentRun
        Identifiers of what was sent and how to look at it.

    Raises
    ------
    ValueError
        Lists every record that could not be kept as it is; nothing was sent.
    """
    check_records(run)
    experiment_id = ensure_experiment(uri, experiment)
    with quiet():
        return _send_tree(_Sender(open_client(uri), experiment_id, uri), run, parent=None)


def _send_tree(sender: _Sender, run: RunRecords, parent: str | None) -> SentRun:
    with _open_run(sender, run, parent) as run_id:
        _send_records(sender.client, run, run_id)
        children = tuple(_send_tree(sender, child, run_id) for child in run.children)
    return SentRun(run.name, run_id, children, how_to_open(sender.uri))


@contextmanager
def _open_run(sender: _Sender, run: RunRecords, parent: str | None) -> Iterator[str]:
    """Create a run; it is closed as failed unless the block ends well."""
    tags = {"mlflow.user": _user(), "mlflow.source.name": "vfprog", "mlflow.source.type": "LOCAL"}
    if parent is not None:
        tags["mlflow.parentRunId"] = parent
    created = sender.client.create_run(
        sender.experiment_id, tags=tags | run.tags, run_name=run.name
    )
    status = "FAILED"
    try:
        yield created.info.run_id
        status = "FINISHED"
    finally:
        sender.client.set_terminated(created.info.run_id, status)


def _send_records(client: Any, run: RunRecords, run_id: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        staging = Staging(Path(folder))
        batch = _sort_out(run, staging)
        _send_batches(client, run_id, batch, staging.tags())
        if any(staging.folder.iterdir()):
            client.log_artifacts(run_id, folder)
    for artifact in batch.artifacts:
        client.log_artifact(run_id, str(artifact.path), artifact.folder or None)
    if DATASET_DIGEST in run.tags:
        client.log_inputs(run_id, [_dataset(run.tags)])


def _sort_out(run: RunRecords, staging: Staging) -> _Batch:
    batch = _Batch()
    for record in run.records:
        match record:
            case Param():
                batch.params.append(staging.shorten(record))
            case Metric():
                batch.metrics.extend(_figures_of(record))
            case Table():
                staging.add_table(record)
            case Figure():
                staging.add_figure(record)
            case Artifact():
                batch.artifacts.append(record)
    return batch


def _figures_of(metric: Metric) -> list[tuple[str, float]]:
    named = {"": metric.estimate, ".lower": metric.lower, ".upper": metric.upper}
    return [(metric.name + end, float(v)) for end, v in named.items() if v is not None]


def _send_batches(client: Any, run_id: str, batch: _Batch, tags: dict[str, str]) -> None:
    """Send parameters and metrics in as few calls as the store allows."""
    from mlflow.entities import Metric as StoredMetric
    from mlflow.entities import Param as StoredParam
    from mlflow.entities import RunTag

    now = int(time.time() * 1000)
    metrics = [StoredMetric(name, value, now, 0) for name, value in batch.metrics]
    params = [StoredParam(param.name, param.value) for param in batch.params]
    for chunk in _chunks(metrics, _METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=chunk)
    for chunk in _chunks(params, _PARAMS_AT_ONCE):
        client.log_batch(run_id, params=chunk)
    if tags:
        client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])


def _chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _dataset(tags: dict[str, str]) -> Any:
    """Name the data on the page of the run; the store keeps the first 36 digits of the digest."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    name = tags.get(DATASET_NAME, "registry")
    dataset = Dataset(
        name=name,
        digest=tags[DATASET_DIGEST][:_LONGEST_DIGEST],
        source_type="local",
        source=json.dumps({"uri": name}),
    )
    return DatasetInput(
        dataset, [InputTag("mlflow.data.context", tags.get(DATASET_CONTEXT, "training"))]
    )


def _user() -> str:
    """Return the name of the user; a container may have none, which getpass reports variously."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
