"""The model bundle: one folder, no pickle, every file hashed, read and written here only.

``manifest.json`` describes the models, the dictionary, where they come from and how they
performed; ``models/`` and ``members/`` hold their numbers, ``tables/`` the long tables of their
validation, which only reports read.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from vfprog.errors import BundleError
from vfprog.schema.dictionary import Dictionary
from vfprog.schema.endpoints import Endpoint
from vfprog.scoring.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    TABLES,
    check_whole,
    is_bundle,
    read_file,
    read_files,
    read_manifest,
    seal,
)
from vfprog.scoring.members import Members
from vfprog.scoring.model import PrognosticModel
from vfprog.scoring.patient import LEVEL, PELVIC_ANGLES
from vfprog.scoring.peers import PeerTable
from vfprog.scoring.plausible import Plausible, plausible_values
from vfprog.scoring.prognosis import ModelIdentity
from vfprog.scoring.typicality import Typicality

if TYPE_CHECKING:
    from collections.abc import Mapping


# What numpy and zipfile raise over bytes that are no archive of plain arrays.
_UNREADABLE = (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle; models are unpacked when first used.

    Parameters
    ----------
    manifest : dict
        Content of ``manifest.json``.
    identity : ModelIdentity
        Name, version and digest.
    files : dict of str to bytes
        Content of the files of models and members, hashes checked.
    folder : pathlib.Path
        Where its tables are.
    """

    manifest: dict[str, Any]
    identity: ModelIdentity
    files: dict[str, bytes] = field(repr=False)
    folder: Path
    _models: dict[str, PrognosticModel] = field(default_factory=dict, repr=False)
    _members: dict[str, Members] = field(default_factory=dict, repr=False)

    @cached_property
    def dictionary(self) -> Dictionary:
        """The dictionary the models were trained with."""
        return Dictionary.model_validate(self.manifest["dictionary"])

    @property
    def simulated(self) -> bool:
        """Whether the models were trained on simulated data."""
        return bool(self.manifest["simulated"])

    @cached_property
    def endpoints(self) -> dict[str, tuple[str, ...]]:
        """The endpoints of the bundle, each with its prediction times."""
        times: dict[str, tuple[str, ...]] = {}
        for spec in self.manifest["models"].values():
            name = spec["endpoint"]["name"]
            times[name] = (*times.get(name, ()), spec["prediction_time"])
        return times

    @cached_property
    def typicality(self) -> Typicality | None:
        """What tells how unlike the development patients someone is, or None."""
        content = self.manifest["typicality"]
        return Typicality.from_dict(content) if content else None

    @cached_property
    def peers(self) -> PeerTable:
        """How the models performed by group."""
        return PeerTable(self.manifest["subgroups"], self.dictionary)

    @cached_property
    def plausible(self) -> dict[str, Plausible]:
        """The values at which an input that is missing is tried, by predictor."""
        return plausible_values(self.manifest["reference"], self.dictionary)

    @property
    def model_names(self) -> tuple[str, ...]:
        """The names of the models, such as ``response_preprocedure``."""
        return tuple(self.manifest["models"])

    @cached_property
    def rules(self) -> dict[str, Endpoint]:
        """The endpoints by name, as the manifest holds them: no model's numbers are needed."""
        specs = (spec["endpoint"] for spec in self.manifest["models"].values())
        try:
            return {spec["name"]: Endpoint.model_validate(spec) for spec in specs}
        except ValidationError as error:
            raise BundleError(f"an endpoint of the manifest is malformed: {error}") from error

    @cached_property
    def counted(self) -> frozenset[str]:
        """The predictors that count: two pelvic angles give the third, a level its vertebra."""
        features = (f for spec in self.manifest["models"].values() for f in spec["features"])
        counted = {parent for feature in features for parent in feature["parents"]}
        if not counted.isdisjoint(PELVIC_ANGLES):
            counted |= set(PELVIC_ANGLES)
        if not counted.isdisjoint(p.name for p in self.dictionary.of_table("vertebrae")):
            counted.add(LEVEL)
        return frozenset(counted)

    def model(self, name: str) -> PrognosticModel:
        """Return one model by name."""
        if name not in self._models:
            if name not in self.manifest["models"]:
                raise BundleError(f"no model {name!r} in the bundle; there is: {self.model_names}")
            spec, arrays = self.manifest["models"][name], self._npz(f"models/{name}.npz")
            self._models[name] = PrognosticModel.from_parts(spec, arrays)
        return self._models[name]

    def members(self, name: str) -> Members | None:
        """Return the bootstrap members of one model, or None if the bundle has none."""
        path = f"members/{name}.npz"
        if path not in self.files:
            return None
        if name not in self._members:
            width = len(self.model(name).features)
            self._members[name] = Members.from_arrays(self._npz(path), n_features=width)
        return self._members[name]

    def booster(self, name: str) -> bytes | None:
        """Return the XGBoost JSON of one model for bulk use, or None if it has no trees."""
        return self.files.get(f"models/{name}.xgb.json")

    @property
    def table_names(self) -> tuple[str, ...]:
        """The names of the long tables the training left behind, see `table`."""
        return tuple(Path(f).stem for f in self.manifest["files"] if f.startswith(TABLES))

    def table(self, name: str) -> dict[str, list[Any]]:
        """Return one long table as columns, ready for ``pandas.DataFrame``; None where empty."""
        if name not in self.table_names:
            raise BundleError(f"no table {name!r} in the bundle; there is: {self.table_names}")
        content = read_file(self.folder, f"{TABLES}{name}.json", self.manifest)
        try:
            columns: dict[str, list[Any]] = json.loads(content)
        except ValueError as error:
            raise BundleError(f"tables/{name}.json is damaged: {error}") from error
        return columns

    def label(self, predictor: str) -> str:
        """Return the words for a predictor or two-parent feature."""
        if predictor in self.dictionary:
            return self.dictionary[predictor].label
        return self._feature_labels.get(predictor, predictor)

    @cached_property
    def _feature_labels(self) -> dict[str, str]:
        specs = self.manifest["models"].values()
        return {f["name"]: f["label"] for spec in specs for f in spec["features"]}

    def _npz(self, path: str) -> dict[str, Any]:
        """Return the arrays of a file; numpy refuses objects, so nothing is ever unpickled."""
        try:
            with np.load(io.BytesIO(self.files[path]), allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except _UNREADABLE as error:
            raise BundleError(f"{path} is damaged: {error}") from error


@dataclass(frozen=True)
class BundleParts:
    """What a training assembles and `write_bundle` writes.

    Parameters
    ----------
    name, version : str
        Name and version of the bundle.
    simulated : bool
        Whether the development data were simulated.
    dictionary : Dictionary
        Dictionary of the development data.
    models : dict of str to PrognosticModel
        The models by name.
    boosters : dict of str to bytes
        XGBoost JSON of the models that have trees.
    members : dict of str to Members
        Bootstrap members by model name.
    performance : list of dict
        Long table of performance: model, metric, estimate, lower, upper, and so on.
    provenance : dict
        Data source and digest, settings, versions, seed, notes.
    reference : dict
        What is kept of each predictor of the development data: n, missing, quantiles or shares.
    subgroups : dict
        ``rules``, as `vfprog.schema.subgroups.Subgroups` dumps them, and ``performance``, the long
        table by group: model, grouping, group, metric, estimate, lower, upper, n, n_events, reason.
    typicality : dict
        What tells how unlike the development patients someone is; holds no patient's values.
    lineage : list of dict
        The bundles this one was updated from, the oldest first: name, version, sha256, change.
    tables : dict of str to dict of str to list
        Long tables of the validation by name, as columns of JSON-ready values.
    """

    name: str
    version: str
    simulated: bool
    dictionary: Dictionary
    models: Mapping[str, PrognosticModel]
    boosters: Mapping[str, bytes]
    members: Mapping[str, Members]
    performance: list[dict[str, Any]]
    provenance: dict[str, Any]
    reference: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    subgroups: Mapping[str, Any] = field(default_factory=dict)
    typicality: Mapping[str, Any] = field(default_factory=dict)
    lineage: list[dict[str, Any]] = field(default_factory=list)
    tables: Mapping[str, Mapping[str, list[Any]]] = field(default_factory=dict)


def load_bundle(path: str | Path) -> Bundle:
    """Load a bundle, checking its format and the hash of every file it loads.

    Parameters
    ----------
    path : str or pathlib.Path
        Folder of the bundle.

    Returns
    -------
    Bundle
        The bundle.

    Raises
    ------
    BundleError
        No bundle there, unknown format, a missing or altered file, or a malformed manifest.
    """
    folder = Path(path)
    manifest, raw = read_manifest(folder)
    digest = hashlib.sha256(raw).hexdigest()
    trained_on = "simulated" if manifest["simulated"] else "registry"
    identity = ModelIdentity(manifest["name"], manifest["version"], trained_on, digest)
    bundle = Bundle(manifest, identity, read_files(folder, manifest), folder)
    try:
        schema_hash = bundle.dictionary.digest()
    except ValidationError as error:
        raise BundleError(f"{folder}: the dictionary is malformed: {error}") from error
    if schema_hash != manifest["schema_hash"]:
        raise BundleError(f"{folder}: the dictionary does not match its schema hash")
    check_whole(folder, manifest, raw)
    return bundle


def write_bundle(parts: BundleParts, path: str | Path, *, force: bool = False) -> Path:
    """Write a bundle beside its place, then rename, so that no half bundle is ever seen.

    Parameters
    ----------
    parts : BundleParts
        What to write.
    path : str or pathlib.Path
        Folder to create.
    force : bool
        Replace an existing bundle.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    BundleError
        The folder exists and ``force`` is not given, or it is no bundle.
    """
    folder = Path(path)
    check_free(folder, force=force)
    files = _contents(parts)
    files[MANIFEST] = _manifest(parts, files)
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        for name, content in files.items():
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            (beside / name).write_bytes(content)
        _put_in_place(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _manifest(parts: BundleParts, files: Mapping[str, bytes]) -> bytes:
    manifest = {
        "format_version": FORMAT_VERSION,
        "name": parts.name,
        "version": parts.version,
        "simulated": parts.simulated,
        "schema_hash": parts.dictionary.digest(),
        "provenance": parts.provenance,
        "performance": parts.performance,
        "models": {name: model.specification() for name, model in parts.models.items()},
        "dictionary": parts.dictionary.model_dump(mode="json"),
        "reference": dict(parts.reference),
        "subgroups": dict(parts.subgroups),
        "typicality": dict(parts.typicality),
        "lineage": parts.lineage,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return seal(manifest)


def _put_in_place(beside: Path, folder: Path) -> None:
    """Rename the new folder to its place; the old one goes only once the new one stands."""
    if not folder.exists():
        beside.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    beside.rename(folder)
    shutil.rmtree(old)


def check_free(folder: Path, *, force: bool) -> None:
    """Raise unless a bundle may be written to a folder; call it before long work, too.

    Parameters
    ----------
    folder : pathlib.Path
        Where the bundle is to go.
    force : bool
        Whether an existing bundle may be replaced; anything else is never replaced.
    """
    if not folder.exists():
        there = next(parent for parent in folder.absolute().parents if parent.exists())
        if not os.access(there, os.W_OK):
            raise BundleError(f"{folder} cannot be made: {there} may not be written to")
        return
    if not force:
        raise BundleError(f"{folder} exists; choose another place or give --force to replace it")
    if not folder.is_dir() or (any(folder.iterdir()) and not is_bundle(folder)):
        raise BundleError(f"{folder} exists and is no bundle; it is not replaced even with --force")


def _contents(parts: BundleParts) -> dict[str, bytes]:
    files = {f"models/{n}.npz": _npz_bytes(m.to_arrays()) for n, m in parts.models.items()}
    files |= {f"models/{n}.xgb.json": content for n, content in parts.boosters.items()}
    files |= {f"members/{n}.npz": _stored(m.to_arrays()) for n, m in parts.members.items()}
    files |= {f"tables/{n}.json": _json_bytes(columns) for n, columns in parts.tables.items()}
    return files


def _json_bytes(columns: Mapping[str, list[Any]]) -> bytes:
    return json.dumps(columns, ensure_ascii=False, allow_nan=False).encode()


def _npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _stored(arrays: Mapping[str, Any]) -> bytes:
    """Return arrays as they are: a clinician's call should not wait for members to be unpacked."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()
