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


def read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """Read the manifest of a bundle and check its form.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the bundle.

    Returns
    -------
    manifest : dict
        Its content.
    sha256 : str
        Its digest.

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
    except (OSError, ValueError) as error:
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
    return manifest, hashlib.sha256(raw).hexdigest()


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
    """Read every file a manifest names and check it against its hash.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the bundle.
    manifest : dict
        Its checked manifest.

    Returns
    -------
    dict of str to bytes
        Content by name.

    Raises
    ------
    BundleError
        A name no bundle holds, so that nothing outside the folder is read; a file that is
        missing or was altered.
    """
    return {name: _verified(folder, name, sha) for name, sha in manifest["files"].items()}


def _verified(folder: Path, name: str, sha256: str) -> bytes:
    if not _FILE.fullmatch(name):
        raise BundleError(f"{folder}: the manifest names {name!r}, which no bundle holds")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder}: {name} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BundleError(f"{folder}: {name} was altered, its sha256 is not that of the manifest")
    return content


def content_digest(manifest: dict[str, Any]) -> str:
    """Return the sha256 of all a manifest says, its own digest aside.

    Parameters
    ----------
    manifest : dict
        Content of a manifest.

    Returns
    -------
    str
        Digest of its canonical JSON.
    """
    content = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def check_whole(folder: Path, manifest: dict[str, Any]) -> None:
    """Refuse a manifest edited by hand, and files it does not name.

    This finds accidents and careless edits; whoever recomputes the digest is found out only by
    comparing the sha256 that every prediction carries.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the bundle.
    manifest : dict
        Its checked manifest.

    Raises
    ------
    BundleError
        The manifest is not as it was written, or a stray file lies beside those it names.
    """
    if manifest.get("sha256") != content_digest(manifest):
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
