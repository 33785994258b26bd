"""What the assistant gets right, and what it does not, on public registries."""

from __future__ import annotations

from pathlib import Path

import pytest

from vfprog.data.proposing.foreign import read_foreign
from vfprog.data.proposing.proposal import Proposed
from vfprog.data.proposing.propose import propose
from vfprog.data.proposing.vocabulary import load_vocabulary
from vfprog.schema.dictionary import load_dictionary

pytestmark = pytest.mark.realdata


def proposed(path: Path) -> Proposed:
    found = read_foreign(path)
    return propose(found.tables, load_dictionary(), load_vocabulary(), is_flat=found.is_flat)


def by_grade(found: Proposed, *grades: str) -> dict[str, str]:
    return {p.ours: p.column for p in found.columns if p.confidence in grades}


def test_glow(realdata: Path) -> None:
    found = proposed(realdata / "glow" / "glow500.csv")
    assert by_grade(found, "high", "medium") == {
        "episode_id": "sub_id", "patient_id": "sub_id", "site_id": "site_id", "age_years": "age",
        "bmi_kg_m2": "bmi", "smoker": "smoke",
    }  # fmt: skip
    assert [c.column for c in found.identifiers] == ["phy_id"]
    outcome = found.outcomes[0]
    assert (outcome.endpoint, outcome.column, outcome.event, outcome.confidence) == (
        "new_fracture", "fracture", ("Yes",), "low"
    )  # fmt: skip
    assert {c.column for c in found.open} == {
        "priorfrac", "weight", "height", "premeno", "momfrac", "armassist", "raterisk", "fracscore",
        "fracture",
    }  # fmt: skip


def test_glow_with_columns_measured_later(realdata: Path) -> None:
    """The name tells of bonemed_fu; that bonetreat is made from it, no table can tell."""
    found = proposed(realdata / "glow" / "glow_bonemed.csv")
    assert [c.column for c in found.post_baseline] == ["bonemed_fu"]
    assert {"bonemed", "bonetreat"} <= {c.column for c in found.open}


def test_glow_has_no_codes_for_missing(realdata: Path) -> None:
    found = proposed(realdata / "glow" / "glow_mis_wmissing.csv")
    assert found.missing == ()
    assert [p.ours for p in found.columns if p.fit.missing] == []


def test_vertebral_columns(realdata: Path) -> None:
    """All four angles are placed; the diagnosis and two foreign measures stay open."""
    found = proposed(realdata / "uci_vertebral" / "column_2C_weka.csv")
    assert by_grade(found, "high") == {
        "pelvic_incidence_deg": "pelvic_incidence", "pelvic_tilt_deg": "pelvic_tilt numeric",
        "sacral_slope_deg": "sacral_slope", "lumbar_lordosis_deg": "lumbar_lordosis_angle",
    }  # fmt: skip
    assert {c.column for c in found.open} == {
        "pelvic_radius", "degree_spondylolisthesis", "status"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["lbp_orig", "lbpmilr"])
def test_low_back_pain(realdata: Path, name: str) -> None:
    """Right but for what nobody can see: that Chronic is the outcome, and which sex is 1."""
    found = proposed(realdata / "low_back_pain" / f"{name}.csv")
    assert by_grade(found, "high", "medium") == {
        "age_years": "Age", "sex": "Gender", "bmi_kg_m2": "BMI", "smoker": "Smoking",
        "vas_baseline": "Pain",
    }  # fmt: skip
    sex = next(p for p in found.columns if p.ours == "sex")
    assert (sex.fit.sure, sex.confidence) == (False, "medium")
    assert by_grade(found, "low") == {"fracture_age_days": "Duration"}
    assert [p.ours for p in found.columns if p.fit.missing] == []
    assert found.outcomes == ()
    assert "Chronic" in {c.column for c in found.open}
    assert [c.column for c in found.identifiers] == (["ID"] if name == "lbpmilr" else [])
