from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bundles import AFTER, PATIENT, hand_parts
from vfprog.cli.text import render, render_all
from vfprog.cli.waterfall import Style
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.predict import predict

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "change", "style"),
    [
        ("before", {"vas_baseline": 9}, Style()),
        ("after_ascii", {"vas_baseline": 1, "vertebrae": [AFTER]}, Style(fancy=False)),
    ],
)
def test_golden(bundle: Path, name: str, change: dict[str, object], style: Style) -> None:
    loaded = load_bundle(bundle)
    prediction = predict(loaded, PATIENT | change)
    identity = replace(prediction.model, sha256="0123456789abcdef")
    text = render(replace(prediction, model=identity), loaded, style)
    assert text + "\n" == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_fits_80_columns_and_is_plain(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    text = render(predict(loaded, PATIENT), loaded)
    assert max(map(len, text.splitlines())) == 80
    assert "\x1b" not in text


def test_the_same_in_colour_but_for_the_codes(bundle: Path) -> None:
    import re

    loaded = load_bundle(bundle)
    prediction = predict(loaded, PATIENT)
    coloured = render(prediction, loaded, Style(colour=True))
    assert "\x1b[1;7;31m" in coloured.splitlines()[0]
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render(prediction, loaded)


def test_the_banner_only_where_simulated(bundle: Path, real_bundle: Path) -> None:
    loaded, real = load_bundle(bundle), load_bundle(real_bundle)
    assert "SIMULATED" in render(predict(loaded, PATIENT), loaded).splitlines()[1]
    text = render(predict(real, PATIENT), real)
    assert "simulated" not in text.lower()
    assert "trained on a registry" in text
    assert "the bundle holds no refits" in text


def test_whom_the_models_learned_from_stands_before_the_risks(tmp_path: Path) -> None:
    parts = hand_parts()
    parts.provenance["population_note"] = "Women of a cohort; any fracture."
    loaded = load_bundle(write_bundle(parts, tmp_path / "noted"))
    text = render(predict(loaded, PATIENT), loaded)
    assert "\nLearned from: Women of a cohort; any fracture.\n\nPain response" in text


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (0.624, "62 of 100 patients like this"),
        (0.004, "fewer than 1 of 100 patients like this"),
        (0.996, "more than 99 of 100 patients like this"),
    ],
)
def test_natural_frequency(bundle: Path, risk: float, words: str) -> None:
    loaded = load_bundle(bundle)
    prediction = predict(loaded, PATIENT)
    changed = replace(prediction.prognoses[0], risk=risk)
    assert words in render(replace(prediction, prognoses=(changed,)), loaded)


def test_no_prognosis_is_said(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    text = render(replace(predict(loaded, PATIENT), prognoses=()), loaded)
    assert "No endpoint of this model applies" in text


def test_several_patients_are_numbered_blocks_each_with_its_banner(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    text = render_all(predict(loaded, [PATIENT, PATIENT]), loaded)
    heads = [line for line in text.splitlines() if line.startswith("═")]
    assert [head.strip("═ ") for head in heads] == ["Patient 1 of 2", "Patient 2 of 2"]
    assert text.count("SIMULATED") == 2
    assert text.count("never a recommendation") == 2
