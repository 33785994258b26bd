"""Columns and keys written otherwise than elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.data.corrupting import Expected, Export
from tests.data.corruptions.tools import Corrupt, Part, Rng, change, expect

MUTATIONS = Part()
add = MUTATIONS.add

# --- codes
D = "codes that differ"
C = "code_shift"


def flags(yes: Any, no: Any) -> Callable[[Any], Any]:
    return lambda value: yes if value else no


add("1 and 2 for no and yes at visits", D, change("visits", "opioids", flags(2, 1), C))
add(
    "1 and 2 for yes and no at baseline", D, change("episodes", "smoker", flags(1, 2), C), "parquet"
)
add("1 and 2 in a wide table", D, change("episodes", "inpatient", flags(2, 1), C), "flat csv")
add("1 and 2 for oedema", D, change("vertebrae", "mri_oedema", flags(2, 1), C), "sqlite")
add(
    "sexes as 1 and 2",
    D,
    change("episodes", "sex", lambda v: 1 if v == "male" else 2, C + " level"),
)
add("OF types as numbers", D, change("vertebrae", "of_type", lambda v: v[2:], C + " level"))
add(
    "leaks as numbers",
    D,
    change(
        "vertebrae",
        "cement_leakage",
        ["none", "disc", "perivertebral", "vein", "canal"].index,
        C + " level",
    ),
    "xlsx",
)
add(
    "one site codes 1 and 2",
    D,
    change("episodes", "bed_rest", flags(2, 1), C + " mixed_codes", sites=["S03"]),
)
add(
    "one site says ja and nein",
    D,
    change(
        "episodes",
        "glucocorticoids",
        flags("ja", "nein"),
        C + " mixed_codes binary",
        sites=["S02", "S04"],
    ),
    "semicolon",
)
add(
    "one site says 1 and 2 for sexes",
    D,
    change(
        "episodes",
        "sex",
        lambda v: 1 if v == "male" else 2,
        C + " mixed_codes level",
        sites=["S03"],
    ),
    "cp1252",
)
add(
    "frailty from 1 to 6",
    D,
    change("episodes", "frailty_mfi5", lambda v: int(v) + 1, C + " unit_suspect"),
)


def rekeyed(table: str, how: Callable[[str], Any], sites: Any = None) -> Corrupt:
    return change(table, "episode_id", how, "key_format", sites=sites)


def keyed_at_one_site(export: Export, rng: Rng) -> Expected:
    rekeyed("visits", lambda key: f"{key}/1", ["S04"])(export, rng)
    rows = np.flatnonzero(export["visits"]["episode_id"].str.endswith("/1"))
    return expect("broken_key key_format", "visits", "episode_id", rows)


add("visits without the prefix of the key", D, rekeyed("visits", lambda k: k[1:]))
add("films whose keys lost their zeros", D, rekeyed("heights", lambda k: int(k[1:])), "xlsx")
add("events keyed in small letters", D, rekeyed("events", str.lower), "gzip")
add("vertebrae keyed with a dash", D, rekeyed("vertebrae", lambda k: f"{k[0]}-{k[1:]}"))
add("one site's visits keyed otherwise", D, keyed_at_one_site, "semicolon")

# --- codes that differ from those a model was trained on
D = "codes beside a model"
R = "code_mismatch reference_shift"


def beside(
    column: str, how: Callable[[Any], Any], codes: str = R, *, table: str = "episodes"
) -> Corrupt:
    return change(table, column, how, codes)


OTHER_TYPE = {"OF1": "OF3", "OF2": "OF4", "OF3": "OF5", "OF4": "OF1", "OF5": "OF2"}
for name, corrupt, layout in (
    ("smokers are those who do not", beside("smoker", lambda v: not v), "csv"),
    (
        "the sexes swapped",
        beside("sex", lambda v: "male" if v == "female" else "female"),
        "parquet",
    ),
    ("opioids as 1 and 2 beside a model", beside("opioids", flags(2, 1), f"{R} {C}"), "semicolon"),
    ("Z-scores for T-scores", beside("t_score", lambda v: round(v + 2.1, 1)), "csv"),
    ("OF types in another order", beside("of_type", OTHER_TYPE.get, table="vertebrae"), "xlsx"),
    ("ASA classes from the top", beside("asa_class", lambda v: str(6 - int(v))), "sqlite"),
):
    add(name, D, corrupt, layout, beside_model=True)
