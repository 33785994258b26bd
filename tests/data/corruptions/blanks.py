"""Blanks: numbers in their place, and blanks that depend on site or outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.data.corrupting import Expected, Export, pain_at, refractured
from tests.data.corruptions.tools import Corrupt, Part, Rng, expect, some

MUTATIONS = Part()
add = MUTATIONS.add

# --- disguised missing values
D = "disguised missing values"
M = "disguised_missing"


def disguise(
    table: str, column: str, beside: str, value: Any, codes: str = M, **named: Any
) -> Corrupt:
    """Write a number wherever another column is blank, and nowhere else."""
    home, says = named.get("home"), named.get("says")

    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export[table]
        frame[column] = frame[column].where(frame[beside].notna(), value)
        return expect(codes, home or table, says or column)

    return corrupt


def code_for_blank(table: str, column: str, value: Any, codes: str = M) -> Corrupt:
    """Write a number for every blank of a column."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        export[table][column] = export[table][column].where(export[table][column].notna(), value)
        return expect(codes, table, column)

    return corrupt


def blank_visits(value: Any) -> Corrupt:
    def corrupt(export: Export, rng: Rng) -> Expected:
        rows = some(export["visits"], 150, rng)
        export["visits"].loc[rows, "rmdq"] = None
        export["visits"].loc[rows, "vas"] = value
        return expect(M, "visits", "vas")

    return corrupt


add(
    "999 days where the T-score is blank",
    D,
    disguise("episodes", "fracture_age_days", "t_score", 999),
)
add(
    "pain 0 where disability is blank",
    D,
    disguise("episodes", "vas_baseline", "rmdq_baseline", 0),
    "parquet",
)
add("pain 0 at visits where disability is blank", D, blank_visits(0))
add("T-score 0 where vitamin D is blank", D, disguise("episodes", "t_score", "vitamin_d_nmol_l", 0))
add(
    "cement 0 where leakage is blank",
    D,
    disguise("vertebrae", "cement_volume_ml", "cement_leakage", 0),
    "semicolon",
)
add(
    "sagittal axis 0 where PI is blank",
    D,
    disguise("episodes", "sva_mm", "pelvic_incidence_deg", 0),
    "xlsx",
)
add("999 for a blank fracture age", D, code_for_blank("episodes", "fracture_age_days", 999))
add("99 for a blank lordosis", D, code_for_blank("episodes", "lumbar_lordosis_deg", 99), "gzip")
add("-9 for a blank T-score", D, code_for_blank("episodes", "t_score", -9))
add(
    "-1 for a blank count",
    D,
    code_for_blank("episodes", "n_prevalent_fractures", -1, M + " hard_range"),
)
add(
    "9999 for a blank vitamin D",
    D,
    code_for_blank("episodes", "vitamin_d_nmol_l", 9999, M + " hard_range"),
    "sqlite",
)
add("0 for a blank height loss", D, code_for_blank("vertebrae", "height_loss_pct", 0))
add(
    "fracture age 0 in a wide table",
    D,
    disguise("episodes", "fracture_age_days", "vitamin_d_nmol_l", 0),
    "flat csv",
)

# --- missingness that depends on site or outcome
D = "missingness"


def unrecorded(table: str, column: str, sites: list[str], share: float) -> Corrupt:
    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export[table]
        owner = export["episodes"].set_index("episode_id")["site_id"]
        there = frame["episode_id"].map(owner).isin(sites)
        frame[column] = frame[column].mask(there & (rng.random(len(frame)) < share), None)
        return expect("missing_by_site", table, column)

    return corrupt


def outcome_blanks(
    column: str, table: str, of_event: float, of_others: float, *, pain: bool = False
) -> Corrupt:
    """Blank a column more often in those with the event."""

    def corrupt(export: Export, rng: Rng) -> Expected:
        episodes = export["episodes"]
        if pain:
            event = (episodes["vas_baseline"].astype(float) - pain_at(export)).ge(3)
        else:
            event = refractured(export)
        frame = export[table]
        hit = frame["episode_id"].map(pd.Series(event.to_numpy(), index=episodes["episode_id"]))
        draws = rng.random(len(frame))
        frame[column] = frame[column].mask(draws < np.where(hit, of_event, of_others), None)
        return expect("missing_by_outcome", table, column)

    return corrupt


add("a site that never measures bone", D, unrecorded("episodes", "t_score", ["S02"], 1))
add(
    "a site that rarely asks about smoking",
    D,
    unrecorded("episodes", "smoker", ["S03"], 0.8),
    "parquet",
)
add(
    "two sites without an MRI",
    D,
    unrecorded("vertebrae", "mri_oedema", ["S04", "S05"], 1),
    "cp1252",
)
add(
    "a site that half forgets its cement",
    D,
    unrecorded("vertebrae", "cement_volume_ml", ["S01"], 0.6),
)
add("a site without disability at visits", D, unrecorded("visits", "rmdq", ["S02"], 1), "xlsx")
add(
    "a site in a wide table without vitamin D",
    D,
    unrecorded("episodes", "vitamin_d_nmol_l", ["S01"], 1),
    "flat csv",
)
add("bone density of those who fractured", D, outcome_blanks("t_score", "episodes", 0, 0.7), n=1200)
add(
    "vitamin D not of those who fractured",
    D,
    outcome_blanks("vitamin_d_nmol_l", "episodes", 0.6, 0.1),
    "parquet",
    1200,
)
add(
    "frailty a little less of those who fractured",
    D,
    outcome_blanks("frailty_mfi5", "episodes", 0.35, 0.1),
    n=1200,
)
add(
    "smoking of those whose pain fell",
    D,
    outcome_blanks("smoker", "episodes", 0.05, 0.5, pain=True),
    "semicolon",
    1200,
)
add(
    "clefts of those who fractured",
    D,
    outcome_blanks("intravertebral_cleft", "vertebrae", 0, 0.5),
    n=1200,
)
