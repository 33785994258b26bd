"""Which data each model of an updated bundle was developed on, and on which it was judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vfprog.data.registry import Registry
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.bundle_writer import BundleParts

_FACTS = ("source", "digest", "n_episodes", "n_sites", "created", "resamples")
_WHOLE = "cross-validation of the whole procedure"
HOW = {
    "no_change": "the frozen model; nothing was changed",
    "new_intercept": "cross-validation of tests and coefficients; the rest is frozen",
    "new_intercept_and_slope": "cross-validation of tests and coefficients; the rest is frozen",
    "refit": _WHOLE,
}


def origins(
    parts: BundleParts, bundle: Bundle, registry: Registry, changes: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Return where each model of an updated bundle comes from.

    Parameters
    ----------
    parts : BundleParts
        What the update made; its provenance tells the registry of the update.
    bundle : Bundle
        The parent.
    registry : Registry
        That registry.
    changes : dict of str to str
        What became of each model that could be judged, a key of `HOW`.

    Returns
    -------
    dict of str to dict
        For each model ``developed_on`` and ``judged_on`` (source, digest, n_episodes, n_sites,
        created, resamples, version, simulated), ``judged_by`` and ``change``. A model that was not
        judged here has what it had.
    """
    told = bundle.manifest["provenance"]
    there = _data(told, bundle.identity.version, simulated=bundle.simulated)
    here = _data(parts.provenance, parts.version, simulated=registry.simulated)
    before: dict[str, Any] = told.get("models", {})
    kept = {}
    for name in bundle.model_names:
        first = {"developed_on": there, "judged_on": there, "judged_by": _WHOLE}
        one = {**before.get(name, first), "change": "not_judged"}
        if name in changes:
            change = changes[name]
            one |= {"judged_on": here, "judged_by": HOW[change], "change": change}
            one["developed_on"] = here if change == "refit" else one["developed_on"]
        kept[name] = one
    return kept


def _data(told: dict[str, Any], version: str, *, simulated: bool) -> dict[str, Any]:
    known = {name: told[name] for name in _FACTS if name in told}
    return {**known, "version": version, "simulated": simulated}
