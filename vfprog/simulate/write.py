"""Write a simulated registry to a folder that says it is simulated."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from vfprog.config import load_yaml
from vfprog.errors import Failure, InputError
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from vfprog.simulate.generate import SimulatedRegistry


def write(registry: SimulatedRegistry, folder: str | Path, *, force: bool = False) -> Path:
    """Write the five tables, the truth and ``registry.yaml``, which marks them as simulated.

    The folder appears complete or not at all: it is written beside and then renamed.

    Parameters
    ----------
    registry : SimulatedRegistry
        What to write.
    folder : str or pathlib.Path
        Folder to make.
    force : bool
        Whether an existing simulated registry there is replaced.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        Something stands there already, or it is not a simulated registry.
    """
    target = Path(folder)
    _check_free(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        beside.chmod(0o755)
        _write_all(registry, beside)
        if target.exists():
            shutil.rmtree(target)
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def _write_all(registry: SimulatedRegistry, folder: Path) -> None:
    for name in (*REGISTRY, "truth"):
        getattr(registry, name).to_parquet(folder / f"{name}.parquet", index=False)
    about = {
        "simulated": True,
        **({"trial": registry.trial} if registry.trial else {}),
        "n_participants": registry.n_participants,
        "seed": registry.seed,
        "config_sha256": registry.digest,
        "overrides": dict(registry.overrides),
    }
    text = yaml.safe_dump(about, sort_keys=False)
    (folder / "registry.yaml").write_text(text, encoding="utf-8")


def _check_free(target: Path, *, force: bool) -> None:
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not force:
        _refuse(target, "exists", "already exists; force replaces it")
    about = target / "registry.yaml"
    if not about.is_file() or load_yaml(about).get("simulated") is not True:
        _refuse(target, "not_a_registry", "is no simulated registry and is not replaced")


def _refuse(target: Path, rule: str, message: str) -> None:
    raise InputError([Failure("output", None, "folder", target.name, rule, f"{target} {message}")])
