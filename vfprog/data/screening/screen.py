"""Every check of whole columns, rows and tables, in the order in which they are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.data.screening.blocks import check_blocks
from vfprog.data.screening.codes import check_codes
from vfprog.data.screening.context import Screened
from vfprog.data.screening.contradictions import check_contradictions
from vfprog.data.screening.copies import check_copies
from vfprog.data.screening.counts import check_counts
from vfprog.data.screening.dates import check_dates
from vfprog.data.screening.emptiness import check_emptiness
from vfprog.data.screening.identifiers import check_identifiers
from vfprog.data.screening.key_formats import check_key_formats
from vfprog.data.screening.keys import check_keys
from vfprog.data.screening.leaks import check_leaks
from vfprog.data.screening.missing_codes import check_missing_codes
from vfprog.data.screening.missingness import check_missingness
from vfprog.data.screening.units import check_units

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.data.readers import ReadRegistry
    from vfprog.errors import Failure

TABLE_CHECKS = (
    check_key_formats,
    check_units,
    check_codes,
    check_counts,
    check_missing_codes,
    check_copies,
    check_identifiers,
    check_dates,
    check_missingness,
    check_contradictions,
    check_emptiness,
    check_keys,
)
"""Checks that need the tables alone; a new one is added here."""
OUTCOME_CHECKS = (check_leaks, check_blocks)
"""Checks that need to know who had the event."""


def screen(read: ReadRegistry, events: dict[str, pd.Series[float]]) -> list[Failure]:
    """Run every check of whole columns, rows and tables.

    Parameters
    ----------
    read : ReadRegistry
        A registry at every stage of its reading.
    events : dict of str to pandas.Series
        For each endpoint, 0 or 1 by episode_id, of episodes whose outcome is observed; where it is
        empty, the checks that need it are left out.

    Returns
    -------
    list of Failure
        Everything found, check by check; a column is called by the source's name, too.
    """
    screened = Screened.of(read, events)
    checks = (*TABLE_CHECKS, *OUTCOME_CHECKS) if events else TABLE_CHECKS
    found = [failure for check in checks for failure in check(screened)]
    return read.translated.named(found)
