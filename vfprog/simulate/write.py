"""Write a simulated registry to a folder that says it is simulated."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from joblib import Parallel, delayed, parallel_config

from vfprog.config import load_yaml
from vfprog.errors import Failure, InputError
from vfprog.schema.registry import REGISTRY, SIMULATED_MARK
from vfprog.simulate.config import load_simulation
from vfprog.simulate.generate import simulate_part
from vfprog.simulate.parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from vfprog.simulate.config import SimulationConfig
    from vfprog.simulate.generate import SimulatedRegistry
    from vfprog.simulate.parts import Part

_TABLES = (*REGISTRY, "truth")


def write(registry: SimulatedRegistry, folder: str | Path, *, force: bool = False) -> Path:
    """Write the five tables, the truth and ``registry.yaml``; each table is marked as simulated.

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
    about = {
        "simulated": True,
        **({"trial": registry.trial} if registry.trial else {}),
        "n_participants": registry.n_participants,
        "seed": registry.seed,
        "config_sha256": registry.digest,
        "overrides": dict(registry.overrides),
    }
    with _new_folder(folder, force=force) as beside:
        _write_tables([{name: getattr(registry, name) for name in _TABLES}], beside)
        _write_about(about, beside)
    return Path(folder)


def simulate_to(
    folder: str | Path,
    n_participants: int,
    *,
    seed: int,
    config: SimulationConfig | None = None,
    overrides: Mapping[str, float] | None = None,
    n_jobs: int = 1,
    force: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Simulate a registry of any size straight to a folder, in little memory.

    Participants are drawn in parts, as many at a time as there are workers; the parts depend on
    the number of participants alone, so that a seed gives the same bytes for any number of workers,
    and the same tables as `vfprog.simulate.simulate`.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder to make.
    n_participants : int
        Number of patients.
    seed : int
        Seed.
    config : SimulationConfig, optional
        Parameters; by default those of ``configs/simulation.yaml``.
    overrides : mapping of str to float, optional
        Values of single parameters by name.
    n_jobs : int
        Worker processes.
    force : bool
        Whether an existing simulated registry there is replaced.
    progress : callable, optional
        Called with stage, parts done and parts in all.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ConfigError
        An override is unknown or out of range.
    InputError
        Something stands there already, or it is not a simulated registry.
    ValueError
        ``n_participants`` is below 1.
    """
    if n_participants < 1:
        raise ValueError(f"n_participants must be at least 1, got {n_participants}")
    settings = (config or load_simulation()).with_overrides(overrides or {})
    about = {
        "simulated": True,
        "n_participants": n_participants,
        "seed": seed,
        "config_sha256": settings.digest(),
        "overrides": {name: float(value) for name, value in (overrides or {}).items()},
    }
    parts = parts_of(n_participants)
    with _new_folder(folder, force=force) as beside:
        made = _in_parallel(parts, seed, settings, min(n_jobs, len(parts)))
        _write_tables(_told(made, len(parts), progress), beside)
        _write_about(about, beside)
    return Path(folder)


def _in_parallel(
    parts: tuple[Part, ...], seed: int, settings: SimulationConfig, n_jobs: int
) -> Iterator[dict[str, pd.DataFrame]]:
    """Yield the parts in order; no more of them wait than there are workers."""
    if n_jobs == 1:
        yield from (simulate_part(part, seed, settings) for part in parts)
        return
    work = (delayed(simulate_part)(part, seed, settings) for part in parts)
    with parallel_config(backend="loky", inner_max_num_threads=1):
        yield from Parallel(n_jobs=n_jobs, return_as="generator", pre_dispatch=n_jobs)(work)


def _told(
    made: Iterable[dict[str, pd.DataFrame]],
    total: int,
    progress: Callable[[str, int, int], None] | None,
) -> Iterator[dict[str, pd.DataFrame]]:
    for done, tables in enumerate(made, 1):
        yield tables
        if progress is not None:
            progress("simulating", done, total)


def _write_tables(parts: Iterable[dict[str, pd.DataFrame]], folder: Path) -> None:
    """Write each table, one row group a part."""
    writers: dict[str, Any] = {}
    try:
        for tables in parts:
            for name in _TABLES:
                table = pa.Table.from_pandas(tables[name], preserve_index=False)
                table = table.replace_schema_metadata(_marked(table.schema))
                if name not in writers:
                    writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", table.schema)
                writers[name].write_table(table.cast(writers[name].schema))
    finally:
        for writer in writers.values():
            writer.close()


def _marked(schema: pa.Schema) -> dict[bytes, bytes]:
    """Return the metadata of a table with the mark, so that no table is ever without it."""
    return {**(schema.metadata or {}), **dict([SIMULATED_MARK])}


def _write_about(about: Mapping[str, Any], folder: Path) -> None:
    text = yaml.safe_dump(dict(about), sort_keys=False)
    (folder / "registry.yaml").write_text(text, encoding="utf-8")


@contextmanager
def _new_folder(folder: str | Path, *, force: bool) -> Iterator[Path]:
    """Yield a folder beside the place, which it takes once all is written."""
    target = Path(folder)
    _check_free(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        beside.chmod(0o755)
        yield beside
        if target.exists():
            shutil.rmtree(target)
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


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
