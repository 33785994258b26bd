"""Small registries written by hand."""

from __future__ import annotations

import pandas as pd

from vfprog.data.registry import Registry
from vfprog.schema.dictionary import LEVELS, load_dictionary
from vfprog.schema.endpoints import Endpoint


def level_code(level):
    return float(LEVELS.index(level)) if level in LEVELS else float("nan")


def make_registry(
    names="a", *, vertebrae=None, visits=(), heights=(), events=(), outcomes=None, **columns
):
    """One episode per letter of ``names``, an L1 fracture with 20 % loss unless said otherwise."""
    names = list(names)
    episodes = pd.DataFrame({"episode_id": pd.Series(names, dtype="str")})
    defaults = {"patient_id": [f"p{x}" for x in names], "site_id": "s", "follow_up_end_day": 500.0,
                "index_date": pd.Timestamp("2020-01-01"), "treatment": "vertebroplasty",
                "vas_baseline": 8.0}  # fmt: skip
    for name, values in (defaults | columns).items():
        episodes[name] = values
    vertebrae = [(x, "L1", 20.0) for x in names] if vertebrae is None else vertebrae
    return Registry(
        episodes,
        _table(vertebrae, ["episode_id", "level", "height_loss_pct"]),
        _table(visits, ["episode_id", "day", "vas"]),
        _table(heights, ["episode_id", "level", "day", "height_loss_pct"]),
        _table([(*e, None)[:4] for e in events], ["episode_id", "day", "event", "level"]),
        load_dictionary(),
        "by hand",
        "0",
        outcomes=outcomes,
    )


def _table(rows, columns):
    frame = pd.DataFrame(list(rows), columns=columns)
    if "level" in frame:
        frame["level"] = [level_code(level) for level in frame["level"]]
    return frame


def pain(**changes):
    return Endpoint(**{"name": "response", "label": "r", "kind": "pain", "horizon_days": 30,
                       "window_days": (14, 60), "rule": {"fall_at_least": 3},
                       "vas_baseline_at_least": 3} | changes)  # fmt: skip


def height(**changes):
    return Endpoint(**{"name": "height_loss", "label": "h", "kind": "height", "horizon_days": 365,
                       "window_days": (300, 455)} | changes)  # fmt: skip


def fracture(**changes):
    return Endpoint(**{"name": "new_fracture", "label": "f", "kind": "event",
                       "horizon_days": 365} | changes)  # fmt: skip
