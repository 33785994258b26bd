"""Predictors that are none: identifiers, constants, and what is the outcome or known later."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.data.corrupting import Expected, Export, pain_at, refractured
from tests.data.corruptions.tools import Corrupt, Part, Rng, change, count, expect, own

MUTATIONS = Part()
add = MUTATIONS.add

# --- identifiers and constants among the predictors
D = "identifiers and constants"
ID = "identifier_like row_number identifier"


add("a row number", D, own("case_no", lambda e, r: np.arange(1, count(e) + 1), "row_number"))
add(
    "a row number from 1001, with gaps",
    D,
    own("running_no", lambda e, r: 1000 + np.cumsum(r.integers(1, 4, count(e))), ID),
    "parquet",
)
add(
    "a study number in no order",
    D,
    own("study_no", lambda e, r: r.permutation(count(e)) + 100, ID),
    "semicolon",
)
add(
    "a hospital number of seven digits",
    D,
    own("hospital_no", lambda e, r: r.choice(9_000_000, count(e), replace=False) + 1_000_000, ID),
)
add(
    "the number in the patient's name",
    D,
    own("patient_no", lambda e, r: e["episodes"]["patient_id"].str[1:].astype(int), ID),
    "sqlite",
)
add(
    "the site's number",
    D,
    own("centre", lambda e, r: e["episodes"]["site_id"].str[1:].astype(int), ID),
)
add(
    "the site's letter",
    D,
    own(
        "clinic",
        lambda e, r: e["episodes"]["site_id"].map(lambda s: "ABCDEFGHIJKL"[int(s[1:])]),
        ID,
        kind="nominal",
        hard_range=None,
        levels=list("ABCDEFGHIJKL"),
    ),
)
add(
    "the index date as a number",
    D,
    own("entered", lambda e, r: e["episodes"]["index_date"].str.replace("-", "").astype(int), ID),
)
add(
    "a row number in a wide table",
    D,
    own("record", lambda e, r: np.arange(count(e)), "row_number"),
    "flat csv",
)
add("a constant number", D, change("episodes", "rmdq_baseline", lambda v: 12, "constant"))
add("a constant yes", D, change("vertebrae", "mri_oedema", lambda v: True, "constant"), "parquet")
add(
    "a constant no in a wide table",
    D,
    change("episodes", "bed_rest", lambda v: False, "constant"),
    "flat gzip",
)
add("a column of blanks", D, change("episodes", "t_score", lambda v: None, "all_missing"))
add(
    "a column of blanks at visits",
    D,
    change("visits", "rmdq", lambda v: None, "all_missing"),
    "xlsx",
)


def row_number_in_place(export: Export, rng: Rng) -> Expected:
    export["episodes"]["fracture_age_days"] = np.arange(1, count(export) + 1)
    return expect("row_number", "episodes", "fracture_age_days")


def declared_identifier(export: Export, rng: Rng) -> Expected:
    export.add_predictor("surgeon", rng.integers(1, 9, count(export)))
    assert export.mapping is not None
    export.mapping["identifiers"] = ["surgeon"]
    return expect("identifier", None, "surgeon")


add("a row number under a known name", D, row_number_in_place)
add("a declared identifier", D, declared_identifier)

# --- predictors that encode the outcome or are known later
D = "outcome among the predictors"
L = "encodes_outcome outcome not_yet_known"
FLAG = {"kind": "binary", "hard_range": None}


def noisy(export: Export, rng: Rng, sensitivity: float, specificity: float) -> Any:
    event = refractured(export).to_numpy()
    return np.where(
        event, rng.random(len(event)) < sensitivity, rng.random(len(event)) > specificity
    )


def day_of_fracture(export: Export, rng: Rng) -> Any:
    events = export["events"]
    days = events[events["event"] == "new_fracture"].groupby("episode_id")["day"].min()
    return export["episodes"]["episode_id"].map(days)


def last_film(export: Export, rng: Rng) -> Any:
    films = export["heights"].astype({"day": int}).sort_values("day")
    late = films[films["day"] > 250].drop_duplicates("episode_id", keep="last")
    first = export["vertebrae"].drop_duplicates("episode_id").set_index("episode_id")
    keys = export["episodes"]["episode_id"]
    late = late.set_index("episode_id")["height_loss_pct"]
    return (keys.map(late).astype(float) - keys.map(first["height_loss_pct"]).astype(float)).round(
        1
    )


def relief(export: Export, rng: Rng) -> Any:
    return (export["episodes"]["vas_baseline"].astype(float) - pain_at(export)).round(1)


def declared(field: str, value: Any, code: str, **says: Any) -> Corrupt:
    def corrupt(export: Export, rng: Rng) -> Expected:
        export.add_predictor("late", rng.normal(size=count(export)).round(2), **says)
        if field:
            assert export.mapping is not None
            export.mapping[field] = value
        return expect(code, None, "late")

    return corrupt


add("the outcome itself", D, own("refracture", lambda e, r: noisy(e, r, 1, 1), L, **FLAG), n=1200)
add(
    "the outcome with 3 % errors",
    D,
    own("refracture_seen", lambda e, r: noisy(e, r, 0.97, 0.97), L, **FLAG),
    "semicolon",
    1200,
)
add(
    "a clinic for new fractures",
    D,
    own("fracture_clinic", lambda e, r: noisy(e, r, 0.85, 0.99), L, **FLAG),
    "parquet",
    1200,
)
add(
    "a drug given after new fractures",
    D,
    own("teriparatide", lambda e, r: noisy(e, r, 0.6, 0.95), L, **FLAG),
    n=1200,
)
add(
    "the day of the new fracture",
    D,
    own("fracture_day", day_of_fracture, L + " missing_by_outcome"),
    n=1200,
)
add("the pain of day 30", D, own("pain_later", lambda e, r: pain_at(e), L), "gzip", 1200)
add("the relief of pain", D, own("pain_relief", relief, L), n=1200)
add("the height lost by the last film", D, own("further_loss", last_film, L), n=1200)
add(
    "the outcome in a wide table",
    D,
    own("refracture", lambda e, r: noisy(e, r, 1, 1), L, **FLAG),
    "flat csv",
    1200,
)
add("declared as measured later", D, declared("post_baseline", ["late"], "not_yet_known"))
add("declared as known at follow-up", D, declared("", None, "not_yet_known", known_at="follow_up"))
