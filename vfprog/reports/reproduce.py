"""The commands that make a bundle again, from its provenance."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from vfprog.models.settings import TrainingSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vfprog.reports.evidence import Evidence

# Settings that an option of `vfprog train` sets.
_OPTIONS = {
    "outer_folds": "--folds", "outer_repeats": "--repeats", "temporal_from": "--temporal-from",
    "imputations": "--imputations",
}  # fmt: skip
_SWITCH = "internal_external"


def commands(evidence: Evidence) -> list[str]:
    """Return the commands that train a bundle again and report on it.

    Parameters
    ----------
    evidence : Evidence
        The bundle.

    Returns
    -------
    list of str
        ``vfprog train`` with every option that differs from its default, then ``vfprog report``.
        REGISTRY stands for the data, whose place no bundle keeps; ``?`` for what a bundle does
        not tell. An updated bundle has ``vfprog update`` instead, with its options, PARENT
        standing for the bundle it was made from.
    """
    report = "vfprog report BUNDLE --out report.html"
    if evidence.updated:
        options = _of_update(evidence.provenance)
        return [" ".join(["vfprog update PARENT REGISTRY --out BUNDLE", *options]), report]
    return [" ".join(["vfprog train REGISTRY --out BUNDLE", *_arguments(evidence)]), report]


def remarks(evidence: Evidence) -> list[str]:
    """Return what the commands alone do not tell.

    Parameters
    ----------
    evidence : Evidence
        The bundle.

    Returns
    -------
    list of str
        Sentences; none where the commands tell all.
    """
    if evidence.updated:
        told = ["The parent, and what each model had changed, are under Updating; settings below "
                "are those of the development."]  # fmt: skip
        unknown = "The bundle does not tell whether a mapping was used, nor the level of the tests."
        return told if "asked" in evidence.provenance else [*told, unknown]
    told = []
    if "asked" not in evidence.provenance:
        told.append("The bundle does not tell whether a mapping was used, nor which endpoints were "
                    "asked for.")  # fmt: skip
    unlike = _unlike(evidence.provenance.get("settings", {}))
    own = sorted(name for name in unlike if name not in _OPTIONS and name != _SWITCH)
    if own:
        told.append(f"Set in configs/training.yaml, as no option does: {', '.join(own)}; their "
                    "values are below.")  # fmt: skip
    return told


def _of_update(told: Mapping[str, Any]) -> Iterator[str]:
    asked: Mapping[str, Any] = told.get("asked", dict.fromkeys(("mapping", "alpha"), "?"))
    if asked["mapping"] is not None:
        yield _option("--mapping", asked["mapping"])
    yield _option("--alpha", asked["alpha"])
    if not asked.get("refit", True):
        yield "--no-refit"
    elif "resamples" in asked:
        yield _option("--resamples", asked["resamples"])
    if asked.get("other_population", False):
        yield "--other-population"
    yield _option("--seed", told.get("seed", "?"))


def _arguments(evidence: Evidence) -> Iterator[str]:
    told = evidence.provenance
    asked: Mapping[str, Any] = told.get("asked", {"mapping": "?"})
    if asked["mapping"] is not None:
        yield _option("--mapping", asked["mapping"])
    for name in asked.get("endpoints") or ():
        yield _option("--endpoint", name)
    unlike = _unlike(told.get("settings", {}))
    for name, option in _OPTIONS.items():
        if name in unlike:
            yield _option(option, unlike[name])
    if _SWITCH in unlike:
        yield "--internal-external" if unlike[_SWITCH] else "--no-internal-external"
    for name in ("resamples", "seed"):
        yield _option(f"--{name}", told.get(name, "?"))
    yield _option("--name", evidence.bundle.identity.name)


def _unlike(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are not the defaults of the software."""
    usual = TrainingSettings().model_dump(mode="json")
    return {name: value for name, value in settings.items() if value != usual.get(name)}


def _option(name: str, value: object) -> str:
    return f"{name} {value if value == '?' else shlex.quote(str(value))}"
