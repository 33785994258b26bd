"""Registries at every stage of their reading, for checks of whole columns and tables."""

from __future__ import annotations

import pandas as pd

from vfprog.data.checks import check_tables
from vfprog.data.outcomes import derive_outcome
from vfprog.data.registry import Registry
from vfprog.data.screening.context import Screened
from vfprog.data.sources import FIRST_ROW
from vfprog.errors import TrainingError
from vfprog.schema.dictionary import Predictor, load_dictionary
from vfprog.schema.endpoints import load_endpoint
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate

ENDPOINTS = ("response", "height_loss", "new_fracture")


def tables_of(n, *, seed=1):
    """Return the tables of a clean simulated registry, rows counted as a spreadsheet does."""
    sim = simulate(n, seed=seed)
    return {name: renumbered(getattr(sim, name)) for name in REGISTRY}


def renumbered(frame):
    frame = frame.reset_index(drop=True)
    frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame))
    return frame


def screened(tables, *, extra=(), events=None, origins=None):
    """Type tables and return them as checks see them; ``extra`` are predictors of their own."""
    dictionary = load_dictionary().extended(extra)
    tables = {name: renumbered(frame) for name, frame in tables.items()}
    typed, _ = check_tables(tables, dictionary, all_episodes=True)
    events = derived(typed, dictionary) if events is None else events
    return Screened(tables, tables, typed, dictionary, events, origins or {})


def derived(typed, dictionary):
    """Return the outcomes of the three endpoints, of episodes whose outcome is observed."""
    plain = {name: frame.reset_index(drop=True) for name, frame in typed.items()}
    registry = Registry(**plain, dictionary=dictionary, source="test", digest="0")
    events = {}
    for name in ENDPOINTS:
        try:
            outcome = derive_outcome(registry, load_endpoint(name)).outcome
        except TrainingError:
            continue
        seen = outcome.observed
        ids = plain["episodes"]["episode_id"][seen]
        events[name] = pd.Series(outcome.event[seen].astype(float), index=pd.Index(ids))
    return events


def number(name, **changes):
    """Return a predictor of a registry's own, a number of any size."""
    return Predictor(**{"name": name, "label": name, "kind": "continuous", "concept": "bone",
                        "hard_range": (-1e12, 1e12)} | changes)  # fmt: skip


def flag(name, **changes):
    return Predictor(**{"name": name, "label": name, "kind": "binary", "concept": "bone"} | changes)


def found(failures, rule, column=None):
    """Return the failures of one rule, of one column where it is named."""
    return [f for f in failures if f.rule == rule and column in (None, f.column)]
