"""Columns in another unit, as a whole or at one site."""

from __future__ import annotations

from tests.data.corruptions.tools import Part, change, times

MUTATIONS = Part()
add = MUTATIONS.add

# --- unit for the whole column
D = "unit of a column"
U = "unit_suspect"
add("pain 0-100 at baseline", D, change("episodes", "vas_baseline", times(10), U))
add("pain 0-100 at visits", D, change("visits", "vas", times(10), U), "parquet")
add(
    "pain 0-100 in a wide table",
    D,
    change("episodes", "vas_30d", times(10), U, home="visits", says="vas"),
    "flat csv",
)
add("cement times ten", D, change("vertebrae", "cement_volume_ml", times(10), U), "xlsx")
add("height loss as a share", D, change("vertebrae", "height_loss_pct", times(0.01, 3), U))
add(
    "film height loss as a share",
    D,
    change("heights", "height_loss_pct", times(0.01, 3), U),
    "semicolon",
)
add("T-scores without their sign", D, change("episodes", "t_score", times(-1), U))
add("T-scores times ten", D, change("episodes", "t_score", times(10), U), "gzip")
add("ages in months", D, change("episodes", "age_years", times(12), U))
add(
    "fracture age in months",
    D,
    change("episodes", "fracture_age_days", times(12 / 365.25, 1), U),
    "sqlite",
)
add("fracture age in weeks", D, change("episodes", "fracture_age_days", times(1 / 7, 1), U))
add("vitamin D in ng/ml", D, change("episodes", "vitamin_d_nmol_l", times(1 / 2.496, 1), U))
add("sagittal axis in cm", D, change("episodes", "sva_mm", times(0.1, 1), U), "decimal comma")
add("angles in radians", D, change("episodes", "lumbar_lordosis_deg", times(0.01745, 3), U))
add("visit days in weeks", D, change("visits", "day", times(1 / 7, 0), U))
add("film days in months", D, change("heights", "day", times(12 / 365.25, 0), U))
add(
    "follow-up in months",
    D,
    change("episodes", "follow_up_end_day", times(12 / 365.25, 0), U + " after_follow_up"),
)
add("disability in percent", D, change("visits", "rmdq", times(100 / 24, 0), U))
add(
    "one site's pain 0-100",
    D,
    change("episodes", "vas_baseline", times(10), U + " mixed_codes", sites=["S02"]),
)
add(
    "one site's height loss as a share",
    D,
    change("vertebrae", "height_loss_pct", times(0.01, 3), U + " mixed_codes", sites=["S01"]),
)
