"""Which values of an input are plausible, by the development data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import BundleError
from vfprog.scoring.values import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import FloatArray
    from vfprog.schema.dictionary import Dictionary, Predictor

# Quantiles of a number that are tried; rarer levels than this are not.
QUANTILES = (0.05, 0.5, 0.95)
LEAST_SHARE = 0.02


@dataclass(frozen=True)
class Plausible:
    """Values at which a missing input is tried.

    Parameters
    ----------
    codes : ndarray of float, shape (k,)
        As models see them.
    values : tuple
        As people write them.
    """

    codes: FloatArray
    values: tuple[Any, ...]


def plausible_values(
    reference: Mapping[str, Mapping[str, Any]], dictionary: Dictionary
) -> dict[str, Plausible]:
    """Return the values at which each input known before the procedure is tried.

    Parameters
    ----------
    reference : mapping of str to mapping
        Entry ``reference`` of a manifest: quantiles and shares of the development data.
    dictionary : Dictionary
        Dictionary of the models.

    Returns
    -------
    dict of str to Plausible
        Values by predictor, ascending; at least two each. What is known only from the procedure
        is left out: it is chosen, not measured.

    Raises
    ------
    BundleError
        The entry is malformed.
    """
    found = {}
    for name, kept in reference.items():
        if name not in dictionary or dictionary[name].known_at != "preprocedure":
            continue
        try:
            codes = _codes(dictionary[name], kept)
        except (KeyError, TypeError, ValueError) as error:
            text = f"'reference' of the manifest is malformed at {name}: {error!r}"
            raise BundleError(text) from error
        if len(codes) > 1:
            values = tuple(decode(dictionary[name], code) for code in codes)
            found[name] = Plausible(np.array(codes), values)
    return found


def _codes(predictor: Predictor, kept: Mapping[str, Any]) -> tuple[float, ...]:
    if not predictor.is_numeric:
        return tuple(
            float(code) for code, share in enumerate(kept["shares"]) if share >= LEAST_SHARE
        )
    quantiles = [value for level, value in kept["quantiles"] if level in QUANTILES]
    # What is shown is what was tried, so it is rounded first.
    rounded = np.rint(quantiles) if predictor.kind == "count" else [_round(q) for q in quantiles]
    return tuple(sorted({float(value) for value in rounded}))


def _round(value: float) -> float:
    return float(f"{value:.3g}")
