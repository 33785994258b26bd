"""The columns of a registry with what the dictionary knows about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.schema.dictionary import LEVELS
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vfprog.data.readers import ReadRegistry
    from vfprog.schema.dictionary import Dictionary


@dataclass(frozen=True)
class Described:
    """One column and what is known about it.

    Parameters
    ----------
    table : str
        Table.
    name : str
        Column.
    label : str
        Words for people.
    kind : str
        Kind of the dictionary, or ``id``, ``date``, ``word``.
    unit : str
        Unit, or nothing.
    levels : tuple of str
        Words of the codes, where the values are codes.
    series : pandas.Series
        Typed values.
    """

    table: str
    name: str
    label: str
    kind: str
    unit: str
    levels: tuple[str, ...]
    series: pd.Series[Any]

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers rather than codes, words or dates."""
        return self.kind in {"continuous", "count"}

    def counts(self) -> pd.Series[int]:
        """Return how often each level is there.

        Returns
        -------
        pandas.Series
            Count by level, the most frequent first; levels that have an order in that order, those
            between which nobody is included. Empty for an identifier.
        """
        if self.kind == "id" and self.name != "site_id":
            return pd.Series(dtype="int64")
        known = self.series.dropna()
        if not self.levels:
            return known.value_counts()
        found = np.bincount(known.to_numpy(dtype=np.intp), minlength=len(self.levels))
        counts = pd.Series(found, index=list(self.levels))
        if self.kind != "ordinal":
            return counts[counts > 0].sort_values(ascending=False, kind="stable")
        filled = np.flatnonzero(found)
        return counts.iloc[filled[0] : filled[-1] + 1] if filled.size else counts.iloc[:0]


def describe_columns(
    read: ReadRegistry, *, tables: Iterable[str] = tuple(REGISTRY)
) -> Iterator[Described]:
    """Give every column the source has and vfprog reads.

    Parameters
    ----------
    read : ReadRegistry
        A registry at every stage of its reading.
    tables : iterable of str
        Tables wanted.

    Yields
    ------
    Described
        Columns in the order of the registry and the dictionary.
    """
    raw, dictionary = read.translated.tables, read.translated.dictionary
    for table in tables:
        typed = read.typed[table]
        for name in typed.columns:
            if name in raw.get(table, ()):
                yield _describe(table, name, typed[name], dictionary)


def _describe(table: str, name: str, values: pd.Series[Any], dictionary: Dictionary) -> Described:
    structure = {column.name: column for column in REGISTRY[table]}
    if name not in structure:
        found = dictionary[name]
        levels = ("no", "yes") if found.kind == "binary" else found.levels
        return Described(table, name, found.label, found.kind, found.unit or "", levels, values)
    kinds = {"day": "continuous", "number": "continuous", "level": "ordinal"}
    column = structure[name]
    kind = kinds.get(column.type, column.type)
    levels = {"level": LEVELS, "binary": ("no", "yes")}.get(column.type, ())
    unit = "days" if column.type == "day" else ""
    label = name.replace("_", " ")
    return Described(table, name, label[:1].upper() + label[1:], kind, unit, levels, values)
