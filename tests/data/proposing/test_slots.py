from __future__ import annotations

import pytest

from vfprog.data.proposing.slots import slots_of
from vfprog.schema.dictionary import load_dictionary

UNITS = ("weeks", "cm", "mm", "vas_0_100", "ng/ml", "percent_0_1", "days")


def test_a_flat_table_takes_a_vertebra_too() -> None:
    flat = {s.place for s in slots_of("episodes", load_dictionary(), UNITS, is_flat=True)}
    folder = {s.place for s in slots_of("episodes", load_dictionary(), UNITS)}
    assert {"episodes.episode_id", "vertebrae.level"} <= flat
    assert flat - folder == {f"vertebrae.{p.name}" for p in load_dictionary().of_table("vertebrae")}


@pytest.mark.parametrize(
    ("table", "name", "units"),
    [
        ("episodes", "sva_mm", {"cm": 10.0, "mm": 1.0}),
        ("episodes", "vas_baseline", {"vas_0_100": 0.1}),
        ("episodes", "vitamin_d_nmol_l", {"ng/ml": 2.496}),
        ("vertebrae", "height_loss_pct", {"percent_0_1": 100.0}),
        ("visits", "day", {"weeks": 7.0, "days": 1.0}),
        ("episodes", "sex", {}),
    ],
)
def test_units_that_can_be_converted(table: str, name: str, units: dict[str, float]) -> None:
    slot = next(s for s in slots_of(table, load_dictionary(), UNITS) if s.name == name)
    assert dict(slot.units) == pytest.approx(units)


def test_types() -> None:
    types = {s.name: s.type for t in ("episodes", "vertebrae", "events")
             for s in slots_of(t, load_dictionary(), ())}  # fmt: skip
    assert types["level"] == "level"
    assert types["of_type"] == "word"
    assert types["event"] == "word"
    assert types["opioids"] == "binary"
    assert types["frailty_mfi5"] == "count"
