"""What a check of whole columns, rows or tables looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.rows import RowNames
from vfprog.data.screening.owners import positions_of

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.data.readers import ReadRegistry
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.schema.dictionary import Dictionary, Predictor


@dataclass(frozen=True)
class Screened:
    """A registry at every stage of its reading.

    Parameters
    ----------
    source : dict of str to pandas.DataFrame
        Tables as read, in their names and words; a flat file is ``episodes``.
    raw : dict of str to pandas.DataFrame
        Tables in our names and units, values not yet typed; at least ``episodes``. The index
        counts rows as a spreadsheet does.
    typed : dict of str to pandas.DataFrame
        All five typed tables in the same order of rows: predictors as numbers (binary 0/1,
        levels as their place), NaN where missing or in error; ids and words as strings.
    dictionary : Dictionary
        The predictors.
    events : dict of str to pandas.Series
        For each endpoint that can be derived, 0 or 1 by episode_id, of episodes whose outcome is
        observed; empty while the registry has errors.
    origins : dict
        Column of the source of each table and column of ours; empty without a mapping.
    """

    source: dict[str, pd.DataFrame]
    raw: dict[str, pd.DataFrame]
    typed: dict[str, pd.DataFrame]
    dictionary: Dictionary
    events: dict[str, pd.Series[float]] = field(default_factory=dict)
    origins: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, read: ReadRegistry, events: dict[str, pd.Series[float]]) -> Screened:
        """Return what there is to look at in a registry that was read."""
        translated = read.translated
        return cls(
            read.source.tables,
            translated.tables,
            read.typed,
            translated.dictionary,
            events,
            translated.origins,
        )

    def predictors(self, table: str) -> list[Predictor]:
        """Return the predictors a table has a column for."""
        return [p for p in self.dictionary.of_table(table) if p.name in self.raw.get(table, ())]

    def rows(self, table: str) -> RowNames:
        """Return the names of the rows of a typed table, for failures."""
        return RowNames.of(self.typed[table])

    @cached_property
    def owners(self) -> dict[str, IntArray]:
        """Position of the episode of each row, for each other table; -1 where it has none."""
        ids = self.typed["episodes"]["episode_id"]
        others = {name: table for name, table in self.typed.items() if name != "episodes"}
        return {name: positions_of(table["episode_id"], ids) for name, table in others.items()}

    @cached_property
    def outcomes(self) -> dict[str, FloatArray]:
        """For each endpoint 0 or 1 in the order of the episodes; NaN where not observed."""
        ids = self.typed["episodes"]["episode_id"]
        ends: dict[str, FloatArray] = {}
        for endpoint, events in self.events.items():
            places = positions_of(events.index.to_series(), ids)
            ends[endpoint] = np.full(len(ids), np.nan)
            ends[endpoint][places[places >= 0]] = events.to_numpy(np.float64)[places >= 0]
        return ends
