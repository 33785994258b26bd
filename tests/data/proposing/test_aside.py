from __future__ import annotations

import pandas as pd

from vfprog.data.proposing.aside import Aside, named_persons, sort_out
from vfprog.data.proposing.names import Namer
from vfprog.data.proposing.sketch import sketch
from vfprog.data.proposing.vocabulary import load_vocabulary

WORDS = load_vocabulary()
NAMER = Namer(WORDS)


def aside(**columns: list[object]) -> Aside:
    seen = [sketch(n, pd.Series(v, dtype="str"), WORDS) for n, v in columns.items()]
    return sort_out(seen, NAMER, WORDS)


def test_each_column_goes_one_way() -> None:
    found = aside(
        rownumber=list(range(1, 31)), token=[f"k{i * i}" for i in range(30)],
        phy_id=[*range(15)] * 2,
        bone_med_fu=["Yes", "No"] * 15, rmdq_90d=[3, 4] * 15, new_fracture_1y=["1", "0"] * 15,
        fracture=["Yes", "No"] * 15, raterisk=["Less", "More"] * 15,
    )  # fmt: skip
    assert [(c.column, c.confidence) for c in found.identifiers] == [
        ("rownumber", "high"), ("token", "medium"), ("phy_id", "medium")
    ]  # fmt: skip
    assert [c.column for c in found.post_baseline] == ["bone_med_fu", "rmdq_90d"]
    outcome = found.outcomes[0]
    assert (outcome.endpoint, outcome.column, outcome.confidence) == (
        "new_fracture", "new_fracture_1y", "medium"
    )  # fmt: skip
    assert (outcome.event, outcome.no_event) == (("1",), ("0",))
    assert [c.name for c in found.open] == ["fracture", "raterisk"]


def test_a_fracture_without_a_time_is_only_a_suggestion() -> None:
    found = aside(fracture=["Yes", "No"] * 15)
    assert found.outcomes[0].confidence == "low"
    assert [c.name for c in found.open] == ["fracture"]


def test_outcomes_coded_one_and_two_are_unsure() -> None:
    assert aside(new_fracture_1y=["1", "2"] * 15).outcomes[0].confidence == "low"
    assert aside(new_fracture_1y=["1", "2", "3", "4", "5"] * 5).outcomes == ()


def test_names_and_birth_dates() -> None:
    columns = [sketch(n, pd.Series(["x"]), WORDS) for n in
               ("Nachname", "Date of birth", "MRN", "age", "site", "patient number", "Station",
                "street lamp date", "name of drug A")]  # fmt: skip
    found = named_persons(columns, ["age_years", "site_id", "patient_id"], NAMER, WORDS)
    assert [c.column for c in found] == ["Nachname", "Date of birth", "MRN"]
