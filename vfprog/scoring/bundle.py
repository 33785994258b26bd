"""The model bundle: one folder, no pickle, every file hashed; read here only.

``manifest.json`` describes the models, the dictionary, where they come from and how they
performed; ``models/`` and ``members/`` hold their numbers, ``tables/`` the long tables of their
validation, which only reports read.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from vfprog.errors import BundleError
from vfprog.schema.dictionary import Dictionary
from vfprog.schema.endpoints import Endpoint
from vfprog.scoring.manifest import (
    TABLES,
    check_whole,
    read_file,
    read_files,
    read_manifest,
)
from vfprog.scoring.members import Members
from vfprog.scoring.model import PrognosticModel
from vfprog.scoring.patient import LEVEL, PELVIC_ANGLES
from vfprog.scoring.peers import PeerTable
from vfprog.scoring.plausible import Plausible, plausible_values
from vfprog.scoring.prognosis import ModelIdentity
from vfprog.scoring.typicality import Typicality

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

    @property
    def about_vertebroplasty(self) -> bool:
        """Whether any risk is one after vertebroplasty; a registry may be of something else."""
        return any("vertebroplasty" in rule.population for rule in self.rules.values())

    @property
    def after_vertebroplasty(self) -> bool:
        """Whether every risk is one after vertebroplasty."""
        return all(rule.population == ("vertebroplasty",) for rule in self.rules.values())

    @property
    def population_note(self) -> str:
        """Who the models learned from, in the words of the registry's mapping; empty without."""
        return str(self.manifest["provenance"].get("population_note", ""))

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
