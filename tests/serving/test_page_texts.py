"""The texts of the page: one file a language, and every key that is asked for is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from vfprog.config import load_yaml
from vfprog.errors import ConfigError
from vfprog.serving import page_texts
from vfprog.serving.page_form import LAYOUT
from vfprog.serving.page_texts import check_texts, choose_language, languages, load_texts

SERVING = resources.files("vfprog.serving")
# Keys put together in scripts: the text before the last point, and what may follow it.
COMPOSED = {
    "groups": {*LAYOUT, "before_procedure", "procedure"},
    "about": {"simulated", "registry"},
    "risks": {"preprocedure", "postprocedure"},
    "why": {"input", "value", "effect", "log_odds", "risk", "raises", "lowers", "neutral"},
    "what_if": {"outcome", "now", "then", "change"},
    "evidence": {"eligible", "ineligible", "undecided", "unmet", "unknown"},
    "evidence.designs": {"sham", "open-label"},
    "problems": {"hard_range", "usual_range"},
}  # fmt: skip
OPEN = {"metrics", "words", "units", "levels", "language"}


def asked_for() -> set[str]:
    """Return the keys that stand in templates and scripts, whole or put together."""
    files = [*(SERVING / "static").iterdir(), *(SERVING / "templates").iterdir()]
    text = "\n".join(file.read_text() for file in files if not file.name.endswith(".css"))
    whole = set(re.findall(r"""["']([a-z_]+\.[a-z0-9_]+)["']""", text))
    composed = {f"{head}.{tail}" for head, tails in COMPOSED.items() for tail in tails}
    return {key for key in whole if not key.endswith((".js", ".css", ".html"))} | composed


def test_every_text_that_is_asked_for_is_there_and_no_other() -> None:
    there = {key for key in load_texts() if key.split(".")[0] not in OPEN}
    assert asked_for() - there == set()
    assert there - asked_for() == set()


def test_no_text_stands_in_a_template() -> None:
    for file in (SERVING / "templates").iterdir():
        plain = re.sub(r"\{[%{#].*?[%}#]\}|<[^>]*>", "", file.read_text(), flags=re.DOTALL)
        assert plain.split() == [], file.name


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("fr-CH, fr;q=0.9, en;q=0.8", "en"),
        ("de-CH,en;q=0.5", "de"),
        ("en;q=0.5,de;q=0.7", "de"),
        ("de;q=0,en", "en"),
        ("de;q=rubbish", "en"),
        ("*", "en"),
    ],
)
def test_the_best_language_there_is_answers(
    monkeypatch: pytest.MonkeyPatch, accepted: str, language: str
) -> None:
    monkeypatch.setattr(page_texts, "languages", lambda: ("de", "en"))
    assert choose_language(accepted) == language


def test_english_is_there() -> None:
    assert "en" in languages()


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Return a folder whose message files are read instead of ours; English is there."""
    monkeypatch.setattr(page_texts, "load_config", lambda name, folder: read(tmp_path, name))
    load_texts.cache_clear()
    (tmp_path / "en.yaml").write_text("a: {b: one, c: 'of {n}'}\nwords: {}\n")
    yield tmp_path
    load_texts.cache_clear()


def read(folder: Path, name: str) -> dict[str, object]:
    return load_yaml(folder / f"{name}.yaml")


def test_a_whole_translation_is_read(messages: Path) -> None:
    (messages / "de.yaml").write_text("a: {b: eins, c: 'von {n}'}\nwords: {sex: Geschlecht}\n")
    assert load_texts("de") == {"a.b": "eins", "a.c": "von {n}", "words.sex": "Geschlecht"}


@pytest.mark.parametrize(
    ("translated", "message"),
    [
        ("a: {b: eins}", "a.c is absent"),
        ("a: {b: eins, c: 'von {n}', d: zwei}", "a.d is unknown"),
        ("a: {b: eins, c: von allen}", "a.c must fill in n"),
        ("a: {b: 'eins {n}', c: 'von {n}'}", "a.b must fill in nothing"),
        ("a: {b: 1, c: 'von {n}'}", "a.b is no text"),
        ("a: {b: '', c: 'von {n}'}", "a.b is empty"),
        ("a: {b: ' ', c: 1}", "a.c is no text; put it in quotes; a.b is empty"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(
    messages: Path, translated: str, message: str
) -> None:
    (messages / "de.yaml").write_text(translated)
    with pytest.raises(ConfigError, match=message):
        load_texts("de")


def test_every_language_is_read_at_the_start_and_every_fault_told(
    messages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (messages / "de.yaml").write_text("a: {b: '', c: 'von {n}'}")
    (messages / "fr.yaml").write_text("a: {b: un}")
    (messages / "it.yaml").write_text("a: {b: uno, c: 'di {n}'}")
    monkeypatch.setattr(page_texts, "languages", lambda: ("de", "en", "fr", "it"))
    with pytest.raises(ConfigError) as caught:
        check_texts()
    assert str(caught.value).splitlines() == [
        "messages/de: a.b is empty", "messages/fr: a.c is absent"
    ]  # fmt: skip
    (messages / "de.yaml").write_text("a: {b: eins, c: 'von {n}'}")
    (messages / "fr.yaml").write_text("a: {b: un, c: 'de {n}'}")
    check_texts()
