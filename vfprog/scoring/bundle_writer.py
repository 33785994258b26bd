"""Write a bundle: its parts, the files they become, and the one place that puts them there."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import BundleError
from vfprog.scoring.manifest import FORMAT_VERSION, MANIFEST, is_bundle, seal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.schema.dictionary import Dictionary
    from vfprog.scoring.members import Members
    from vfprog.scoring.model import PrognosticModel


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
