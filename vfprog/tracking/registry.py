"""Register a bundle as a model of MLflow, and say which version is in use."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vfprog.schema.registry import REGISTRY
from vfprog.tracking.store import open_client, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODEL = "vfprog"
NESTED = "vertebrae"

_SCRIPT = Path(__file__).with_name("pyfunc_model.py")
# The tag by which MLflow's pages lead from the run to the version.
_VERSIONS_TAG = "mlflow.modelVersions"


def register_bundle(
    bundle_folder: Path,
    predictors: Sequence[str],
    *,
    run_id: str,
    uri: str,
    name: str = MODEL,
    alias: str = "challenger",
    pip_requirements: list[str],
    tags: Mapping[str, str] | None = None,
) -> str:
    """Keep a bundle with the run that trained it, as a new version of the registered model.

    Parameters
    ----------
    bundle_folder : pathlib.Path
        The bundle; copied as it is.
    predictors : sequence of str
        Columns the model reads. All are declared optional and of any type, so that MLflow lets
        missing and nullable values through to the checks of vfprog.
    run_id : str
        The parent run of the training.
    uri : str
        Address of the tracking store.
    name : str
        Name of the registered model; made if it does not exist.
    alias : str
        Alias given to the new version, taken from the version that had it.
    pip_requirements : list of str
        What a server installs to load the model; never inferred, which takes seconds.
    tags : mapping of str to str, optional
        Tags of the version, such as ``trained_on``.

    Returns
    -------
    str
        The new version.

    Raises
    ------
    FileNotFoundError
        There is no bundle at `bundle_folder`.
    ValueError
        There is no requirement, so that no server could load the model.
    """
    if not bundle_folder.is_dir():
        raise FileNotFoundError(f"no bundle at {bundle_folder}")
    if not pip_requirements:
        raise ValueError("pip_requirements is empty: a server could not load the model")
    with quiet():
        client = open_client(uri)
        logged = _log_model(client, bundle_folder, predictors, run_id, name, pip_requirements)
        _ensure_model(client, name)
        version = client.create_model_version(
            name,
            source=logged.artifact_location,
            run_id=run_id,
            tags=dict(tags or {}),
            model_id=logged.model_id,
        ).version
        client.set_registered_model_alias(name, alias, version)
        link = json.dumps([{"name": name, "version": version}])
        client.set_logged_model_tags(logged.model_id, {_VERSIONS_TAG: link})
    return str(version)


def promote(version: str, uri: str, *, name: str = MODEL, alias: str = "champion") -> None:
    """Make a version the one in use.

    Parameters
    ----------
    version : str
        Version of the registered model.
    uri : str
        Address of the tracking store.
    name : str
        Name of the registered model.
    alias : str
        The alias that means "in use"; the version that had it loses it.
    """
    with quiet():
        open_client(uri).set_registered_model_alias(name, alias, version)


def _log_model(
    client: Any,
    bundle_folder: Path,
    predictors: Sequence[str],
    run_id: str,
    name: str,
    pip_requirements: list[str],
) -> Any:
    """Store the model files as an output of the run.

    MLflow's own ``log_model`` would need the store and the run as settings of the whole process.
    """
    from mlflow.entities import LoggedModelOutput

    experiment_id = client.get_run(run_id).info.experiment_id
    logged = client.create_logged_model(experiment_id, name=name, source_run_id=run_id)
    status = "FAILED"
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            _save_model(path, logged, bundle_folder, predictors, pip_requirements)
            client.log_model_artifacts(logged.model_id, str(path))
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        status = "READY"
    finally:
        client.finalize_logged_model(logged.model_id, status)
    return logged


def _save_model(
    path: Path,
    logged: Any,
    bundle_folder: Path,
    predictors: Sequence[str],
    pip_requirements: list[str],
) -> None:
    from mlflow.models import Model
    from mlflow.pyfunc import save_model

    save_model(
        path,
        python_model=str(_SCRIPT),
        artifacts={"bundle": str(bundle_folder)},
        signature=_signature(predictors),
        pip_requirements=pip_requirements,
        mlflow_model=Model(
            artifact_path=logged.artifact_location,
            run_id=logged.source_run_id,
            model_uuid=logged.model_id,
            model_id=logged.model_id,
        ),
    )


def _signature(predictors: Sequence[str]) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, Schema

    # A row of a registry brings its identifiers along; MLflow would warn of each as unknown.
    structural = [column.name for column in REGISTRY["episodes"]]
    names = dict.fromkeys((*structural, *predictors, NESTED))
    return ModelSignature(Schema([ColSpec(AnyType(), name, required=False) for name in names]))


def _ensure_model(client: Any, name: str) -> None:
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(
            name, description="Prognosis after vertebroplasty of an osteoporotic fracture."
        )
