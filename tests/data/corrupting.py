"""A clean export in any layout, what was corrupted in it, and whether a check found that."""

from __future__ import annotations

import gzip
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from vfprog.errors import Failure, VfprogError
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate

FIRST = 2
DAYS = (30, 90, 365)
_BLOCK = re.compile(r"rows (\d+) to (\d+)")


@dataclass
class Export:
    """What somebody hands over: tables, how they are written, and a mapping if there is one."""

    tables: dict[str, pd.DataFrame]
    layout: str = "csv"
    mapping: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def own_columns(self) -> dict[str, Any]:
        """Map episodes column by column, so that predictors of their own can be added."""
        if self.mapping is None:
            columns = {name: name for name in self["episodes"]}
            self.mapping = {"tables": {"episodes": {"columns": columns}}}
        return self.mapping

    def add_predictor(self, name: str, values: Any, **says: Any) -> None:
        """Add a column of episodes that the mapping calls a predictor."""
        mapping = self.own_columns()
        self["episodes"][name] = values
        about = {"name": name, "label": name, "kind": "continuous", "concept": "bone",
                 "hard_range": [-1e12, 1e12], "column": name} | says  # fmt: skip
        about = {key: value for key, value in about.items() if value is not None}
        mapping.setdefault("extra_predictors", []).append(about)


@dataclass(frozen=True)
class Expected:
    """What a check should say: one of some codes, where, and for which lines."""

    codes: frozenset[str]
    table: str | None = None
    column: str | None = None
    lines: frozenset[int] | None = None
    block: tuple[int, int] | None = None
    also: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Mutation:
    """One way to spoil a registry."""

    name: str
    defect: str
    corrupt: Callable[[Export, np.random.Generator], Expected]
    layout: str = "csv"
    n: int = 700
    seed: int = 1
    beside_model: bool = False

    def spoil(self) -> tuple[Export, Expected]:
        """Return a spoilt export and what should be said of it."""
        export = clean_export(self.layout, self.n, self.seed)
        rng = np.random.default_rng(sum(map(ord, self.name)))
        return export, self.corrupt(export, rng)


@lru_cache(maxsize=8)
def _simulated(n: int, seed: int) -> Any:
    return simulate(n, seed=seed)


def clean_export(layout: str, n: int, seed: int) -> Export:
    """Return a clean simulated registry, to be written in some layout."""
    sim = _simulated(n, seed)
    tables = {name: _loose(getattr(sim, name)) for name in REGISTRY}
    if layout.startswith("flat"):
        return Export({"episodes": flatten(tables)}, layout, flat_mapping())
    export = Export(tables, layout)
    if layout == "cp1252":
        tables["episodes"]["site_id"] = tables["episodes"]["site_id"].replace("S01", "Köln")
    return export


def _loose(frame: pd.DataFrame) -> pd.DataFrame:
    """Let every column take any value, as a file does."""
    words = frame.assign(**{c: frame[c].dt.strftime("%Y-%m-%d")
                            for c in frame.select_dtypes("datetime")})  # fmt: skip
    return words.astype(object).where(words.notna(), None).reset_index(drop=True)


# --- one row per patient


