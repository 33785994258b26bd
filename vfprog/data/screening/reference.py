"""Columns so unlike the development data that a code or a unit is likely to differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from vfprog.features.arrays import FloatArray
    from vfprog.schema.dictionary import Dictionary, Predictor

LEAST_VALUES = 30
# Missing in development less often than this, and here always, is a column lost on the way.
_USUALLY_THERE = 0.5
# How much better the other way of coding must explain the data, in log likelihood per value,
# and how near it must come.
_BETTER, _NEAR = 0.08, 0.05
_QUANTILES = (0.01, 0.05, 0.35, 0.5, 0.65, 0.95, 0.99)


@dataclass(frozen=True)
class ColumnSummary:
    """What is kept of one predictor of the development data.

    Parameters
    ----------
    n : int
        Rows.
    missing : float
        Share of rows without a value.
    quantiles : dict of float to float
        Quantiles by probability, for a number; at least two.
    shares : tuple of float
        Share of each level among the values; of no and yes for a binary predictor.
    """

    n: int
    missing: float
    quantiles: tuple[tuple[float, float], ...] = ()
    shares: tuple[float, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ColumnSummary:
        """Return the summary that `as_dict` wrote."""
        pairs = tuple((float(level), float(value)) for level, value in content["quantiles"])
        shares = tuple(float(share) for share in content["shares"])
        return cls(int(content["n"]), float(content["missing"]), pairs, shares)


def summarise(
    typed: Mapping[str, pd.DataFrame], dictionary: Dictionary
) -> dict[str, ColumnSummary]:
    """Return what is to be kept of the development data.

    Parameters
    ----------
    typed : mapping of str to pandas.DataFrame
        Typed tables.
    dictionary : Dictionary
        Their predictors.

    Returns
    -------
    dict of str to ColumnSummary
        A summary of each predictor that has a value.
    """
    found = {}
    for p in dictionary.predictors:
        values = _values(typed, p)
        seen = values[~np.isnan(values)]
        if not len(seen):
            continue
        missing = 1 - len(seen) / len(values)
        if p.is_numeric:
            at = np.quantile(seen, _QUANTILES)
            pairs = tuple(zip(_QUANTILES, map(float, at), strict=True))
            found[p.name] = ColumnSummary(len(values), missing, quantiles=pairs)
        else:
            shares = tuple(map(float, _shares(seen, _width(p))))
            found[p.name] = ColumnSummary(len(values), missing, shares=shares)
    return found


def check_reference(
    typed: Mapping[str, pd.DataFrame],
    dictionary: Dictionary,
    bundle_dictionary: Dictionary,
    reference: Mapping[str, ColumnSummary],
) -> list[Failure]:
    """Find predictors so unlike the development data that a code or unit is likely to differ.

    Parameters
    ----------
    typed : mapping of str to pandas.DataFrame
        Typed tables of the registry.
    dictionary, bundle_dictionary : Dictionary
        Predictors of the registry and of the bundle.
    reference : mapping of str to ColumnSummary
        What the bundle keeps, see `summarise`.

    Returns
    -------
    list of Failure
        Rule ``reference_shift``, one for each predictor: yes and no exchanged, levels shifted by
        one or reversed, a median outside the development 1st to 99th percentile, or missing
        throughout where it was there in development. The value is the share or median seen.
    """
    failures = []
    for p in bundle_dictionary.predictors:
        if p.name not in reference or (p.name in dictionary and dictionary[p.name].kind != p.kind):
            continue
        kept = reference[p.name]
        values = _values(typed, p)
        seen = values[~np.isnan(values)]
        found: tuple[object, str] | None = None
        if len(values) >= LEAST_VALUES and not len(seen):
            found = _lost(kept)
        elif len(seen) >= LEAST_VALUES:
            found = _moved(seen, kept) if p.is_numeric else _recoded(seen, kept, p)
        if found is not None:
            value, text = found
            failure = Failure(p.table, None, p.name, value, "reference_shift", text, "warning")
            failures.append(failure)
    return failures


def _values(typed: Mapping[str, pd.DataFrame], predictor: Predictor) -> FloatArray:
    frame = typed.get(predictor.table)
    if frame is None:
        return np.empty(0)
    if predictor.name not in frame:
        return np.full(len(frame), np.nan)
    return frame[predictor.name].to_numpy(dtype=np.float64)


def _width(predictor: Predictor) -> int:
    return len(predictor.levels) or 2


def _shares(seen: FloatArray, width: int) -> FloatArray:
    counts = np.bincount(seen.astype(np.intp), minlength=width)
    shares: FloatArray = counts / counts.sum()
    return shares


def _lost(kept: ColumnSummary) -> tuple[object, str] | None:
    if kept.missing >= _USUALLY_THERE:
        return None
    text = (
        f"is missing throughout; in development {1 - kept.missing:.0%} had a value: "
        "is it exported under another name?"
    )
    return None, text


def _moved(seen: FloatArray, kept: ColumnSummary) -> tuple[object, str] | None:
    levels = [value for _, value in kept.quantiles]
    low, high, median = levels[0], levels[-1], float(np.median(seen))
    if low <= median <= high:
        return None
    first, last = kept.quantiles[0][0], kept.quantiles[-1][0]
    text = (
        f"has a median of {median:.4g} in {len(seen)} values, outside the {first:.0%} to "
        f"{last:.0%} quantiles {low:.4g} to {high:.4g} of the development data: check the unit"
    )
    return median, text


def _recoded(
    seen: FloatArray, kept: ColumnSummary, predictor: Predictor
) -> tuple[object, str] | None:
    ours = _shares(seen, _width(predictor))
    expected = np.asarray(kept.shares)
    if len(expected) != len(ours):
        return None
    by_way = {"as coded": expected} | _other_ways(predictor, expected)
    divergence = {way: _divergence(ours, shares) for way, shares in by_way.items()}
    best = min(divergence, key=lambda way: divergence[way])
    noise = 5 / len(seen)
    if divergence["as coded"] - divergence[best] < _BETTER + noise:
        return None
    if divergence[best] > _NEAR + noise:
        return None
    names = predictor.levels or ("no", "yes")
    shown = ", ".join(
        f"{n} {a:.0%} ({b:.0%})" for n, a, b in zip(names, ours, expected, strict=True)
    )
    text = f"looks {best} against the development data (in brackets): {shown}; check the code"
    return round(float(ours[-1]), 4), text


def _other_ways(predictor: Predictor, shares: FloatArray) -> dict[str, FloatArray]:
    """Return the shares that other ways of coding the same persons would give."""
    if len(shares) == 2:
        return {"exchanged": shares[::-1]}
    ways = {"reversed": shares[::-1]}
    if predictor.kind == "ordinal":
        ways |= {"shifted up by one level": np.roll(shares, 1)}
        ways |= {"shifted down by one level": np.roll(shares, -1)}
    return ways


def _divergence(seen: FloatArray, expected: FloatArray) -> float:
    """Return the Kullback-Leibler divergence, no level being impossible."""
    sure = (expected + 1e-3) / (1 + 1e-3 * len(expected))
    there = seen > 0
    return float(np.sum(seen[there] * np.log(seen[there] / sure[there])))
