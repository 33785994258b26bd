"""Planted defects of whole columns, for the checks of units and codes."""

from __future__ import annotations

import numpy as np

from tests.data.screening.exports import screened, tables_of


def planted(table, column, change, *, n=300, seed=7, where=None):
    """Return a clean registry, one column of which is changed, as checks see it."""
    tables = tables_of(n, seed=seed)
    values = tables[table][column]
    new = change(values)
    if where is not None:
        rows = np.asarray(where(tables))
        new = values.astype(object).where(~rows, new.astype(object))
    tables[table] = tables[table].assign(**{column: new})
    return screened(tables, events={})


def at_site(table, site):
    """Return what picks the rows of one site."""

    def rows(tables):
        sites = tables["episodes"].set_index("episode_id")["site_id"]
        return tables[table]["episode_id"].map(sites) == site

    return rows


def coded(yes, no):
    """Return what writes yes and no otherwise; blanks stay blank."""
    return lambda x: x.astype(object).map(
        lambda v: v if not isinstance(v, bool | np.bool_) else yes if v else no
    )
