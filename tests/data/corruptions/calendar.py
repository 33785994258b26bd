"""Dates and days that cannot be: to come, out of order, after death."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd

from tests.data.corrupting import Expected, Export
from tests.data.corruptions.tools import Corrupt, Part, Rng, expect, put, some

MUTATIONS = Part()
add = MUTATIONS.add
TOMORROW = dt.date.today() + dt.timedelta(days=400)

# --- dates and days
D = "dates"


def moved(table: str, column: str, how: Callable[[Any], Any], codes: str, k: int = 6) -> Corrupt:
    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export[table]
        rows = some(frame, k, rng)
        for row in rows:
            frame.loc[row, column] = how(frame.loc[row, column])
        return expect(codes, table, column, rows)

    return corrupt


def century_lost(value: str) -> str:
    return f"19{value[2:]}"


def visits_beyond(table: str, gap: int, codes: str, k: int) -> Corrupt:
    """Put rows after the end of follow-up of their episode."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export[table]
        last = export["episodes"].set_index("episode_id")["follow_up_end_day"]
        dead = export["events"].loc[export["events"]["event"] == "death", "episode_id"]
        rows = some(frame, k, rng, ~frame["episode_id"].isin(dead))
        frame.loc[rows, "day"] = [int(last[frame.loc[row, "episode_id"]]) + gap for row in rows]
        return expect(codes, table, "day", rows)

    return corrupt


def follow_up_from_the_future(export: Export, rng: Rng) -> Expected:
    rows = some(export["episodes"], 6, rng, export["episodes"]["index_date"] > "2019-06-01")
    export["episodes"].loc[rows, "follow_up_end_day"] = 9000
    return expect("date_order future_date", "episodes", None, rows)


def before_follow_up(table: str, day: int, codes: str, k: int) -> Corrupt:
    return put(table, "day", day, codes, k=k)


def second_episode_after_death(export: Export, rng: Rng) -> Expected:
    """Let patients come back years after they died."""
    episodes = export["episodes"]
    events = export["events"]
    dead = events.loc[events["event"] == "death", "episode_id"]
    rows = some(episodes, 5, rng, episodes["episode_id"].isin(dead))
    back = episodes.iloc[rows].copy()
    back["episode_id"] = [f"E9{i:05d}" for i in range(len(back))]
    back["index_date"] = [f"{int(d[:4]) + 2}{d[4:8]}15" for d in back["index_date"]]
    back["age_years"] = back["age_years"] + 2
    back["follow_up_end_day"] = 300
    back["vas_baseline"], back["sva_mm"], back["bmi_kg_m2"] = 6.5, 50.0, 24.0
    export.tables["episodes"] = pd.concat([episodes, back], ignore_index=True)
    return expect(
        "after_death date_order", "episodes", None, range(len(episodes), len(episodes) + len(back))
    )


def ambiguous(export: Export, rng: Rng) -> Expected:
    dates = export["episodes"]["index_date"]
    export["episodes"]["index_date"] = [
        f"{int(d[8:]) % 12 + 1:02d}/{d[5:7]}/{d[:4]}" for d in dates
    ]
    return expect("ambiguous_date", "episodes", "index_date")


add(
    "an index date to come",
    D,
    put("episodes", "index_date", TOMORROW.isoformat(), "future_date", k=1),
)
add(
    "index dates of 2200",
    D,
    put("episodes", "index_date", "2200-01-01", "future_date", k=15),
    "xlsx",
)
add("a century lost", D, moved("episodes", "index_date", century_lost, "early_date"), "semicolon")
add(
    "the year zero of a spreadsheet",
    D,
    put("episodes", "index_date", "1900-01-01", "early_date", k=9),
    "sqlite",
)
add("days and months not told apart", D, ambiguous)
add("visits half a year before the index", D, before_follow_up("visits", -180, "before_index", 5))
add(
    "a visit a day before the index",
    D,
    before_follow_up("visits", -1, "before_index", 1),
    "parquet",
)
add("films long before the index", D, before_follow_up("heights", -300, "before_index", 8), "gzip")
add("events before the index", D, before_follow_up("events", -20, "before_index hard_range", 4))
add("visits after the end of follow-up", D, visits_beyond("visits", 40, "after_follow_up", 7))
add(
    "films after the end of follow-up",
    D,
    visits_beyond("heights", 200, "after_follow_up", 5),
    "cp1252",
)
add("follow-up that ends in the future", D, follow_up_from_the_future)

# --- events after death
D = "events after death"


def after_death(table: str, gap: int, k: int, **values: Any) -> Corrupt:
    """Add rows for episodes that have died; follow-up is stretched to cover them."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        events, frame = export["events"], export[table]
        deaths = events[events["event"] == "death"]
        chosen = deaths.iloc[some(deaths, k, rng)]
        rows = pd.DataFrame({"episode_id": chosen["episode_id"].to_numpy(), **values})
        rows["day"] = chosen["day"].to_numpy() + gap
        ends = export["episodes"]["episode_id"].isin(rows["episode_id"])
        export["episodes"].loc[ends, "follow_up_end_day"] = 760
        export.tables[table] = pd.concat([frame, rows], ignore_index=True)
        codes = "duplicate_death after_death" if values.get("event") == "death" else "after_death"
        return expect(codes, table, None, range(len(frame), len(frame) + len(rows)))

    return corrupt


def death_in_a_wide_table(export: Export, rng: Rng) -> Expected:
    frame = export["episodes"]
    rows = some(frame, 6, rng, frame["vas_365d"].notna() & frame["death_day"].isna())
    frame.loc[rows, "death_day"] = 120
    return expect("after_death", "visits", "day", rows)


add("a visit after death", D, after_death("visits", 30, 1, vas=4, rmdq=9, opioids=False))
add(
    "visits the day after death",
    D,
    after_death("visits", 1, 9, vas=4, rmdq=9, opioids=False),
    "parquet",
)
add("films after death", D, after_death("heights", 60, 6, level="L1", height_loss_pct=30), "xlsx")
add(
    "fractures after death",
    D,
    after_death("events", 10, 6, event="new_fracture", level="L2"),
    "semicolon",
)
add("a second death", D, after_death("events", 5, 3, event="death"))
add("visits after death in a wide table", D, death_in_a_wide_table, "flat csv")
add("an episode after death", D, second_episode_after_death)
