"""The bundle in use, and how a new version takes its place without a dropped request.

A request takes `Holder.served` once and keeps it to its end; a new version only changes what the
next request takes. A version that cannot be loaded is refused and the one in use goes on.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vfprog.errors import BundleError, VfprogError
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.manifest import MANIFEST
from vfprog.scoring.predict import predict
from vfprog.serving.description import describe
from vfprog.serving.logs import where_raised
from vfprog.serving.trial_patients import trial_patients

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from pathlib import Path


class Source(Protocol):
    """Where bundles come from: a folder, or the registered models of a tracking store."""

    def stamp(self) -> Hashable:
        """Return what changes when there is a new version; cheap, asked every few seconds."""
        ...

    def fetch(self) -> Path:
        """Return the folder of the newest version."""
        ...


@dataclass(frozen=True)
class FolderSource:
    """A bundle's folder, written anew by ``vfprog train --force`` or a deployment.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    """

    folder: Path

    def stamp(self) -> Hashable:
        """Return identity, time and length of the manifest; None while there is none."""
        try:
            found = (self.folder / MANIFEST).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def fetch(self) -> Path:
        """Return the folder."""
        return self.folder


@dataclass(frozen=True)
class Served:
    """A bundle that answers, whole and unpacked.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    since : datetime.datetime
        When it took its place.
    cache : dict
        What is worked out of it once: the description, the OpenAPI document.
    """

    bundle: Bundle
    since: datetime
    cache: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, make: Callable[[Bundle], Any]) -> Any:
        """Return what is made of the bundle, made the first time it is asked for."""
        if name not in self.cache:
            self.cache[name] = make(self.bundle)
        return self.cache[name]


class Holder:
    """Holds the bundle in use and looks for a newer one.

    Parameters
    ----------
    source : Source or Bundle
        Where bundles come from; a bundle that is loaded already stays for good.

    Raises
    ------
    BundleError
        The first bundle cannot be used.
    """

    def __init__(self, source: Source | Bundle) -> None:
        self.refused: str | None = None
        self.wake: Callable[[], None] = _nobody_watches
        self._source: Source | None = None
        self._seen: Hashable = None
        if isinstance(source, Bundle):
            self.served = _ready(source)
            return
        self._source, self._seen = source, source.stamp()
        self.served = _ready(load_bundle(source.fetch()))

    def refresh(self) -> bool:
        """Look for a new version and put it in use; blocks, so call it in a thread.

        Returns
        -------
        bool
            Whether another bundle answers from now on. If a new one was refused, `refused` says
            why until one is accepted, and every call tries again.
        """
        if self._source is None:
            return False
        try:
            stamp = self._source.stamp()
            if stamp == self._seen and self.refused is None:
                return False
            bundle = load_bundle(self._source.fetch())
            changed = bundle.identity.sha256 != self.served.bundle.identity.sha256
            if changed:
                self.served = _ready(bundle)
        except (VfprogError, OSError) as error:
            self.refused = str(error)
            return False
        self._seen, self.refused = stamp, None
        return changed


def _ready(bundle: Bundle) -> Served:
    """Unpack every model and try it, so that what is damaged is found before anybody asks."""
    for name in bundle.model_names:
        model, members = bundle.model(name), bundle.members(name)
        nothing = np.full((1, len(model.features)), np.nan)
        figures = [float(model.risk(nothing)[0])]
        if members is not None:
            figures += members.instability_interval(nothing[0])
        if not all(math.isfinite(figure) and 0 <= figure <= 1 for figure in figures):
            raise BundleError(f"model {name} gives no probability: {figures}")
    _try(bundle)
    return Served(bundle, datetime.now(UTC))


def _try(bundle: Bundle) -> None:
    """Ask for all a patient would be told, so that a manifest that cannot answer is refused."""
    for kind, patient in trial_patients(bundle.dictionary).items():
        try:
            json.dumps(predict(bundle, patient).as_dict(), allow_nan=False)
        except Exception as error:
            text = f"a patient with {kind} gets no answer: {where_raised(error)}"
            raise BundleError(text) from error
    try:
        json.dumps(describe(bundle), allow_nan=False)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"the model cannot be described: {where_raised(error)}") from error


def _nobody_watches() -> None:
    """Do nothing: no task looks for a new bundle yet."""
