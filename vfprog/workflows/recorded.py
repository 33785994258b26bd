"""How much of what a model relies on another registry records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.features.design import derive_features

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.model import PrognosticModel

TABLE = "development_reliance"
# Below this share a slope would be that of another, poorer model.
LEAST_RECORDED = 0.8


def development_reliance(bundle: Bundle, name: str) -> pd.DataFrame:
    """Return what a model relied on where it was trained, whatever it was updated on since.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    name : str
        Name of the model.

    Returns
    -------
    pandas.DataFrame
        model, predictor (a line of the explanation), share (of the mean absolute contributions to
        the log-odds) and observed (share of the rows of the development registry that have it). A
        bundle that keeps no importance, as one made by hand, relies on all its lines alike.
    """
    if TABLE in bundle.table_names:
        kept = pd.DataFrame(bundle.table(TABLE))
        return kept[kept["model"] == name].reset_index(drop=True)
    model = bundle.model(name)
    shares = dict.fromkeys((line.predictor for line in model.lines), 1 / len(model.lines))
    if "importance" in bundle.table_names:
        ranked = pd.DataFrame(bundle.table("importance"))
        ranked = ranked[ranked["model"] == name]
        shares = dict(zip(ranked["predictor"], ranked["share"], strict=True))
    return reliance_rows(model, shares, bundle.manifest["reference"])


def reliance_rows(
    model: PrognosticModel, shares: dict[str, float], reference: dict[str, Any]
) -> pd.DataFrame:
    """Return the table of one model, see `development_reliance`.

    Parameters
    ----------
    model : PrognosticModel
        The model.
    shares : dict of str to float
        Share of the contributions by line.
    reference : dict of str to dict
        Summaries of the predictors of the registry it was trained on; those without one, or said
        to be never recorded, count as always recorded.

    Returns
    -------
    pandas.DataFrame
        model, predictor, share, observed.
    """
    missing = {name: float(kept["missing"]) for name, kept in reference.items()}
    rows = []
    for line in model.lines:
        seen = min(1 - missing.get(parent, 0.0) for parent in line.parents)
        rows.append(
            {"model": model.name, "predictor": line.predictor,
             "share": float(shares.get(line.predictor, 0.0)), "observed": seen or 1.0}
        )  # fmt: skip
    return pd.DataFrame(rows)


def recorded_share(reliance: pd.DataFrame, model: PrognosticModel, cohort: Cohort) -> float:
    """Return the share of a model's reliance that rests on what a cohort records.

    Parameters
    ----------
    reliance : pandas.DataFrame
        What `development_reliance` returned for the model.
    model : PrognosticModel
        The model.
    cohort : Cohort
        Episodes of the other registry.

    Returns
    -------
    float
        ``sum of share * min(1, share recorded here / share recorded in development)`` over the
        lines, from 0 to 1: a predictor recorded in half as many patients counts half, one that is
        the same for everybody not at all.
    """
    X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)
    by_line = {
        line.predictor: _varying_share(X[:, model.line_index == place])
        for place, line in enumerate(model.lines)
    }
    here = reliance["predictor"].map(by_line).fillna(0.0)
    ratio = (here / reliance["observed"]).clip(upper=1.0)
    return float(np.sum(reliance["share"] * ratio))


def reliance_table(bundle: Bundle) -> pd.DataFrame:
    """Return `development_reliance` of every model, which travels in each version of a bundle."""
    tables = [development_reliance(bundle, name) for name in bundle.model_names]
    return pd.concat(tables, ignore_index=True)


def too_little_recorded(bundle: Bundle, name: str, cohort: Cohort) -> str:
    """Return why no more than the intercept of a model may change here; empty where it may.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    name : str
        Name of the model.
    cohort : Cohort
        Episodes of the other registry.

    Returns
    -------
    str
        A reason with the figures, or nothing.
    """
    share = recorded_share(development_reliance(bundle, name), bundle.model(name), cohort)
    if share >= LEAST_RECORDED:
        return ""
    return (
        f"this registry records, with values that differ, what {share:.0%} of the model's "
        f"contributions rest on; {LEAST_RECORDED:.0%} are needed: no more than the intercept may "
        "change"
    )


def _varying_share(columns: FloatArray) -> float:
    """Return the share of rows with a value in any of some columns that are not constant."""
    if not len(columns):
        return 0.0
    known = ~np.isnan(columns)
    low = np.where(known, columns, np.inf).min(axis=0)
    high = np.where(known, columns, -np.inf).max(axis=0)
    return float(known[:, high > low].any(axis=1).mean())
