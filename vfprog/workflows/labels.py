"""The columns that name a model in every long table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from vfprog.scoring.model import PrognosticModel


def labelled(table: pd.DataFrame, model: PrognosticModel, **more: str) -> pd.DataFrame:
    """Return a table with leading columns that name a model.

    Parameters
    ----------
    table : pandas.DataFrame
        Figures of one model.
    model : PrognosticModel
        The model.
    **more
        Further leading columns.

    Returns
    -------
    pandas.DataFrame
        The table behind the columns model, endpoint, prediction_time and those of ``more``.
    """
    names = {"model": model.name, "endpoint": model.endpoint.name}
    names |= {"prediction_time": model.prediction_time, **more}
    return pd.concat([pd.DataFrame(names, index=table.index), table], axis=1)
