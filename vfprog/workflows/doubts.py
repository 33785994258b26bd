"""What makes a model doubtful: it says nothing, ranks the wrong way round, or knows too much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.validation.resampling import RefitResult

# No prognostic model of this field comes near.
TOO_GOOD = 0.95


def doubts(table: pd.DataFrame) -> list[str]:
    """Return what makes models doubtful in patients they have not seen.

    Parameters
    ----------
    table : pandas.DataFrame
        model, metric, estimate, lower and upper of the models as shown; rows of other learners,
        where there is a column learner, are passed over.

    Returns
    -------
    list of str
        One sentence per model and doubt.
    """
    shown = table[table["learner"] == "model"] if "learner" in table else table
    slopes = shown[shown["metric"] == "calibration_slope"].to_dict("records")
    said = [(row["model"], slope_doubt(row)) for row in slopes]
    perfect = shown[(shown["metric"] == "c_statistic") & (shown["estimate"] >= TOO_GOOD)]
    notes = [
        f"{model}: calibration slope in patients it has not seen {why}"
        for model, why in said
        if why
    ]
    return notes + [
        f"{row.model}: c-statistic {row.estimate:.3f}: too good for a prognosis; "
        "look for a predictor that knows the outcome"
        for row in perfect.itertuples()
    ]


def slope_doubt(row: Mapping[Any, Any]) -> str:
    """Return why a calibration slope makes a model doubtful.

    Parameters
    ----------
    row : mapping
        estimate, lower and upper.

    Returns
    -------
    str
        The slope, its limits and what they mean; empty where the limits lie above 0.

    Examples
    --------
    >>> slope_doubt({"estimate": -1.26, "lower": -1.66, "upper": -0.86})
    '-1.26 (-1.66 to -0.86): the model ranks patients the wrong way round'
    """
    estimate, lower, upper = row["estimate"], row["lower"], row["upper"]
    if pd.isna(estimate) or (estimate > 0 and (pd.isna(lower) or lower > 0)):
        return ""
    said = f"{estimate:.2f}" + ("" if pd.isna(lower) else f" ({lower:.2f} to {upper:.2f})")
    if not pd.isna(upper) and upper < 0:
        return f"{said}: the model ranks patients the wrong way round"
    if estimate <= 0:
        return f"{said}: the model says nothing about them"
    return f"{said}: the limits include 0, so the model may say nothing about them"


def flat_doubts(folds: Mapping[str, Sequence[RefitResult]]) -> list[str]:
    """Return the models of which half or more of the folds learned nothing.

    Parameters
    ----------
    folds : mapping of str to sequence of RefitResult
        Cross-validation of each model.

    Returns
    -------
    list of str
        One sentence per model.
    """
    return [
        f"{model}: {flat} of {len(results)} folds learned nothing: whether the model says anything "
        "is a matter of chance"
        for model, results in folds.items()
        if 2 * (flat := sum(result.flat for result in results)) >= len(results) > 0
    ]
