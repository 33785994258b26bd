"""Where the records of a text begin and end, and whether its quotation marks are in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.reading.parts import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LINE_FEED, _QUOTE = 10, 34


@dataclass(frozen=True)
class Records:
    """The records of a text, as a spreadsheet counts them.

    Parameters
    ----------
    data : bytes
        The text; lines end with a line feed.
    ends : ndarray of int
        Where each record ends; its line feed stands there, or the text ends.
    quotes : ndarray of int
        Where quotation marks stand.
    nests_lines : bool
        Whether a quoted field holds a line feed.
    """

    data: bytes
    ends: NDArray[np.intp]
    quotes: NDArray[np.intp]
    nests_lines: bool

    @classmethod
    def of(cls, data: bytes) -> Records:
        """Find the records of a text."""
        letters = np.frombuffer(data, dtype=np.uint8)
        feeds = np.flatnonzero(letters == _LINE_FEED)
        quotes = np.flatnonzero(letters == _QUOTE) if b'"' in data else np.empty(0, np.intp)
        outside = np.searchsorted(quotes, feeds) % 2 == 0
        ends = feeds[outside]
        if not ends.size or ends[-1] != len(data) - 1:
            ends = np.append(ends, len(data)) if data else ends
        return cls(data, ends, quotes, not outside.all())

    @property
    def starts(self) -> NDArray[np.intp]:
        """Where each record starts."""
        return np.append(0, self.ends[:-1] + 1)[: len(self.ends)]

    @property
    def filled(self) -> NDArray[np.intp]:
        """Which records are no blank lines."""
        return np.flatnonzero(self.ends > self.starts)

    def __getitem__(self, record: int) -> bytes:
        """Return one record."""
        return self.data[int(self.starts[record]) : int(self.ends[record])]

    def first(self, n: int, limit: int) -> list[bytes]:
        """Return the first records that are no blank lines, of about `limit` bytes in all."""
        starts, filled = self.starts, self.filled[:n]
        near = filled[(self.ends[filled] < limit) | (np.arange(len(filled)) < 1)]
        return [self.data[int(starts[i]) : int(self.ends[i])] for i in near]

    def line_of(self, position: int) -> int:
        """Return the row number a spreadsheet shows for a place in the text."""
        return int(np.searchsorted(self.ends, position)) + 1


def check_quotes(table: str, place: str, records: Records, delimiter: str) -> None:
    """Refuse a text whose quotation marks do not open before a field and close after it.

    Readers differ in what they make of such a text, so none of them can be trusted.

    Parameters
    ----------
    table, place : str
        Named in the failure.
    records : Records
        The text.
    delimiter : str
        Character between fields.

    Raises
    ------
    InputError
        A quotation mark stands inside a field, or is never closed; names the line.
    """
    quotes = records.quotes
    if not quotes.size:
        return
    letters = np.frombuffer(records.data, dtype=np.uint8)
    borders = np.array([_LINE_FEED, _QUOTE, *delimiter.encode()], dtype=np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    opens_well = (opening == 0) | np.isin(letters[opening - 1], borders)
    after = np.minimum(closing + 1, len(letters) - 1)
    closes_well = (closing == len(letters) - 1) | np.isin(letters[after], borders)
    odd = np.append(opening[~opens_well], closing[~closes_well])
    if odd.size:
        line = records.line_of(int(odd.min()))
        text = f"{place}: a quotation mark stands inside a field in line {line}"
        refuse(table, '"', "unreadable", text, line)
    if quotes.size % 2:
        line = records.line_of(int(quotes[-1]))
        text = f"{place}: a quotation mark opened in line {line} is never closed"
        refuse(table, '"', "unreadable", text, line)
