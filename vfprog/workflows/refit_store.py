"""Finished refits of a training that was interrupted, kept beside the bundle until it is written.

A refit is known by what decides its numbers: participants and outcomes as derived, settings, seed,
endpoint and versions. Plain arrays and JSON, no pickle; each file is written beside its place and
renamed, so that a killed training leaves whole files only.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import zipfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import BundleError, TrainingError
from vfprog.models.procedure import FittedProcedure
from vfprog.scoring.model import PrognosticModel
from vfprog.validation.resampling import RefitResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from vfprog.data.cohort import Cohort
    from vfprog.models.settings import TrainingSettings
    from vfprog.validation.resampling import Refit

_VERSIONS = ("vfprog", "numpy", "pandas", "scikit-learn", "scipy", "xgboost")
_MODEL, _RISK = "model.", "risk."
_UNREADABLE = (ValueError, TypeError, KeyError, OSError, EOFError, zipfile.BadZipFile, BundleError)


@dataclass
class RefitStore:
    """The finished refits of one training; as a context it is removed unless interrupted.

    Parameters
    ----------
    folder : pathlib.Path
        Where they are; made when the first is saved.
    digests : dict of str to str
        What decides the numbers of each endpoint's refits, as a digest.
    reused : int
        How many were found finished.
    damaged : int
        How many were found finished but cannot be read, and so are done again.
    """

    folder: Path
    digests: Mapping[str, str]
    reused: int = 0
    damaged: int = 0

    def __enter__(self) -> RefitStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The same data would be refused again; anything else is an interruption.
        if kind is None or issubclass(kind, TrainingError):
            self.remove()

    def load(self, refit: Refit) -> RefitResult | None:
        """Return a refit finished before, or None.

        Parameters
        ----------
        refit : Refit
            What is wanted.

        Returns
        -------
        RefitResult or None
            Exactly what `save` was given; None, too, where its file is damaged, which is counted.
        """
        path = self._path(refit)
        if not path.is_file():
            return None
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            result = _result_of(refit, arrays)
        except _UNREADABLE:
            self.damaged += 1
            return None
        self.reused += 1
        return result

    def save(self, result: RefitResult) -> None:
        """Keep a finished refit.

        Parameters
        ----------
        result : RefitResult
            The refit.
        """
        path = self._path(result.refit)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        with beside.open("wb") as stream:
            np.savez(stream, **_arrays_of(result))
        beside.replace(path)

    def remove(self) -> None:
        """Remove everything kept, of other settings, too."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, refit: Refit) -> Path:
        name = "-".join(str(value) for value in list(asdict(refit).values())[1:])
        return self.folder / self.digests[refit.endpoint] / f"{name}.npz"


def open_store(
    bundle: Path,
    cohorts: Mapping[str, Cohort],
    settings: TrainingSettings,
    seed: int,
    *,
    fresh: bool = False,
) -> RefitStore:
    """Return the store of a training, with what an interrupted one left there.

    Parameters
    ----------
    bundle : pathlib.Path
        Folder the bundle will have; the store is a hidden folder beside it.
    cohorts : mapping of str to Cohort
        Cohort of each endpoint.
    settings : TrainingSettings
        Settings of the procedure.
    seed : int
        Seed of the training.
    fresh : bool
        Remove what an interrupted training left.

    Returns
    -------
    RefitStore
        The store; nothing is written yet.
    """
    shared = {
        "settings": settings.model_dump(mode="json"),
        "seed": seed,
        "versions": {name: version(name) for name in _VERSIONS},
    }
    digests = {name: _digest(cohort, shared) for name, cohort in cohorts.items()}
    store = RefitStore(bundle.with_name(f".{bundle.name}.refits"), digests)
    if fresh:
        store.remove()
    return store


def _digest(cohort: Cohort, shared: Mapping[str, Any]) -> str:
    """Return a digest of all a refit is made from: what was read may be mapped in another way."""
    endpoint = cohort.endpoint.model_dump(mode="json")
    rules = {"endpoint": endpoint, "dictionary": cohort.dictionary.digest()}
    digest = hashlib.sha256(json.dumps({**shared, **rules}, sort_keys=True).encode())
    for part in (cohort.arrays.episodes, cohort.arrays.vertebrae, vars(cohort.outcome)):
        for name, values in sorted(part.items()):
            digest.update(name.encode() + np.asarray(values).tobytes())
    digest.update(cohort.arrays.owner.tobytes() + cohort.index_date.tobytes())
    for names in (cohort.patient_id, cohort.site_id):
        digest.update("\n".join(map(str, names)).encode())
    return digest.hexdigest()


def _arrays_of(result: RefitResult) -> dict[str, Any]:
    arrays: dict[str, Any] = {_RISK + name: risk for name, risk in result.risk.items()}
    if result.rows is not None:
        arrays["rows"] = result.rows
    if result.times is not None:
        arrays["times"] = result.times
    words: dict[str, Any] = {"failure": result.failure, "flat": result.flat}
    if result.fitted is not None:
        fitted = result.fitted
        arrays |= {_MODEL + name: array for name, array in fitted.model.to_arrays().items()}
        words |= {"model": fitted.model.specification(), "notes": fitted.notes}
        words["choices"] = {key: _plain(value) for key, value in fitted.choices.items()}
        if fitted.booster is not None:
            arrays["booster"] = np.frombuffer(fitted.booster, dtype=np.uint8)
    arrays["words"] = np.array(json.dumps(words))
    return arrays


def _result_of(refit: Refit, arrays: Mapping[str, Any]) -> RefitResult:
    words = json.loads(str(arrays["words"]))
    return RefitResult(
        refit, _fitted_of(words, arrays), arrays.get("rows"), arrays.get("times"),
        _under(_RISK, arrays), words["failure"], words["flat"],
    )  # fmt: skip


def _fitted_of(words: Mapping[str, Any], arrays: Mapping[str, Any]) -> FittedProcedure | None:
    if "model" not in words:
        return None
    model = PrognosticModel.from_parts(words["model"], _under(_MODEL, arrays))
    booster = arrays["booster"].tobytes() if "booster" in arrays else None
    return FittedProcedure(model, booster, words["choices"], tuple(words["notes"]))


def _under(prefix: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    size = len(prefix)
    return {name[size:]: array for name, array in arrays.items() if name.startswith(prefix)}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
