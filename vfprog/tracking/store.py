"""Where the runs are kept: a SQLite file beside its artifacts, or the server the user names."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import vfprog.tracking  # noqa: F401  # sets the environment MLflow reads on import

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPERIMENT = "vfprog"

_SQLITE = "sqlite:///"
_LOUD_LOGGERS = ("mlflow", "alembic", "sqlalchemy.engine")
_QUIET = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
# MLflow asks for an example, which would be a patient's row in the model; and while it is being
# imported it warns of type hints of its own.
_IDLE_WARNINGS = r".*(An input example was not provided|Any type hint is inferred as AnyType)"


def resolve_store(root: Path = Path("mlruns")) -> str:
    """Return the address of the tracking store, ready to receive runs.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the default store: database ``mlflow.db``, artifacts in ``artifacts``. Made
        if it does not exist; not touched where ``MLFLOW_TRACKING_URI`` is set.

    Returns
    -------
    str
        ``MLFLOW_TRACKING_URI`` where it is set, else the SQLite address under `root`. The
        experiment ``vfprog`` exists there.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        root.mkdir(parents=True, exist_ok=True)
        uri = default_uri(root)
    ensure_experiment(uri, EXPERIMENT)
    return uri


def ensure_experiment(uri: str, name: str) -> str:
    """Return the identifier of an experiment, making it where it does not exist.

    Parameters
    ----------
    uri : str
        Address of the tracking store.
    name : str
        Name of the experiment.

    Returns
    -------
    str
        Identifier of the experiment.

    Raises
    ------
    ValueError
        The experiment stands in the store's bin: it must be restored, or another name chosen.
    """
    with quiet():
        client = open_client(uri)
        found = client.get_experiment_by_name(name)
        if found is None:
            return str(client.create_experiment(name, artifact_location=artifact_location(uri)))
    if found.lifecycle_stage != "active":
        raise ValueError(
            f"experiment {name!r} of {uri} was deleted: restore it with "
            f"'mlflow experiments restore --experiment-id {found.experiment_id}'"
        )
    return str(found.experiment_id)


def artifact_location(uri: str) -> str | None:
    """Return the artifact folder that goes with a store, or None where a server decides.

    Parameters
    ----------
    uri : str
        Address of the tracking store.

    Returns
    -------
    str or None
        ``file:`` address of the folder ``artifacts`` beside a SQLite database; None otherwise.
    """
    if not uri.startswith(_SQLITE):
        return None
    return (
        Path(uri.removeprefix(_SQLITE).partition("?")[0]).resolve().parent / "artifacts"
    ).as_uri()


def open_client(uri: str) -> Any:
    """Return an MLflow client that tracks and registers at one address."""
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def how_to_open(uri: str) -> str:
    """Return the line that shows the user the store.

    Parameters
    ----------
    uri : str
        Address of the tracking store.

    Returns
    -------
    str
        A web address, or the command that starts MLflow's pages on the store.
    """
    if urlparse(uri).scheme in {"http", "https"}:
        return uri
    return f"mlflow ui --backend-store-uri {uri}"


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what MLflow says about itself; its warnings and errors still come through.

    Yields
    ------
    None
        Nothing: the silence lasts for the block.
    """
    import mlflow  # noqa: F401  # its import resets the levels raised below

    loggers = [logging.getLogger(name) for name in _LOUD_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(max(logger.level, logging.WARNING))
    try:
        with _environment(_QUIET), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_IDLE_WARNINGS, category=UserWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def default_uri(root: Path) -> str:
    """Return the address of the store in a folder; nothing is made."""
    return f"{_SQLITE}{root.as_posix()}/mlflow.db"
