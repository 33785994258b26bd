"""The manifest of a bundle and the files it vouches for: checked before anything is used."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from vfprog.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
TABLES = "tables/"
_BLANK = "0" * 64
_FILE = re.compile(
    r"(models|members)/[a-z][a-z0-9_]*\.(npz|xgb\.json)|tables/[a-z][a-z0-9_]*\.json"
)
_FIELDS: dict[str, type[Any]] = {
    "name": str,
    "version": str,
    "simulated": bool,
    "schema_hash": str,
    "provenance": dict,
    "performance": list,
    "models": dict,
    "dictionary": dict,
    "reference": dict,
    "subgroups": dict,
    "typicality": dict,
    "lineage": list,
    "files": dict,
}


def read_manifest(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Read the manifest of a bundle and check its form.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the bundle.

    Returns
    -------
    manifest : dict
        Its content.
    raw : bytes
        The file.

    Raises
    ------
    BundleError
        No manifest there, an unknown format, or an entry missing or of another type.
    """
    try:
        raw = (folder / MANIFEST).read_bytes()
        manifest = json.loads(raw)
    except FileNotFoundError as error:
        raise BundleError(f"{folder} is no vfprog bundle: it has no {MANIFEST}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{folder} is no vfprog bundle: {error}") from error
    found = manifest.get("format_version") if isinstance(manifest, dict) else None
    if type(found) is not int or found != FORMAT_VERSION:
        raise BundleError(
            f"{folder}: bundle format {found!r} is unknown, expected {FORMAT_VERSION}"
        )
    for name, kind in _FIELDS.items():
        if not isinstance(manifest.get(name), kind):
            raise BundleError(f"{folder}: {name!r} of the manifest is absent or no {kind.__name__}")
    if not manifest["models"]:
        raise BundleError(f"{folder}: the manifest holds no model")
    for name, spec in manifest["models"].items():
        _check_model(folder, name, spec, manifest["files"])
    return manifest, raw


def _check_model(folder: Path, name: str, spec: Any, files: dict[str, Any]) -> None:
    try:
        expected = f"{spec['endpoint']['name']}_{spec['prediction_time']}"
        labels = {feature["name"]: feature["label"] for feature in spec["features"]}
    except (KeyError, TypeError) as error:
        raise BundleError(f"{folder}: model {name!r} of the manifest is malformed") from error
    if name != expected or not labels:
        raise BundleError(f"{folder}: model {name!r} of the manifest describes {expected!r}")
    if f"models/{name}.npz" not in files:
        raise BundleError(f"{folder}: the manifest lists no numbers of model {name!r}")


def read_files(folder: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    """Read the numbers of all models and members, checking each file against its hash.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the bundle.
    manifest : dict
        Its checked manifest.

    Returns
    -------
    dict of str to bytes
        Content by name; tables, which no prediction needs, are read when asked for.

    Raises
    ------
    BundleError
        A name no bundle holds, so that nothing outside the folder is read; a file that is
        missing or was altered.
    """
    for name in manifest["files"]:
        if not _FILE.fullmatch(name):
            raise BundleError(f"{folder}: the manifest names {name!r}, which no bundle holds")
    used = (name for name in manifest["files"] if not name.startswith(TABLES))
    return {name: read_file(folder, name, manifest) for name in used}


def read_file(folder: Path, name: str, manifest: dict[str, Any]) -> bytes:
    """Read one file a manifest names and check it against its hash.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the bundle.
    name : str
        Name of the file, as the manifest has it.
    manifest : dict
        The checked manifest.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    BundleError
        The file is missing or was altered.
    """
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder}: {name} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != manifest["files"][name]:
        raise BundleError(f"{folder}: {name} was altered, its sha256 is not that of the manifest")
    return content


def seal(manifest: dict[str, Any]) -> bytes:
    """Return a manifest as the bytes of its file, its own digest among them.

    Parameters
    ----------
    manifest : dict
        All it says; an entry ``sha256`` is made anew.

    Returns
    -------
    bytes
        JSON whose ``sha256`` is the digest of the file with zeros in its place.
    """
    blank = manifest | {"sha256": _BLANK}
    raw = json.dumps(blank, indent=1, ensure_ascii=False, allow_nan=False).encode()
    digest = hashlib.sha256(raw).hexdigest()
    return raw.replace(_BLANK.encode(), digest.encode())


def check_whole(folder: Path, manifest: dict[str, Any], raw: bytes) -> None:
    """Refuse a manifest edited by hand, and files it does not name.

    This finds accidents and careless edits; whoever recomputes the digest is found out only by
    comparing the sha256 that every prediction carries.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the bundle.
    manifest : dict
        Its checked manifest.
    raw : bytes
        The file it was read from.

    Raises
    ------
    BundleError
        The manifest is not as it was written, or a stray file lies beside those it names.
    """
    said = str(manifest.get("sha256"))
    blank = raw.replace(said.encode(), _BLANK.encode())
    if hashlib.sha256(blank).hexdigest() != said:
        raise BundleError(
            f"{folder}: {MANIFEST} was altered, its sha256 is not that of its content"
        )
    held = (path for part in ("models", "members", "tables") for path in (folder / part).glob("*"))
    stray = sorted({path.relative_to(folder).as_posix() for path in held} - set(manifest["files"]))
    if stray:
        raise BundleError(f"{folder}: the manifest does not name {', '.join(stray)}")


def is_bundle(folder: Path) -> bool:
    """Return whether a folder holds a bundle, of whatever format; see `read_manifest`."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and {"format_version", "schema_hash"} <= manifest.keys()
