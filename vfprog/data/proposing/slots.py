"""What a foreign column may become: a structural column of ours, or a predictor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from vfprog.data.column_spec import ColumnSpec
from vfprog.data.mapping import Mapping
from vfprog.data.values import Target, find_target, translate_column
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import LEVELS
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from vfprog.schema.dictionary import Dictionary, Predictor
    from vfprog.schema.registry import Column

Limits = tuple[float, float]


@dataclass(frozen=True)
class Slot:
    """A column of ours that waits for a foreign one.

    Parameters
    ----------
    table, name : str
        Where it stands.
    type : str
        ``id``, ``date``, ``day``, ``number``, ``count``, ``level`` (of a vertebra), ``word``
        (one of some levels) or ``binary``.
    levels : tuple of str
        Its levels.
    hard, usual, median : tuple of float, optional
        Where values must lie, where they usually lie, where their median usually lies.
    units : tuple of (str, float)
        Units that can be converted into ours, and the factor; our own has 1.
    """

    table: str
    name: str
    type: str
    levels: tuple[str, ...] = ()
    hard: Limits | None = None
    usual: Limits | None = None
    median: Limits | None = None
    units: tuple[tuple[str, float], ...] = ()

    @property
    def place(self) -> str:
        """Table and name."""
        return f"{self.table}.{self.name}"

    @property
    def is_number(self) -> bool:
        """Whether its values are measured or counted."""
        return self.type in {"number", "count", "day"}


def slots_of(
    table: str, dictionary: Dictionary, units: tuple[str, ...], *, is_flat: bool = False
) -> list[Slot]:
    """Return the columns of one table of ours.

    Parameters
    ----------
    table : str
        Table; a flat table also takes the columns of one vertebra.
    dictionary : Dictionary
        The predictors.
    units : tuple of str
        Units to try.
    is_flat : bool
        Whether one table holds everything.

    Returns
    -------
    list of Slot
        Structural columns first.
    """
    found = [_structural(table, column, dictionary, units) for column in REGISTRY[table]]
    tables = (table, "vertebrae") if is_flat else (table,)
    for name in tables:
        found += [_predictor(p, dictionary, units) for p in dictionary.of_table(name)]
    return found


def _structural(table: str, column: Column, dictionary: Dictionary, units: tuple[str, ...]) -> Slot:
    levels = LEVELS if column.type == "level" else column.words
    usual = (0.0, 1500.0) if column.type == "day" else column.hard_range
    slot = Slot(table, column.name, column.type, levels, column.hard_range, usual)
    return _with_units(slot, dictionary, units)


def _predictor(predictor: Predictor, dictionary: Dictionary, units: tuple[str, ...]) -> Slot:
    kinds = {"continuous": "number", "count": "count", "binary": "binary"}
    kind = "level" if predictor.levels == LEVELS else kinds.get(predictor.kind, "word")
    middle = getattr(predictor, "usual_median", None)
    slot = Slot(
        predictor.table, predictor.name, kind, predictor.levels, predictor.hard_range,
        predictor.usual_range or predictor.hard_range, middle,
    )  # fmt: skip
    return _with_units(slot, dictionary, units)


def _with_units(slot: Slot, dictionary: Dictionary, units: tuple[str, ...]) -> Slot:
    target = find_target(slot.table, slot.name, dictionary)
    if not slot.is_number or target is None or target.type not in {"number", "day"}:
        return slot
    factors = ((unit, _factor(target, unit)) for unit in units)
    return replace(slot, units=tuple((unit, f) for unit, f in factors if f is not None))


def _factor(target: Target, unit: str) -> float | None:
    """Return what a value in a unit is multiplied with, None where no way leads from it."""
    one = pd.DataFrame({"x": [1.0]})
    mapping = Mapping.model_validate({"columns": {"episode_id": "x"}})
    try:
        values, _ = translate_column(ColumnSpec(column="x", unit=unit), one, target, mapping)
    except ConfigError:
        return None
    return float(values.iloc[0])
