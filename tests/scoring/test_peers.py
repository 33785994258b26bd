from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bundles import PATIENT, hand_parts
from vfprog.errors import BundleError
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.subgroups import load_subgroups
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.panel import Peer
from vfprog.scoring.peers import PeerTable
from vfprog.scoring.predict import predict

RULES = load_subgroups().model_dump(mode="json")
MODEL = "response_preprocedure"


def row(grouping, group, **figures):
    base = {"model": MODEL, "grouping": grouping, "group": group, "metric": "c_statistic"}
    figures = {"estimate": 0.7, "lower": 0.6, "upper": 0.8, "n": 90, "n_events": 30,
               "reason": None} | figures  # fmt: skip
    return base | figures


SMALL = {"estimate": None, "lower": None, "upper": None, "n": 8, "n_events": 1, "reason": "few"}
ROWS = [
    row("sex", "female"),
    row("sex", "male", estimate=0.5),
    row("age_band", "75 to <85 years", estimate=0.65, label="Age"),
    row("age_band", "75 to <85 years", metric="calibration_slope", estimate=0.9),
    row("age_band", "85 or more years", estimate=0.6),
    row("fracture_age_band", "<21 days", **SMALL),
    row("inpatient", "yes", estimate=0.4),
    row("sex", "female", estimate=0.9) | {"model": "new_fracture_preprocedure"},
]


def written(folder, rows):
    parts = replace(hand_parts(), subgroups={"rules": RULES, "performance": rows})
    return load_bundle(write_bundle(parts, folder / "bundle"))


def test_the_figures_of_the_groups_a_patient_belongs_to(tmp_path) -> None:
    bundle = written(tmp_path, ROWS)
    answer = predict(bundle, PATIENT)  # a woman of 79, fracture of 10 days, setting not given
    age = ("age_band", "Age", "75 to <85 years")
    assert answer["response"].peers == (
        Peer("sex", "Sex", "female", "c_statistic", 0.7, 0.6, 0.8, 90, 30, None),
        Peer(*age, "c_statistic", 0.65, 0.6, 0.8, 90, 30, None),
        Peer(*age, "calibration_slope", 0.9, 0.6, 0.8, 90, 30, None),
        Peer("fracture_age_band", "Fracture age", "<21 days", "c_statistic", None, None, None, 8, 1,
             "few"),
    )  # fmt: skip
    assert [p.estimate for p in answer["new_fracture"].peers] == [0.9]


def test_what_is_not_known_of_the_patient_is_no_group(tmp_path) -> None:
    bundle = written(tmp_path, ROWS)
    assert predict(bundle, {"vas_baseline": 7})["response"].peers == ()
    inside = predict(bundle, {"vas_baseline": 7, "inpatient": True})["response"].peers
    assert [(p.grouping, p.estimate) for p in inside] == [("inpatient", 0.4)]


def test_each_patient_of_a_list_has_their_own(tmp_path) -> None:
    bundle = written(tmp_path, ROWS)
    men = PATIENT | {"sex": "male", "age_years": 90}
    women, others = predict(bundle, [PATIENT, men])
    assert [p.estimate for p in others["response"].peers if p.grouping == "sex"] == [0.5]
    assert women["response"].peers == predict(bundle, PATIENT)["response"].peers


def test_a_bundle_without_the_table_has_none(hand) -> None:
    assert predict(hand, PATIENT)["response"].peers == ()


@pytest.mark.parametrize(
    "content",
    [
        {"rules": RULES},
        {"performance": []},
        {"rules": {"fewest": 3}, "performance": []},
        {"rules": RULES, "performance": [{"model": MODEL}]},
        {"rules": RULES, "performance": [row("shoe_size", "large")]},
        {"rules": RULES, "performance": ["sex"]},
    ],
)
def test_a_malformed_entry_is_a_bundle_error(content) -> None:
    with pytest.raises(BundleError, match="'subgroups' of the manifest is malformed"):
        PeerTable(content, load_dictionary())
