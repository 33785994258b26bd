"""The patients of a registry beside those a bundle was made from, and whether codes agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.data.cohort import characteristics
from vfprog.data.screening.reference import LEAST_VALUES, ColumnSummary, check_reference
from vfprog.errors import Failure
from vfprog.validation.population import population_differences
from vfprog.workflows.inputs import as_recorded
from vfprog.workflows.judging import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.cohort import Cohort
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import FloatArray
    from vfprog.schema.endpoints import Endpoint
    from vfprog.scoring.bundle import Bundle

# Two in a hundred lie there in development; beyond this share the model mostly extrapolates.
TOO_FAR = 0.2
_ORIGINS = ("developed_on", "judged_on")
_NOT_KEPT = "the bundle keeps no characteristics of its development"


def population_table(bundle: Bundle, endpoint: str, cohort: Cohort) -> pd.DataFrame:
    """Return the predictors of one endpoint's participants, in development and here.

    Parameters
    ----------
    bundle : Bundle
        Keeps the characteristics of its development.
    endpoint : str
        The endpoint.
    cohort : Cohort
        Its participants here.

    Returns
    -------
    pandas.DataFrame
        endpoint, used (whether a model of the endpoint reads the predictor), then the columns of
        `vfprog.validation.population.population_differences`.
    """
    here = characteristics(cohort)
    name = development_characteristics(bundle, endpoint)
    kept = pd.DataFrame(bundle.table(name)) if name in bundle.table_names else here.iloc[:0]
    known = [p.name for p in bundle.dictionary.predictors]
    here = here[here["predictor"].isin(known)]
    table = population_differences(kept, here)
    if kept.empty:
        table["reason"] = _NOT_KEPT
    models = [bundle.model(f"{endpoint}_{time}") for time in bundle.endpoints[endpoint]]
    used = frozenset().union(*(model.parents for model in models))
    table.insert(0, "endpoint", endpoint)
    table.insert(1, "used", table["predictor"].isin(used))
    return table


def reference_warnings(bundle: Bundle, registry: Registry) -> list[Failure]:
    """Find predictors of the models whose codes, units or ranges are unlikely to be the same.

    Parameters
    ----------
    bundle : Bundle
        Keeps a summary of each predictor of its development.
    registry : Registry
        The registry.

    Returns
    -------
    list of Failure
        Warnings ``reference_shift``, see `vfprog.data.screening.reference.check_reference`, and
        ``reference_range``: more than a fifth of the values lie outside the 1st to 99th percentile
        of development.
    """
    kept = {
        name: ColumnSummary.from_dict(summary)
        for name, summary in bundle.manifest["reference"].items()
    }
    typed = {"episodes": registry.episodes, "vertebrae": registry.vertebrae}
    shifted = check_reference(typed, registry.dictionary, bundle.dictionary, kept)
    named = {failure.column for failure in shifted}
    ranges = [f for f in _out_of_range(bundle, typed, kept) if f.column not in named]
    used = frozenset().union(*(bundle.model(name).parents for name in bundle.model_names))
    return [failure for failure in [*shifted, *ranges] if failure.column in used]


def differences(bundle: Bundle, registry: Registry) -> list[str]:
    """Return what makes a registry another one than the models were made for, or the same.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    registry : Registry
        The registry.

    Returns
    -------
    list of str
        What was noted while reading it, the development data themselves, another population, and
        predictors that are not recorded at all: one sentence each.
    """
    notes = list(registry.notes)
    if registry.digest in own_data(bundle):
        notes.append("these are the data the models were trained on: the figures are too good")
    arrays = registry.arrays()
    given = {**arrays.episodes, **arrays.vertebrae}
    recorded = {name for name, values in given.items() if not np.isnan(values).all()}
    for endpoint, times in bundle.endpoints.items():
        model = bundle.model(f"{endpoint}_{times[-1]}")
        other = other_population(model.endpoint, registry)
        if other:
            notes.append(f"{endpoint}: {other}")
        absent = sorted(model.parents - recorded)
        if absent:
            notes.append(
                f"{endpoint}: {len(absent)} of {len(model.parents)} predictors are not recorded "
                f"at all: {listed(absent)}"
            )
    return notes


def own_data(bundle: Bundle) -> set[str]:
    """Return the digests of the data the models of a bundle were developed or updated on."""
    told = bundle.manifest["provenance"]
    origins = [one[what] for one in told.get("models", {}).values() for what in _ORIGINS]
    digests = {data.get("digest") for data in (told, *origins)}
    return {str(digest) for digest in digests if digest}


def development_characteristics(bundle: Bundle, endpoint: str) -> str:
    """Return the name of the table of who an endpoint's models were developed on."""
    kept = f"development_characteristics_{endpoint}"
    return kept if kept in bundle.table_names else f"characteristics_{endpoint}"


def other_population(endpoint: Endpoint, registry: Registry) -> str:
    """Return in words that a registry is of other episodes than an endpoint; empty if it is not."""
    there = as_recorded(endpoint, registry)
    if there.population == endpoint.population:
        return ""
    ours, theirs = (", ".join(e.population) or "all" for e in (endpoint, there))
    return f"made for {ours} episodes, judged on {theirs} episodes"


def _out_of_range(
    bundle: Bundle, typed: dict[str, pd.DataFrame], kept: dict[str, ColumnSummary]
) -> Iterator[Failure]:
    for p in bundle.dictionary.predictors:
        frame = typed[p.table] if p.table in typed else pd.DataFrame()
        if p.name not in kept or not kept[p.name].quantiles or p.name not in frame:
            continue
        low, high = kept[p.name].quantiles[0][1], kept[p.name].quantiles[-1][1]
        share = _share_outside(frame[p.name].to_numpy(dtype=np.float64), low, high)
        if share is not None and share > TOO_FAR:
            text = (
                f"has {share:.0%} of its values outside the 1% to 99% quantiles {low:.4g} to "
                f"{high:.4g} of the development data: check the unit; if it is right, the models "
                "mostly extrapolate"
            )
            value = round(share, 4)
            yield Failure(p.table, None, p.name, value, "reference_range", text, "warning")


def _share_outside(values: FloatArray, low: float, high: float) -> float | None:
    seen = values[~np.isnan(values)]
    if len(seen) < LEAST_VALUES:
        return None
    return float(np.mean((seen < low) | (seen > high)))
