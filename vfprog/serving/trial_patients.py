"""Made-up patients with which a bundle is tried before it answers anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.schema.dictionary import Dictionary, Predictor


def trial_patients(dictionary: Dictionary) -> dict[str, dict[str, Any]]:
    """Return patients that between them ask for all a bundle can say.

    Parameters
    ----------
    dictionary : Dictionary
        Dictionary of the bundle.

    Returns
    -------
    dict of str to dict
        By what is known of them: one input, all that is known before the procedure, and all.
    """
    episodes, vertebrae = dictionary.of_table("episodes"), dictionary.of_table("vertebrae")
    before = [p for p in episodes if p.known_at != "procedure"]
    nested = [p for p in vertebrae if p.known_at != "procedure"]
    return {
        "one input": _usual((before or list(episodes))[:1]),
        "all inputs before the procedure": _usual(before) | {"vertebrae": [_usual(nested)]},
        "all inputs": _usual(episodes) | {"vertebrae": [_usual(vertebrae)]},
    }


def _usual(predictors: Iterable[Predictor]) -> dict[str, Any]:
    return {predictor.name: _middle(predictor) for predictor in predictors}


def _middle(predictor: Predictor) -> Any:
    """Return a usual value: the middle of a range or of the levels, or yes."""
    if predictor.levels:
        return predictor.levels[len(predictor.levels) // 2]
    limits = predictor.usual_range or predictor.hard_range
    if limits is None:
        return True
    middle = (limits[0] + limits[1]) / 2
    return round(middle) if predictor.kind == "count" else middle
