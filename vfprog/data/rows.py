"""What failures call a row: its episode and its line in the source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.words import as_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from vfprog.errors import Failure


@dataclass(frozen=True)
class RowNames:
    """The names of the rows of one table.

    Parameters
    ----------
    labels : list of str or int
        The episode_id, or the line where there is none.
    lines : list of int
        Row number a spreadsheet shows: the first record is row 2.
    """

    labels: list[str | int]
    lines: list[int]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> RowNames:
        """Return the names of the rows of a table.

        Parameters
        ----------
        frame : pandas.DataFrame
            Raw or typed table whose index counts rows as a spreadsheet does.

        Returns
        -------
        RowNames
            One name per row.
        """
        lines: list[int] = frame.index.tolist()
        if "episode_id" not in frame:
            return cls(list(lines), lines)
        words = as_words(frame["episode_id"])
        labels: list[str | int] = words.to_numpy(dtype=object).tolist()
        for position in np.flatnonzero(words.isna()):
            labels[position] = lines[position]
        return cls(labels, lines)

    def place(self, failure: Failure, position: int) -> Failure:
        """Return a failure with the label and the line of the row at a position."""
        return replace(failure, row=self.labels[position], line=self.lines[position])

    def placed(self, failure: Failure, positions: Iterable[int]) -> list[Failure]:
        """Return a failure once for each of some positions."""
        return [self.place(failure, int(position)) for position in positions]
