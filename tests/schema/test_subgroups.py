from __future__ import annotations

import numpy as np
import pytest
import yaml

from vfprog.errors import ConfigError
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.subgroups import Subgrouping, load_subgroups

NAN = float("nan")
DICTIONARY = load_dictionary()


def grouping(predictor: str, *cuts: float) -> Subgrouping:
    return Subgrouping(name="g", label="G", predictor=predictor, cuts=cuts)


def test_every_shipped_grouping_fits_the_dictionary() -> None:
    shipped = load_subgroups()
    assert [g.name for g in shipped.known_to(DICTIONARY)] == [
        "sex", "age_band", "fracture_age_band", "inpatient", "prevalent_fractures",
    ]  # fmt: skip
    assert all(len(g.groups(DICTIONARY)) > 1 for g in shipped.subgroups)


def test_a_band_holds_its_lower_limit_and_the_unknown_has_no_place() -> None:
    ages = np.array([64.9, 65, 74.9, 75, 90, NAN])
    place = grouping("age_years", 65, 75).place({"age_years": ages}, 6)
    assert place.tolist() == [0, 1, 1, 2, 2, -1]
    assert grouping("age_years", 65).place({}, 2).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("predictor", "cuts", "words"),
    [
        ("age_years", (65, 75), ("<65 years", "65 to <75 years", "75 or more years")),
        ("age_years", (65,), ("<65 years", "65 or more years")),
        ("n_prevalent_fractures", (1, 2), ("0", "1", "2 or more")),
        ("n_prevalent_fractures", (1, 4), ("0", "1 to 3", "4 or more")),
        ("inpatient", (), ("no", "yes")),
    ],
)
def test_groups_are_named_as_people_say_them(predictor, cuts, words) -> None:
    unit = DICTIONARY[predictor].unit
    named = grouping(predictor, *cuts).groups(DICTIONARY)
    assert tuple(name.removesuffix(f" {unit}") if unit else name for name in named) == tuple(
        word.removesuffix(f" {unit}") if unit else word for word in words
    )


def test_codes_are_places_of_levels() -> None:
    levels = grouping("sex").groups(DICTIONARY)
    place = grouping("sex").place({"sex": np.array([0.0, 1.0, NAN])}, 3)
    assert levels == DICTIONARY["sex"].levels
    assert place.tolist() == [0, 1, -1]


@pytest.mark.parametrize(("predictor", "cuts"), [("age_years", ()), ("sex", (1,)), ("level", ())])
def test_cuts_go_with_numbers_of_the_episode_only(predictor, cuts) -> None:
    with pytest.raises(ConfigError, match=r"a number needs cuts|no predictor of the episode"):
        grouping(predictor, *cuts).groups(DICTIONARY)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cuts": [75, 65]}, "cuts must ascend"),
        ({"cut": [65]}, "cut"),
        ({"name": "sex"}, "subgroups stand twice: sex"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, change, said) -> None:
    entries = [
        {"name": "sex", "label": "Sex", "predictor": "sex"},
        {"name": "age", "label": "Age", "predictor": "age_years", "cuts": [65]} | change,
    ]
    file = tmp_path / "mine.yaml"
    content = {"fewest": {"participants": 50, "events": 10}, "subgroups": entries}
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=said):
        load_subgroups(file)
