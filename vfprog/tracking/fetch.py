"""Fetch a registered bundle from the tracking store, and see when its alias moves on."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vfprog.errors import BundleError, ConfigError
from vfprog.tracking.store import default_uri, open_client, quiet

_ADDRESS = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")


@dataclass(frozen=True)
class RegisteredBundle:
    """A bundle registered as a model, by alias or by version.

    Parameters
    ----------
    name : str
        Name of the registered model.
    alias : str or None
        Alias that is followed from version to version.
    version : str or None
        Version, where no alias is given.
    uri : str
        Address of the tracking store.
    copies : pathlib.Path
        Where versions are copied to, each in a folder of its own; removed with the process.
    """

    name: str
    alias: str | None
    version: str | None
    uri: str
    copies: Path

    @classmethod
    def of(cls, address: str, *, root: Path = Path("mlruns")) -> RegisteredBundle:
        """Return the bundle an address such as ``models:/vfprog@champion`` stands for.

        Parameters
        ----------
        address : str
            ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        root : pathlib.Path
            Folder of the default store; ``MLFLOW_TRACKING_URI`` wins. Nothing is made there.

        Returns
        -------
        RegisteredBundle
            The bundle; it is looked up by `stamp` and copied by `fetch`.

        Raises
        ------
        ConfigError
            The address is of another form, or there is no store.
        """
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise ConfigError(
                f"{address!r} is no registered model: expected models:/NAME@ALIAS or "
                "models:/NAME/VERSION"
            )
        uri = os.environ.get("MLFLOW_TRACKING_URI")
        if not uri and not (root / "mlflow.db").is_file():
            raise ConfigError(f"no tracking store in {root}: set MLFLOW_TRACKING_URI")
        copies = Path(tempfile.mkdtemp(prefix="vfprog-"))
        atexit.register(shutil.rmtree, copies, ignore_errors=True)
        return cls(
            found["name"], found["alias"], found["version"], uri or default_uri(root), copies
        )

    def stamp(self) -> str:
        """Return the version the alias stands for now.

        Returns
        -------
        str
            Version.

        Raises
        ------
        BundleError
            The store does not answer, or knows no such model, alias or version.
        """
        return str(self._found().version)

    def fetch(self) -> Path:
        """Copy the bundle of the version the alias stands for now.

        Returns
        -------
        pathlib.Path
            Folder of the bundle.

        Raises
        ------
        BundleError
            The version cannot be copied, or it holds no bundle.
        """
        found = self._found()
        place = self.copies / str(found.version)
        if not place.is_dir():
            self._copy(found, place)
        try:
            described = yaml.safe_load((place / "MLmodel").read_text(encoding="utf-8"))
            held = described["flavors"]["python_function"]["artifacts"]["bundle"]["path"]
        except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
            raise BundleError(f"{self._words()} holds no bundle of vfprog") from error
        return place / str(held)

    def _copy(self, found: Any, place: Path) -> None:
        """Copy beside, then rename, so that a copy broken off is not taken for a whole one."""
        from mlflow.artifacts import download_artifacts

        beside = Path(tempfile.mkdtemp(dir=self.copies))
        try:
            with quiet():
                copied = download_artifacts(
                    artifact_uri=found.source, dst_path=str(beside), tracking_uri=self.uri
                )
        except Exception as error:  # MLflow's stores raise whatever their libraries do
            raise BundleError(f"{self._words()} cannot be copied: {error}") from error
        Path(copied).rename(place)

    def _found(self) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            with quiet():
                client = open_client(self.uri)
                if self.alias is not None:
                    return client.get_model_version_by_alias(self.name, self.alias)
                return client.get_model_version(self.name, self.version)
        except MlflowException as error:
            raise BundleError(f"{self._words()} is not to be had: {error}") from error

    def _words(self) -> str:
        which = f"/{self.version}" if self.alias is None else f"@{self.alias}"
        return f"models:/{self.name}{which}"
