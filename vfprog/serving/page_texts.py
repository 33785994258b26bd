"""The texts of the page: one message file a language, none of it in code."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from vfprog.config import list_configs, load_config
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "messages"
DEFAULT = "en"
# Words for what a dictionary names: each registry has its own, so no file need have them all.
_OPEN = ("words", "units", "levels")


def languages() -> tuple[str, ...]:
    """Return the languages there are message files of, such as ``en``."""
    names = (name.split("/", 1) for name in list_configs())
    return tuple(parts[1] for parts in names if parts[0] == FOLDER and len(parts) > 1)


def choose_language(accepted: str) -> str:
    """Return the language that suits a browser best.

    Parameters
    ----------
    accepted : str
        The header ``Accept-Language``, such as ``de-CH,de;q=0.9,en;q=0.8``.

    Returns
    -------
    str
        One of `languages`; English where none suits.
    """
    there = {language.lower(): language for language in languages()}
    for tag in _by_preference(accepted):
        for candidate in (tag, tag.split("-", 1)[0]):
            if candidate in there:
                return there[candidate]
    return DEFAULT


def _by_preference(accepted: str) -> list[str]:
    weighted = []
    for part in accepted.lower().split(","):
        tag, _, weight = part.partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            quality = 0.0
        if quality > 0:
            weighted.append((quality, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


@cache
def load_texts(language: str = DEFAULT) -> dict[str, str]:
    """Read the texts of a language.

    Parameters
    ----------
    language : str
        One of `languages`.

    Returns
    -------
    dict of str to str
        Text by dotted key, such as ``form.submit``; read once per process.

    Raises
    ------
    ConfigError
        No such file, something in it is no text, or it lacks a key of the English file, has one
        too many, or fills in other words in braces.
    """
    texts = dict(_flat(load_config(language, folder=FOLDER), language))
    if language != DEFAULT:
        _check_translated(texts, load_texts(DEFAULT), language)
    return texts


def _flat(content: Mapping[str, Any], language: str, above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        dotted = f"{above}{key}"
        if isinstance(value, dict):
            yield from _flat(value, language, f"{dotted}.")
        elif isinstance(value, str):
            yield dotted, value
        else:
            raise ConfigError(f"messages/{language}: {dotted} is no text; put it in quotes")


def _check_translated(texts: Mapping[str, str], english: Mapping[str, str], language: str) -> None:
    ours, theirs = _closed(texts), _closed(english)
    wrong = [f"{key} is absent" for key in sorted(theirs - ours)]
    wrong += [f"{key} is unknown" for key in sorted(ours - theirs)]
    wrong += [
        f"{key} must fill in {' '.join(sorted(_filled(english[key]))) or 'nothing'}"
        for key in sorted(ours & theirs)
        if _filled(texts[key]) != _filled(english[key])
    ]
    if wrong:
        raise ConfigError(f"messages/{language}: {'; '.join(wrong)}")


def _closed(texts: Mapping[str, str]) -> set[str]:
    return {key for key in texts if key.split(".", 1)[0] not in _OPEN}


def _filled(text: str) -> set[str]:
    """Return the words in braces."""
    return {part.split("}", 1)[0] for part in text.split("{")[1:]}
