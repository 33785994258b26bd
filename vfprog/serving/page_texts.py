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
        No such file, something in it is no text or an empty one, or it lacks a key of the English
        file, has one too many, or fills in other words in braces; all of it is listed.
    """
    given = dict(_flat(load_config(language, folder=FOLDER)))
    texts = {key: value for key, value in given.items() if isinstance(value, str)}
    wrong = [f"{key} is no text; put it in quotes" for key in given if key not in texts]
    wrong += [f"{key} is empty" for key, text in texts.items() if not text.strip()]
    if language != DEFAULT:
        wrong += _untranslated(given, texts, load_texts(DEFAULT))
    if wrong:
        raise ConfigError(f"messages/{language}: {'; '.join(wrong)}")
    return texts


def check_texts() -> None:
    """Read the texts of every language, so that a fault shows at the start and not to a reader.

    Raises
    ------
    ConfigError
        What is wrong with each file, a line each.
    """
    faults = []
    for language in languages():
        try:
            load_texts(language)
        except ConfigError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError("\n".join(dict.fromkeys(faults)))  # a faulty English one spoils all


def _flat(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        dotted = f"{above}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{dotted}.")
        else:
            yield dotted, value


def _untranslated(
    given: Mapping[str, Any], texts: Mapping[str, str], english: Mapping[str, str]
) -> list[str]:
    """Return how a file differs from the English one in its keys and the words in braces."""
    ours, theirs = _closed(given), _closed(english)
    wrong = [f"{key} is absent" for key in sorted(theirs - ours)]
    wrong += [f"{key} is unknown" for key in sorted(ours - theirs)]
    wrong += [
        f"{key} must fill in {' '.join(sorted(_filled(english[key]))) or 'nothing'}"
        for key in sorted(ours & theirs & texts.keys())
        if _filled(texts[key]) != _filled(english[key])
    ]
    return wrong


def _closed(texts: Mapping[str, Any]) -> set[str]:
    return {key for key in texts if key.split(".", 1)[0] not in _OPEN}


def _filled(text: str) -> set[str]:
    """Return the words in braces."""
    return {part.split("}", 1)[0] for part in text.split("{")[1:]}
