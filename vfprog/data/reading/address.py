"""The address of a database: what it says, and what of it may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from vfprog.errors import Failure, InputError

_SERVERS = {"postgresql", "postgres"}
_FILES = {"sqlite", "duckdb"}
_SECRET = ("pass", "secret", "token", "key")
# One slash is left of two where an address was taken for a path; our own example stays.
_LOGIN = re.compile(r"(:/{1,2}[^\s:/@]*:)(?!PASSWORD@HOST).+@")
_SETTING = re.compile(r"((?:pass|pwd|secret|token)\w*\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", re.I)


@dataclass(frozen=True)
class Address:
    """Where a database is.

    Parameters
    ----------
    system : str
        ``sqlite``, ``duckdb`` or ``postgresql``.
    path : pathlib.Path, optional
        File of an embedded database.
    table : str, optional
        The one table to read, after ``#``.
    name : str
        What to call it: no user, no password.
    target : str
        What a driver is given; holds the password and is in no repr.
    secrets : tuple of str
        What no message may hold.
    """

    system: str
    path: Path | None
    table: str | None
    name: str
    target: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def without_secrets(self, message: object) -> str:
        """Return the first line of a driver's message without anything secret."""
        words = str(message).strip().partition("\n")[0]
        for secret in sorted(self.secrets, key=len, reverse=True):
            words = words.replace(secret, "***")
        return words


def is_address(source: object) -> bool:
    """Return whether a source is the URL of a database rather than a path.

    Parameters
    ----------
    source : object
        Path or URL.

    Returns
    -------
    bool
        True for words such as ``sqlite:///registry.db``.
    """
    return isinstance(source, str) and "://" in source


def without_password(text: str) -> str:
    """Return a text without the passwords of the addresses in it, however they are written.

    Parameters
    ----------
    text : str
        A message that may repeat what was given as a source, a mapping or a bundle.

    Returns
    -------
    str
        The text, with ``***`` up to the last ``@`` of a line and for ``password=...``.
    """
    return _SETTING.sub(r"\1***", _LOGIN.sub(r"\1***@", text))


def parse_address(url: str) -> Address:
    """Read the URL of a database.

    Parameters
    ----------
    url : str
        ``sqlite:///registry.db``, ``duckdb:////data/registry.duckdb`` or
        ``postgresql://user:password@host/database``, each with ``#table`` at will.

    Returns
    -------
    Address
        Its parts.

    Raises
    ------
    InputError
        No database of a known kind; no part of the URL but its scheme is repeated.
    """
    scheme, _, rest = url.partition("://")
    system = scheme.lower().partition("+")[0]
    rest, _, table = rest.partition("#")
    if system in _FILES:
        return _of_file(system, rest, unquote(table) or None)
    if system not in _SERVERS:
        known = "sqlite:///FILE, duckdb:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE"
        text = f"{scheme[:40]!r} is no known database; known: {known}"
        _refuse(scheme, "file_type", text)
    return _of_server(rest, unquote(table) or None)


def _of_file(system: str, rest: str, table: str | None) -> Address:
    path = unquote(rest.removeprefix("/"))
    if not rest.startswith("/") or not path or path == ":memory:":
        text = f"expected {system}:///FILE, with four slashes where the path is absolute"
        _refuse(system, "no_file", text)
    file = Path(path)
    name = file.name if table is None else f"{file.name}#{table}"
    return Address(system, file, table, name, path, ())


def _of_server(rest: str, table: str | None) -> Address:
    if "@" in (table or "") or "@" in rest.partition("/")[2].partition("?")[0]:
        text = "in a user or password write / as %2F, # as %23, ? as %3F and @ as %40"
        _refuse("postgresql", "no_file", text)
    target = f"postgresql://{rest}"
    try:
        parts = urlsplit(target)
        secrets = [parts.password or "", rest.rpartition("@")[0]]
        hidden = [(k, v) for k, v in parse_qsl(parts.query) if any(s in k.lower() for s in _SECRET)]
    except ValueError:
        _refuse("postgresql", "no_file", "the URL of the database cannot be read")
    secrets += [value for _, value in hidden]
    secrets += [unquote(secret) for secret in secrets]
    host = rest.rpartition("@")[2].partition("?")[0]
    name = f"postgresql://{host}" + ("" if table is None else f"#{table}")
    return Address(
        "postgresql", None, table, name, target, tuple(dict.fromkeys(s for s in secrets if s))
    )


def _refuse(value: str, rule: str, message: str) -> NoReturn:
    """Raise; no tables are loaded for it, as every error of the command passes this module."""
    raise InputError([Failure("episodes", None, "file", value, rule, message)])
