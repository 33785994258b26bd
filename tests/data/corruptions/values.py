"""Single values that cannot be: types, ranges, undeclared levels, angles that do not add up."""

from __future__ import annotations

from tests.data.corrupting import Expected, Export
from tests.data.corruptions.tools import Corrupt, Part, Rng, expect, put, some

MUTATIONS = Part()
add = MUTATIONS.add

# --- types
D = "types"
add("a word for an age", D, put("episodes", "age_years", "seventy", "number", k=1))
add(
    "words for ages, 20 rows",
    D,
    put("episodes", "age_years", ["72 y", "~80", "?"], "number", k=20),
    "xlsx",
)
add(
    "words in a count of a typed file",
    D,
    put("episodes", "n_prevalent_fractures", "two", "number", k=8),
    "parquet",
)
add(
    "a unit beside the number",
    D,
    put("vertebrae", "cement_volume_ml", ["4 ml", "5ml"], "number", k=6),
    "semicolon",
)
add("a word for pain", D, put("visits", "vas", "no pain", "number", k=3), "gzip")
add("a word for a day", D, put("events", "day", "unknown", "number", k=4))
add("half a fracture", D, put("episodes", "n_prevalent_fractures", 1.5, "count", k=4))
add(
    "maybe for yes or no",
    D,
    put("episodes", "glucocorticoids", ["maybe", "(yes)"], "binary", k=7),
    "sqlite",
)
add("a film's day as a date", D, put("heights", "day", "2019-03-01", "number", k=6))
add("the thirtieth of February", D, put("episodes", "index_date", "2020-02-30", "date", k=2))
add(
    "dates without a day",
    D,
    put("episodes", "index_date", ["2019-03", "spring"], "date", k=9),
    "cp1252",
)
add(
    "a word for pain in a wide table",
    D,
    put("episodes", "vas_30d", "none", "number", home="visits", says="vas"),
    "flat csv",
)

# --- ranges
D = "ranges"
add("an age of 9", D, put("episodes", "age_years", 9, "hard_range", k=1))
add(
    "ages of 9 and 170",
    D,
    put("episodes", "age_years", [9, 170], "hard_range", k=15),
    "decimal comma",
)
add("pain of 11 and 55", D, put("visits", "vas", [11, 55], "hard_range", k=12), "parquet")
add("height loss of 140 %", D, put("vertebrae", "height_loss_pct", 140, "hard_range", k=4), "xlsx")
add(
    "a decimal point lost in a body mass index",
    D,
    put("episodes", "bmi_kg_m2", [251, 307], "hard_range", k=6),
)
add(
    "an angle of 418.5",
    D,
    put("episodes", "pelvic_incidence_deg", 418.5, "hard_range", k=1),
    "cp1252",
)
add("negative cement", D, put("vertebrae", "cement_volume_ml", -4, "hard_range", k=3))
add("a film after eighty years", D, put("heights", "day", 29200, "hard_range", k=3), "gzip")
add("a disability of 30 of 24", D, put("visits", "rmdq", 30, "hard_range", k=10), "sqlite")
add(
    "pain of 70 of 10 in a wide table",
    D,
    put("episodes", "vas_90d", 70, "hard_range", home="visits", says="vas"),
    "flat gzip",
)
add(
    "a height loss of 300 in a wide table",
    D,
    put("episodes", "height_loss_pct", 300, "hard_range", home="vertebrae"),
    "flat csv",
)

# --- undeclared levels
D = "undeclared levels"
add("a third sex", D, put("episodes", "sex", ["w", "unknown"], "level", k=6))
add(
    "an operation nobody declared",
    D,
    put("episodes", "treatment", "kyphoplasty", "level", k=9),
    "xlsx",
)
add("a fall among the events", D, put("events", "event", "fall", "level", k=5), "semicolon")
add("a sacral level", D, put("vertebrae", "level", "S1", "level", k=3))
add("a film of a neck", D, put("heights", "level", ["C5", "Th12"], "level", k=8), "parquet")
add("a sixth OF type", D, put("vertebrae", "of_type", "OF6", "level", k=4), "gzip")
add(
    "a leak to the lung", D, put("vertebrae", "cement_leakage", "pulmonary", "level", k=2), "cp1252"
)
add("ASA class 7", D, put("episodes", "asa_class", "7", "level", k=3))
add("a misspelt event", D, put("events", "event", "deth", "level", k=3), "sqlite")
add(
    "a level of a wide table",
    D,
    put("episodes", "level", "L6", "level", k=5, home="vertebrae"),
    "flat csv",
)


def undeclared_recode(export: Export, rng: Rng) -> Expected:
    mapping = export.own_columns()
    spec = {"column": "sex", "recode": {"female": "female", "male": "male"}}
    mapping["tables"]["episodes"]["columns"]["sex"] = spec
    export["episodes"].loc[some(export["episodes"], 7, rng), "sex"] = "F"
    return expect("level", "episodes", "sex")


add("a word the mapping does not declare", D, undeclared_recode)

# --- PI = PT + SS
D = "PI = PT + SS"


def pelvic(gap: float, k: int, column: str = "pelvic_incidence_deg") -> Corrupt:
    def corrupt(export: Export, rng: Rng) -> Expected:
        frame = export["episodes"]
        angles = ["pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg"]
        fits = frame[angles].notna().all(axis=1) & frame[column].astype(float).between(25, 65)
        rows = some(frame, k, rng, fits)
        frame.loc[rows, column] = frame.loc[rows, column] + gap
        return expect("pelvic_identity", "episodes", None, rows)

    return corrupt


add("a typing error in PI", D, pelvic(30, 1))
add("thirty PI off by 12 degrees", D, pelvic(12, 30), "decimal comma")
add("tilts off by 20 degrees", D, pelvic(20, 8, "pelvic_tilt_deg"), "xlsx")
add("PI off by 40 in a wide table", D, pelvic(40, 6), "flat csv")
