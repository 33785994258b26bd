"""Rows that stand twice, stand together, or belong to nobody."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.data.corrupting import FIRST, Expected, Export, refractured
from tests.data.corruptions.tools import Corrupt, Part, Rng, expect, put, some

MUTATIONS = Part()
add = MUTATIONS.add

# --- duplicated or imputed stacks
D = "duplicates and stacks"


def again(table: str, k: int, codes: str, column: str | None = None) -> Corrupt:
    """Enter some rows a second time, at the end."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export[table]
        rows = some(frame, k, rng)
        export.tables[table] = pd.concat([frame, frame.iloc[rows]], ignore_index=True)
        copies = range(len(frame), len(frame) + len(rows))
        return expect(codes, table, column, copies, also=rows)

    return corrupt


def same_person(k: int, changed: int = 0) -> Corrupt:
    """Enter patients again under a new number, some values changed."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export["episodes"]
        originals = some(frame, k, rng)
        copies = frame.iloc[originals].copy()
        copies["episode_id"] = [f"X{i:05d}" for i in range(len(copies))]
        copies["patient_id"] = copies["episode_id"]
        for column in rng.choice(["age_years", "bmi_kg_m2", "sva_mm", "t_score"], changed):
            values = copies[column].astype(float) + rng.choice([-1.0, 1.0, 2.0], len(copies))
            copies[column] = values.round(1).astype(object).where(values.notna(), None)
        export.tables["episodes"] = pd.concat([frame, copies], ignore_index=True)
        rows = range(len(frame), len(frame) + len(copies))
        return expect("duplicate_rows stacked_copies", "episodes", None, rows, also=originals)

    return corrupt


def stack(times_over: int, *, imputed: bool, blocks: bool = True) -> Corrupt:
    """Put whole copies of the registry on one another, blanks filled in differently."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        parts: dict[str, list[pd.DataFrame]] = {name: [] for name in export.tables}
        for copy in range(times_over):
            for name, frame in export.tables.items():
                part = frame.copy()
                for key in {"episode_id", "patient_id"} & set(part):
                    part[key] = part[key] + f"-{copy}"
                if imputed and name == "episodes":
                    _impute(part, rng)
                parts[name].append(part)
        for name, stacked in parts.items():
            export.tables[name] = pd.concat(stacked, ignore_index=True)
        if not blocks:
            order = rng.permutation(len(export["episodes"]))
            export.tables["episodes"] = export["episodes"].iloc[order].reset_index(drop=True)
        return expect("stacked_copies duplicate_rows", "episodes")

    return corrupt


def _impute(frame: pd.DataFrame, rng: Rng) -> None:
    for column in frame:
        there = frame[column].dropna().to_numpy()
        blank = np.flatnonzero(frame[column].isna())
        if len(there) and len(blank):
            frame.loc[blank, column] = rng.choice(there, len(blank))


add("an episode entered twice", D, again("episodes", 1, "duplicate_id", "episode_id"))
add("twenty episodes entered twice", D, again("episodes", 20, "duplicate_id", "episode_id"), "xlsx")
add("visits entered twice", D, again("visits", 12, "duplicate_rows"))
add("films entered twice", D, again("heights", 8, "duplicate_rows"), "parquet")
add("vertebrae entered twice", D, again("vertebrae", 6, "duplicate_level duplicate_rows"), "gzip")
add("events entered twice", D, again("events", 6, "duplicate_rows duplicate_death"), "semicolon")
add("ten patients under two numbers", D, same_person(10))
add("seventy patients under two numbers", D, same_person(70), "semicolon")
add("patients under two numbers, two values changed", D, same_person(40, changed=2))
add("the registry three times over", D, stack(3, imputed=False), n=300)
add("ten imputed copies", D, stack(10, imputed=True), n=160)
add("five imputed copies, shuffled", D, stack(5, imputed=True, blocks=False), "parquet", n=250)
add("ten copies in a wide table", D, stack(10, imputed=True), "flat csv", n=160)

# --- blocks with another event rate
D = "case-enriched tails"


def enriched(size: int, share: float, codes: str = "event_block", *, head: bool = False) -> Corrupt:
    """Move cases of one treatment's episodes together, at the end or the start."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export["episodes"]
        event = refractured(export).to_numpy() & (frame["treatment"] == "vertebroplasty").to_numpy()
        cases = some(frame, round(size * share), rng, event)
        others = some(frame, size - len(cases), rng, ~event)
        block = rng.permutation(np.concatenate([cases, others]))
        rest = np.setdiff1d(np.arange(len(frame)), block)
        order = np.concatenate([block, rest] if head else [rest, block])
        export.tables["episodes"] = frame.iloc[order].reset_index(drop=True)
        start = FIRST if head else FIRST + len(rest)
        return expect(codes, block=(start, start + len(block) - 1))

    return corrupt


add("a tail of 150 cases", D, enriched(150, 1), n=1500)
add("a tail of 300 rows, 80 % cases", D, enriched(300, 0.8), "parquet", n=1500)
add("a tail of 60 cases", D, enriched(60, 1), n=1500)
add("a head of 300 rows without a case", D, enriched(300, 0, head=True), n=1500)
add("a tail of 200 cases in a wide table", D, enriched(200, 1), "flat csv", n=1500)

# --- broken keys
D = "broken keys"


def orphaned(export: Export, rng: Rng) -> Expected:
    episodes = export["episodes"]
    gone = episodes.loc[some(episodes, 20, rng), "episode_id"]
    export.tables["episodes"] = episodes[~episodes["episode_id"].isin(gone)].reset_index(drop=True)
    return expect(
        "broken_key",
        "visits",
        "episode_id",
        np.flatnonzero(export["visits"]["episode_id"].isin(gone)),
    )


add("visits of nobody", D, put("visits", "episode_id", "E999999", "broken_key", k=5))
add(
    "a vertebra of nobody",
    D,
    put("vertebrae", "episode_id", "E999999", "broken_key", k=1),
    "parquet",
)
add(
    "films of nobody",
    D,
    put("heights", "episode_id", ["Z1", "Z2", "Z3"], "broken_key", k=9),
    "sqlite",
)
add("events of nobody", D, put("events", "episode_id", "E999999", "broken_key", k=4), "gzip")
add("visits without a key", D, put("visits", "episode_id", None, "required", k=7))
add("episodes without a key", D, put("episodes", "episode_id", None, "required", k=3), "cp1252")
add("twenty episodes lost", D, orphaned)
