from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.data.proposing.fits import Fitter
from vfprog.data.proposing.names import Namer
from vfprog.data.proposing.sketch import sketch
from vfprog.data.proposing.slots import slots_of
from vfprog.data.proposing.vocabulary import load_vocabulary
from vfprog.data.proposing.wide import propose_wide
from vfprog.schema.dictionary import load_dictionary

PAIN = np.round(np.linspace(0, 10, 100), 1)
LOSS = np.round(np.linspace(5, 60, 100), 1)


def wide(**columns: object) -> dict[str, object]:
    words = load_vocabulary()
    namer = Namer(words)
    frame = pd.DataFrame(columns).astype("str")
    seen = [sketch(name, frame[name], words) for name in frame]
    wanted = {"vas", "rmdq", "opioids", "height_loss_pct", "cement_volume_ml"}
    slots = [s for table in ("visits", "heights", "vertebrae")
             for s in slots_of(table, load_dictionary(), tuple(words.units))
             if s.name in wanted]  # fmt: skip
    found = propose_wide(seen, slots, namer, Fitter(words, namer))
    return {f"{w.table}.{w.ours}": w.pattern or w.days for w in found}


@pytest.mark.parametrize(
    ("columns", "pattern"),
    [
        (["vas_30d", "vas_365d"], "vas_{day}d"), (["VAS_M1", "VAS_M12"], "VAS_M{month}"),
        (["pain_6w"], "pain_{week}w"), (["EVA J30", "EVA J365"], "EVA J{day}"),
        (["vas_1y", "vas_2y"], "vas_{year}y"), (["vas_day30"], "vas_day{day}"),
    ],
)  # fmt: skip
def test_patterns_of_visits(columns: list[str], pattern: str) -> None:
    assert wide(**dict.fromkeys(columns, PAIN)) == {"visits.vas": pattern}


def test_names_without_one_pattern_are_listed_by_day() -> None:
    assert wide(**{"pain 1 month": PAIN, "pain 12 months": PAIN}) == {
        "visits.vas": {30: "pain 1 month", 365: "pain 12 months"}
    }


def test_films_and_vertebrae_by_level() -> None:
    found = wide(height_l1_0d=LOSS, height_t12_0d=LOSS, height_l1_365d=LOSS, cement_ml_l1=PAIN + 1)
    assert found == {
        "heights.height_loss_pct": "height_{level}_{day}d",
        "vertebrae.height_loss_pct": "height_{level}_0d",
        "vertebrae.cement_volume_ml": "cement_ml_{level}",
    }


def test_columns_that_are_something_else_are_left_alone() -> None:
    assert wide(age=PAIN, vas_0d=PAIN, weight_30d=PAIN, vas_30d=["word"] * 100) == {}


def test_a_name_with_braces_is_no_pattern() -> None:
    assert wide(**{"vas{x}_30d": PAIN}) in ({}, {"visits.vas": {30: "vas{x}_30d"}})
