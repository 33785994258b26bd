from __future__ import annotations

import re
from pathlib import Path

import pytest

from vfprog.config import load_config
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import LEVELS, Predictor, load_dictionary
from vfprog.serving.fhir.mapping import load_mapping

MAPPING = load_mapping()


def _dihedral(i: int, j: int) -> int:
    """Multiply in D5: below 5 turns, from 5 on reflections."""
    turned = (i + j) % 5 if i < 5 else (i - j) % 5
    return turned + 5 * ((i < 5) != (j < 5))


def _check_digit(code: str) -> bool:
    """Check the last digit of a SNOMED CT identifier (Verhoeff's scheme)."""
    order = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    rest = 0
    for place, digit in enumerate(reversed(code)):
        number = int(digit)
        for _ in range(place % 8):
            number = order[number]
        rest = _dihedral(rest, number)
    return rest == 0


def _loinc_digit(code: str) -> bool:
    """Check the last digit of a LOINC code (Luhn, modulus 10)."""
    body, _, check = code.partition("-")
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10 == int(check)


def test_the_check_digits_find_a_slip() -> None:
    assert _check_digit("66794005")
    assert not _check_digit("66794006")
    assert not _check_digit("66974005")
    assert _loinc_digit("72514-3")
    assert not _loinc_digit("72541-3")


def test_every_code_has_its_check_digit() -> None:
    listed = [*MAPPING.observations, *MAPPING.answers, *MAPPING.fractures,
              *MAPPING.procedures, *MAPPING.regions]  # fmt: skip
    snomed = [c.code for c in listed if c.system == "snomed"] + list(MAPPING.levels.values())
    loinc = [c.code for c in listed if c.system == "loinc"]
    assert len(snomed) > 20
    assert [code for code in snomed if not _check_digit(code)] == []
    assert len(loinc) > 10
    assert [code for code in loinc if not _loinc_digit(code)] == []


def test_every_predictor_and_answer_is_in_the_dictionary() -> None:
    dictionary = load_dictionary()
    names = {c.predictor for c in (*MAPPING.observations, *MAPPING.answers)}
    assert {name for name in (*names, *MAPPING.units, *MAPPING.lowest)
            if name not in dictionary} == set()  # fmt: skip
    for answer in MAPPING.answers:
        levels = dictionary[answer.predictor].levels
        known = answer.value is None or isinstance(answer.value, bool)
        assert known if not levels else answer.value in levels


def test_every_number_has_a_unit_and_every_level_a_code() -> None:
    numeric = {p.name for p in load_dictionary().predictors if p.is_numeric}
    assert set(MAPPING.units) == numeric
    assert [name for name, units in MAPPING.units.items() if 1 not in units.values()] == []
    assert tuple(MAPPING.levels) == LEVELS
    assert len(set(MAPPING.levels.values())) == len(LEVELS)


def test_a_predictor_of_a_registry_has_the_unit_it_declares() -> None:
    own = Predictor(
        name="grip_kg", label="Grip", kind="continuous", unit="kg", hard_range=(0, 90), concept="x"
    )
    assert MAPPING.units_of(own) == {"kg": 1}
    assert MAPPING.code_of("grip_kg") == {"system": "urn:vfprog:predictor", "code": "grip_kg"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levels": 3}, "levels"),
        ({"colour": {}}, "colour"),
        ({"fractures": [{"system": "icd", "code": "x"}]}, "systems without an address: icd"),
        ({"fractures": [{"system": "icd10", "code": "x", "level": "T3"}]}, "that are none: T3"),
        ({"observations": [{"system": "loinc", "code": "1", "predictor": "a"}] * 2}, "stand twice"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(tmp_path: Path, change, message) -> None:
    import yaml

    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({**load_config("fhir"), **change}))
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_mapping(file)
