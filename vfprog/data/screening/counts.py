"""Counts that begin at one where ours begin at nought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.screening.columns import numbers_of
from vfprog.errors import Failure

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened

LEAST_VALUES = 20


def check_counts(screened: Screened) -> list[Failure]:
    """Find counts such as points of a score that run from 1 to one more than can be.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Warnings ``code_shift`` of whole columns: 20 values or more, none the least a count can be,
        and the largest just one above the most it can be; the value is the range seen.
    """
    failures: list[Failure] = []
    for table in ("episodes", "vertebrae"):
        for predictor in screened.predictors(table):
            if predictor.kind != "count" or predictor.hard_range is None:
                continue
            low, high = predictor.hard_range
            numbers = numbers_of(screened, table, predictor.name)
            seen = numbers[~np.isnan(numbers)]
            if len(seen) < LEAST_VALUES or seen.min() <= low or seen.max() != high + 1:
                continue
            text = (
                f"no value is {low:g} and the largest is {high + 1:g}: seems to count from "
                f"{low + 1:g}; unit: {{add: -1}} in the mapping, once the meaning is confirmed"
            )
            value = f"{seen.min():g} to {seen.max():g}"
            failures.append(
                Failure(table, None, predictor.name, value, "code_shift", text, "warning")
            )
    return failures
