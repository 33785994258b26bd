"""What the corruptions are made of: draw rows, overwrite values, say what is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from tests.data.corrupting import FIRST, LAYOUTS, Expected, Export, Mutation

Rng = np.random.Generator
Corrupt = Callable[[Export, Rng], Expected]


class Part(list[Mutation]):
    """The corruptions of one module, in order."""

    def add(
        self, name: str, defect: str, corrupt: Corrupt, layout: str = "csv", n: int = 700,
        *, beside_model: bool = False,
    ) -> None:  # fmt: skip
        """Add a corruption of a registry of ``n`` participants, written in some layout."""
        assert layout in LAYOUTS
        self.append(Mutation(name, defect, corrupt, layout, n, beside_model=beside_model))


def expect(
    codes: str,
    table: str | None = None,
    column: str | None = None,
    rows: Iterable[int] | None = None,
    block: tuple[int, int] | None = None,
    also: Iterable[int] = (),
) -> Expected:
    """Say what is expected; rows are positions, ``also`` rows that may be told beside them."""
    lines = None if rows is None else frozenset(int(row) + FIRST for row in rows)
    beside = frozenset(int(row) + FIRST for row in also)
    return Expected(frozenset(codes.split()), table, column, lines, block, beside)


def some(frame: pd.DataFrame, k: int, rng: Rng, where: Any = None) -> np.ndarray:
    """Draw rows, of those where something holds."""
    places = np.flatnonzero(np.ones(len(frame), bool) if where is None else np.asarray(where))
    return np.sort(rng.choice(places, min(k, len(places)), replace=False))


def put(
    table: str, column: str, values: Any, codes: str, *, k: int = 5, home: str | None = None,
    says: str | None = None,
) -> Corrupt:  # fmt: skip
    """Overwrite a few values; ``home`` and ``says`` are table and column where a file is flat."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export[table]
        rows = some(frame, k, rng, frame[column].notna())
        listed = values if isinstance(values, list) else [values]
        for place, row in enumerate(rows):
            frame.loc[row, column] = listed[place % len(listed)]
        return expect(codes, home or table, says or column, rows)

    return corrupt


def change(table: str, column: str, how: Callable[[Any], Any], codes: str, **named: Any) -> Corrupt:
    """Change every value of a column, or those of some sites."""
    sites, home, says = (named.get(name) for name in ("sites", "home", "says"))

    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export[table]
        where = frame[column].notna()
        if sites:
            owner = export["episodes"].set_index("episode_id")["site_id"]
            where &= frame["episode_id"].map(owner).isin(sites)
        frame[column] = frame[column].where(~where, frame[column].map(how, na_action="ignore"))
        return expect(codes, home or table, says or column)

    return corrupt


def times(factor: float, digits: int = 2) -> Callable[[Any], Any]:
    return lambda value: round(float(value) * factor, digits)


def own(name: str, make: Callable[[Export, Rng], Any], codes: str, **says: Any) -> Corrupt:
    def corrupt(export: Export, rng: Rng) -> Expected:
        export.add_predictor(name, make(export, rng), **says)
        return expect(codes, None, name)

    return corrupt


def count(export: Export) -> int:
    return len(export["episodes"])
