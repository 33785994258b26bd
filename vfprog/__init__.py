"""Prognosis after vertebroplasty of a painful osteoporotic vertebral fracture.

``import vfprog`` costs nothing: each public name is imported the first time it is used, so that
scoring a patient never pays for the libraries that train a model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vfprog.data.readers import read_registry
    from vfprog.scoring.bundle import load_bundle
    from vfprog.scoring.predict import predict
    from vfprog.scoring.what_if import what_if
    from vfprog.simulate.generate import simulate as simulate_registry
    from vfprog.workflows.explain import explain as explain_registry
    from vfprog.workflows.report import bundle_tables, write_report
    from vfprog.workflows.score import score
    from vfprog.workflows.train import train
    from vfprog.workflows.update import update
    from vfprog.workflows.validate import validate

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "bundle_tables",
    "explain_registry",
    "load_bundle",
    "predict",
    "read_registry",
    "score",
    "simulate_registry",
    "train",
    "update",
    "validate",
    "what_if",
    "write_report",
]

# No name here may be that of a subpackage: importing `vfprog.explain` binds `explain` to the
# package, and which of the two a user met would depend on what was imported before.
_HOMES = {
    "bundle_tables": ("vfprog.workflows.report", "bundle_tables"),
    "explain_registry": ("vfprog.workflows.explain", "explain"),
    "load_bundle": ("vfprog.scoring.bundle", "load_bundle"),
    "predict": ("vfprog.scoring.predict", "predict"),
    "read_registry": ("vfprog.data.readers", "read_registry"),
    "score": ("vfprog.workflows.score", "score"),
    "simulate_registry": ("vfprog.simulate.generate", "simulate"),
    "train": ("vfprog.workflows.train", "train"),
    "update": ("vfprog.workflows.update", "update"),
    "validate": ("vfprog.workflows.validate", "validate"),
    "what_if": ("vfprog.scoring.what_if", "what_if"),
    "write_report": ("vfprog.workflows.report", "write_report"),
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562) and keep it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vfprog' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    try:
        found = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        _explain_missing(name, error)
        raise
    globals()[name] = found
    return found


def _explain_missing(name: str, error: ModuleNotFoundError) -> None:
    """Raise the install line if a library of an extra is missing; a fault of ours stays itself."""
    if (error.name or "vfprog").split(".")[0] == "vfprog":
        return
    from vfprog.errors import MissingExtraError

    raise MissingExtraError(
        f'vfprog.{name} needs {error.name}, which is not installed: pip install "vfprog[all]"'
    ) from error


def __dir__() -> list[str]:
    """List the public names, loaded or not, beside what the module holds."""
    return sorted({*globals(), *__all__})
