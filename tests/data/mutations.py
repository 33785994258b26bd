"""The catalogue of corruptions: how registries go wrong, and what a check should then say.

Written from the list of defects alone, without a look at how the checks work. Each corruption
spoils a clean simulated registry (`tests.data.corrupting`) and says which code, column and rows
it expects. Several sizes of each defect stand side by side; the small ones are meant to be hard.
"""

from __future__ import annotations

from tests.data.corruptions import blanks, calendar, codes, predictors, rows, units, values

MUTATIONS = tuple(
    mutation
    for part in (values, units, codes, predictors, rows, calendar, blanks)
    for mutation in part.MUTATIONS
)
DEFECTS = tuple(dict.fromkeys(mutation.defect for mutation in MUTATIONS))
# What is not found; each is a true defect, and stays in the count.
KNOWN_MISSES: dict[str, str] = {
    "OF types in another order": "levels in any order but reversed may be other patients",
    "Z-scores for T-scores": "their median lies within the 1st to 99th percentile",
    "a drug given after new fractures": "an area under the curve of .77 may be honest",
    "the height lost by the last film": "the area under the curve is below .85",
    "a head of 300 rows without a case": "the share of events falls by less than .3",
    "pain 0 at visits where disability is blank": "pain of 0 is common at visits",
    "0 for a blank height loss": "forty values in 1300, and no column is blank beside them",
    "a site that half forgets its cement": "sites may differ by .6 in what they record",
}
