"""JSON as patients arrive in it, read strictly: what could be misread is refused."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from vfprog.errors import Failure, InputError

TABLE = "json"
# A patient takes 4 levels, a Bundle of FHIR some 15. Deeper is no patient, and would end in the
# walks over it, which call themselves once per level.
DEEPEST = 50


def read_json(raw: bytes, name: str) -> Any:
    """Read an object, or a list, from JSON text.

    Parameters
    ----------
    raw : bytes
        The text, UTF-8, with or without a byte order mark.
    name : str
        What it is called in the error: a file's name, ``stdin``, ``the request``.

    Returns
    -------
    dict or list
        The content.

    Raises
    ------
    InputError
        It is no JSON (NaN and Infinity are none), gives a key twice, is nested deeper than any
        patient, or is neither an object nor a list.

    Examples
    --------
    >>> read_json(b'{"age_years": 79}', "stdin")
    {'age_years': 79}
    >>> read_json(b'{"age_years": 79, "age_years": 97}', "stdin")
    Traceback (most recent call last):
    vfprog.errors.InputError: stdin.*: gives age_years twice
    """
    try:
        content = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except UnicodeDecodeError:
        raise _wrong(name, "is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _wrong(name, f"is not JSON: {error.msg} at {where}") from None
    except _NoNumberError as error:
        text = f"is not JSON: {error} is no number; leave out what is not known, or give null"
        raise _wrong(name, text) from None
    except _RepeatedKeyError as error:
        raise _wrong(name, f"gives {error} twice", "repeated_key") from None
    except (ValueError, RecursionError):  # thousands of digits, thousands of brackets
        raise _wrong(name, "cannot be read: a number too long or objects too deep") from None
    if not isinstance(content, dict | list):
        raise _wrong(name, f"expected an object or a list of objects, got {type(content).__name__}")
    if _deeper(content, DEEPEST):
        raise _wrong(name, f"holds objects or lists more than {DEEPEST} deep")
    return content


class _RepeatedKeyError(Exception):
    """A key stands twice in one object: which value was meant cannot be known."""


class _NoNumberError(Exception):
    """One of the three words Python writes, and JSON does not know."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        times = Counter(key for key, _ in pairs)
        raise _RepeatedKeyError(", ".join(sorted(key for key, n in times.items() if n > 1)))
    return built


def _deeper(content: Any, levels: int) -> bool:
    """Return whether objects and lists stand in one another in more than so many levels."""
    layer = [content]
    for _ in range(levels):
        inner = (one.values() if isinstance(one, dict) else one for one in layer)
        layer = [part for parts in inner for part in parts if isinstance(part, dict | list)]
        if not layer:
            return False
    return True


def _no_number(word: str) -> NoReturn:
    raise _NoNumberError(word)


def _wrong(name: str, message: str, rule: str = TABLE) -> InputError:
    return InputError([Failure(name, None, "*", None, rule, message)])
