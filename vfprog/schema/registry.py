"""The five tables of a registry: structural columns, their types and which are required.

Predictor columns of ``episodes`` and ``vertebrae`` come from the dictionary; what stands here
are the keys, days and outcomes every registry shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["id", "date", "day", "number", "level", "word", "binary"]
TREATMENTS = ("vertebroplasty", "conservative", "sham")
# What a simulated table says of itself in its Parquet file, and what lies beside such tables.
SIMULATED_MARK = (b"vfprog.simulated", b"true")
TRUTH = "truth.parquet"
EVENTS = ("new_fracture", "death", "lost_to_follow_up", "crossover", "repeat_procedure")


@dataclass(frozen=True)
class Column:
    """A structural column of one table.

    Parameters
    ----------
    name : str
        Column name.
    type : {"id", "date", "day", "number", "level", "word", "binary"}
        How its values are read.
    required : bool
        Whether the column must exist and hold a value in every row.
    hard_range : tuple of float, optional
        Outside is an error.
    words : tuple of str
        The words allowed, for type word.
    """

    name: str
    type: ColumnType
    required: bool = False
    hard_range: tuple[float, float] | None = None
    words: tuple[str, ...] = ()


# What the tables of the follow-up measure; everything else in them says of whom and when.
MEASURED = {"visits": ("vas", "rmdq", "opioids"), "heights": ("height_loss_pct",)}
_EPISODE = Column("episode_id", "id", required=True)
# A level of an event or film must be one of the levels of the dictionary.
REGISTRY: dict[str, tuple[Column, ...]] = {
    "episodes": (
        _EPISODE,
        Column("patient_id", "id"),
        Column("site_id", "id"),
        Column("index_date", "date"),
        Column("treatment", "word", words=TREATMENTS),
        Column("follow_up_end_day", "day", hard_range=(0, 20_000)),
    ),
    "vertebrae": (_EPISODE,),
    "visits": (
        _EPISODE,
        Column("day", "day", required=True, hard_range=(-400, 20_000)),
        Column("vas", "number", hard_range=(0, 10)),
        Column("rmdq", "number", hard_range=(0, 24)),
        Column("opioids", "binary"),
    ),
    "heights": (
        _EPISODE,
        Column("level", "level", required=True),
        Column("day", "day", required=True, hard_range=(-400, 20_000)),
        Column("height_loss_pct", "number", hard_range=(0, 100)),
    ),
    "events": (
        _EPISODE,
        Column("day", "day", required=True, hard_range=(0, 20_000)),
        Column("event", "word", required=True, words=EVENTS),
        Column("level", "level"),
    ),
}
