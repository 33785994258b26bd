"""Look at whole columns, rows and tables before anything is learned from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from vfprog.data.readers import require_clean
from vfprog.data.screening.screen import screen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.data.cohort import Cohort
    from vfprog.data.readers import ReadRegistry
    from vfprog.errors import Failure


def observed_events(cohort: Cohort) -> pd.Series[float]:
    """Return the outcomes of a cohort that are known.

    Parameters
    ----------
    cohort : Cohort
        The cohort.

    Returns
    -------
    pandas.Series
        0 or 1 by episode_id.
    """
    seen = cohort.outcome.observed
    return pd.Series(cohort.outcome.event[seen].astype("float64"), index=cohort.episode_id[seen])


def screen_before_training(
    read: ReadRegistry, cohorts: Mapping[str, Cohort]
) -> tuple[Failure, ...]:
    """Refuse a registry whose rows or columns as a whole are in error, and return the warnings.

    Parameters
    ----------
    read : ReadRegistry
        A registry at every stage of its reading.
    cohorts : mapping of str to Cohort
        Its cohorts.

    Returns
    -------
    tuple of Failure
        Warnings.

    Raises
    ------
    InputError
        The same persons stand there several times, say; all such errors are listed.
    """
    found = screen(read, {name: observed_events(cohort) for name, cohort in cohorts.items()})
    require_clean(found)
    return tuple(failure for failure in found if failure.severity == "warning")
