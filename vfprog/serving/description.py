"""What the service says about its model: all a form needs, and how the model performed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vfprog.schema.dictionary import Predictor
    from vfprog.scoring.bundle import Bundle

_PREDICTOR = {
    "name", "label", "table", "kind", "unit", "hard_range", "usual_range", "levels", "known_at",
    "role", "concept", "source",
}  # fmt: skip
# Where the data lie on the machine that trained is nobody's business here.
_PROVENANCE = ("created", "n_episodes", "n_sites", "resamples", "seed", "notes")


def describe(bundle: Bundle) -> dict[str, Any]:
    """Return the description of a bundle.

    Parameters
    ----------
    bundle : Bundle
        The bundle.

    Returns
    -------
    dict
        ``model`` (identity), ``simulated``, ``provenance``, ``endpoints``, ``concepts``,
        ``predictors``, ``labels`` of all lines of an explanation, and ``performance``.
    """
    models = [bundle.model(name) for name in bundle.model_names]
    lines = {line.predictor for model in models for line in model.lines}
    provenance = bundle.manifest["provenance"]
    return {
        "model": asdict(bundle.identity),
        "simulated": bundle.simulated,
        "provenance": {name: provenance[name] for name in _PROVENANCE if name in provenance},
        "endpoints": [_endpoint(bundle, name) for name in bundle.endpoints],
        "concepts": dict(bundle.dictionary.concepts),
        "predictors": [_predictor(bundle, p) for p in bundle.dictionary.predictors],
        "labels": {name: bundle.label(name) for name in sorted(lines)},
        "performance": bundle.manifest["performance"],
    }


def _endpoint(bundle: Bundle, name: str) -> dict[str, Any]:
    times = bundle.endpoints[name]
    endpoint = bundle.model(f"{name}_{times[0]}").endpoint
    return {
        "name": name,
        "label": endpoint.label,
        "definition": endpoint.definition,
        "horizon_days": endpoint.horizon_days,
        "prediction_times": list(times),
    }


def _predictor(bundle: Bundle, predictor: Predictor) -> dict[str, Any]:
    used = [name for name in bundle.model_names if predictor.name in bundle.model(name).parents]
    return {**predictor.model_dump(mode="json", include=_PREDICTOR), "used_by": used}