def flatten(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per episode: its first vertebra, pain by day, day of death and fracture."""
    episodes = tables["episodes"].copy()
    first = tables["vertebrae"].drop_duplicates("episode_id").set_index("episode_id")
    keys = episodes["episode_id"]
    for column in ("level", "height_loss_pct", "treated", "cement_volume_ml", "cement_leakage"):
        episodes[column] = keys.map(first[column])
    death, fracture = (_first_day(tables["events"], event) for event in ("death", "new_fracture"))
    ends = episodes["follow_up_end_day"].astype(float)
    last = np.fmin(keys.map(death).astype(float).fillna(np.inf), ends)
    for day in DAYS:
        near = tables["visits"][(tables["visits"]["day"].astype(int) - day).abs() <= day // 3]
        vas = near.drop_duplicates("episode_id").set_index("episode_id")["vas"]
        episodes[f"vas_{day}d"] = keys.map(vas).where(last >= day, None)
    episodes["death_day"], episodes["fracture_day"] = keys.map(death), keys.map(fracture)
    return episodes.astype(object).where(episodes.notna(), None)


def _first_day(events: pd.DataFrame, event: str) -> pd.Series:
    return events[events["event"] == event].groupby("episode_id")["day"].min()


def flat_mapping() -> dict[str, Any]:
    """Return the mapping of `flatten`."""
    sim = _simulated(300, 1)
    vertebra = ("level", "height_loss_pct", "treated", "cement_volume_ml", "cement_leakage")
    return {
        "columns": {name: name for name in (*sim.episodes, *vertebra)},
        "follow_up": {
            "visits": {"vas": {day: f"vas_{day}d" for day in DAYS}},
            "events": {"death": "death_day", "new_fracture": "fracture_day"},
        },
    }


# --- outcomes, as a reader of the design would derive them


def refractured(export: Export) -> pd.Series:
    """Return by episode whether a vertebra fractured within a year."""
    if "fracture_day" in export["episodes"]:
        day = export["episodes"]["fracture_day"]
    else:
        day = export["episodes"]["episode_id"].map(_first_day(export["events"], "new_fracture"))
    return day.astype(float).le(365)


def pain_at(export: Export, low: int = 14, high: int = 60) -> pd.Series:
    """Return by episode the pain at the visit nearest to day 30; missing without one."""
    visits = export["visits"]
    days = visits["day"].astype(float)
    near = visits[days.between(low, high)].assign(gap=(days - 30).abs()).sort_values("gap")
    vas = near.drop_duplicates("episode_id").set_index("episode_id")["vas"]
    return export["episodes"]["episode_id"].map(vas).astype(float)


# --- files


def write_export(export: Export, folder: Path) -> tuple[str | Path, Path | None]:
    """Write an export and return its source and its mapping."""
    folder.mkdir(parents=True, exist_ok=True)
    source = _WRITERS[export.layout](export, folder)
    if export.mapping is None:
        return source, None
    place = folder.parent / f"{folder.name}.yaml"
    text = yaml.safe_dump(export.mapping, sort_keys=False, allow_unicode=True)
    place.write_text(text, encoding="utf-8")
    return source, place


def _csv(frame: pd.DataFrame, place: Path, *, sep=",", comma=False, encoding="utf-8") -> Path:
    if comma:
        frame = frame.map(lambda v: str(v).replace(".", ",") if isinstance(v, float) else v)
    text = frame.to_csv(index=False, sep=sep).encode(encoding)
    place.write_bytes(gzip.compress(text) if place.suffix == ".gz" else text)
    return place


def _csv_folder(ending: str = ".csv", **how: Any) -> Callable[[Export, Path], Path]:
    def write(export: Export, folder: Path) -> Path:
        for name, frame in export.tables.items():
            _csv(frame, folder / f"{name}{ending}", **how)
        return folder

    return write


def _flat(ending: str = ".csv", **how: Any) -> Callable[[Export, Path], Path]:
    def write(export: Export, folder: Path) -> Path:
        return _csv(export["episodes"], folder / f"export{ending}", **how)

    return write


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give each column the one type a typed file allows, words where its values differ."""
    typed = {}
    for name in frame:
        kinds = {type(value) for value in frame[name].dropna()}
        mixed = len(kinds) > 1 and not kinds <= {int, float}
        column = frame[name].map(str, na_action="ignore") if mixed else frame[name]
        typed[name] = column.infer_objects()
    return pd.DataFrame(typed)


def _parquet(export: Export, folder: Path) -> Path:
    for name, frame in export.tables.items():
        _typed(frame).to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def _xlsx(export: Export, folder: Path) -> Path:
    place = folder / "registry.xlsx"
    with pd.ExcelWriter(place) as book:
        for name, frame in export.tables.items():
            frame.to_excel(book, sheet_name=name, index=False)
    return place


def _sqlite(export: Export, folder: Path) -> str:
    place = folder / "registry.db"
    with sqlite3.connect(place) as base:
        for name, frame in export.tables.items():
            frame.to_sql(name, base, index=False)
    base.close()
    return f"sqlite:///{place}"


_WRITERS: dict[str, Callable[[Export, Path], Any]] = {
    "csv": _csv_folder(),
    "semicolon": _csv_folder(sep=";"),
    "decimal comma": _csv_folder(sep=";", comma=True),
    "cp1252": _csv_folder(sep=";", encoding="cp1252"),
    "gzip": _csv_folder(".csv.gz"),
    "parquet": _parquet,
    "xlsx": _xlsx,
    "sqlite": _sqlite,
    "flat csv": _flat(),
    "flat gzip": _flat(".csv.gz"),
}
LAYOUTS = tuple(_WRITERS)


# --- verdict


def verdict(expected: Expected, failures: tuple[Failure, ...]) -> str:
    """Return what is missing or wrong in what a check said; empty where the defect was found."""
    of_code = [f for f in failures if f.rule in expected.codes]
    if not of_code:
        return f"no {' or '.join(sorted(expected.codes))}"
    where = [f for f in of_code if expected.table in (None, f.table)
             and expected.column in (None, f.column)]  # fmt: skip
    if not where:
        seen = sorted({f"{f.table}.{f.column}" for f in of_code})
        return f"{expected.table}.{expected.column} is not named, but {', '.join(seen)[:80]}"
    if expected.block is not None:
        return _judge_block(expected.block, where)
    return "" if expected.lines is None else _judge_lines(expected.lines, expected.also, where)


def _judge_lines(expected: frozenset[int], also: frozenset[int], where: list[Failure]) -> str:
    """Every line must be told, and hardly any other."""
    if len(expected) > 1000 and any(f.row is None and f.value == len(expected) for f in where):
        return ""
    told = {f.line for f in where if f.line is not None}
    lost, wrong = expected - told, told - expected - also
    if lost:
        return f"{len(lost)} of {len(expected)} rows are not told"
    few = max(2, len(expected) // 20)
    return f"{len(wrong)} wrong rows beside {len(expected)}" if len(wrong) > few else ""


def _judge_block(expected: tuple[int, int], where: list[Failure]) -> str:
    """The block told and the true one must share four fifths of the lines they cover together."""
    found = [m for f in where if (m := _BLOCK.fullmatch(str(f.row)))]
    if not found:
        return "no rows are told"
    low, high = expected
    best = 0.0
    for match in found:
        a, b = int(match[1]), int(match[2])
        shared = max(0, min(b, high) - max(a, low) + 1)
        best = max(best, shared / (max(b, high) - min(a, low) + 1))
    return "" if best >= 0.8 else f"the block told shares {best:.0%} with rows {low} to {high}"


def judge(mutation: Mutation, folder: Path, reference: Path | None = None) -> str:
    """Spoil, write and check a registry; return the verdict."""
    from vfprog.workflows.check import check

    export, expected = mutation.spoil()
    source, mapping = write_export(export, folder / "registry")
    beside = reference if mutation.beside_model else None
    try:
        report = check(source, mapping=mapping, reference=beside)
    except VfprogError as error:
        failures = getattr(error, "failures", None)
        return verdict(expected, failures) if failures else f"stopped: {error}"[:200]
    if export.layout == "sqlite":
        expected = _in_order_of(report.read.source.tables, export, expected)
    return verdict(expected, report.failures)


def _in_order_of(read: dict[str, pd.DataFrame], export: Export, expected: Expected) -> Expected:
    """Count lines as a database does, which keeps no order: by what stands in them."""
    if expected.lines is None or expected.table is None:
        return expected

    def found(lines: frozenset[int]) -> frozenset[int]:
        theirs = {_content(export[expected.table].iloc[line - FIRST]) for line in lines}
        ours = read[expected.table]
        rows = zip(ours.index, (_content(row) for _, row in ours.iterrows()), strict=True)
        return frozenset(line for line, row in rows if row in theirs)

    lines = found(expected.lines)
    return replace(expected, lines=lines, also=found(expected.also))


def _content(row: pd.Series) -> tuple[str, ...]:
    blank = row.isna()
    return tuple("" if gone else _plain(value) for value, gone in zip(row, blank, strict=True))


def _plain(value: Any) -> str:
    return f"{float(value):g}" if isinstance(value, bool | int | float | np.number) else str(value)
