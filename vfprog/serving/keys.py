"""API keys: made at random, kept as hashes, compared in constant time.

A key has 256 random bits, so that one round of SHA-256 protects it: there is no dictionary to try.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLE = "VFPROG_API_KEYS"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ENTRY = re.compile(rf"({_NAME.pattern}):sha256:([0-9a-f]{{64}})")


@dataclass(frozen=True)
class ApiKey:
    """Whose key it is and what it hashes to.

    Parameters
    ----------
    name : str
        Name of the client, for the log.
    sha256 : str
        Digest of the key.
    """

    name: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}:sha256:{self.sha256}"


def new_key(name: str) -> tuple[str, ApiKey]:
    """Make a key for a client.

    Parameters
    ----------
    name : str
        Name of the client: letters, digits and ``_.-``.

    Returns
    -------
    key : str
        The key, which is shown once and kept nowhere.
    entry : ApiKey
        What goes into the file of keys, as ``str``.

    Raises
    ------
    ConfigError
        The name holds something else.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"the name of the client may hold 1 to 64 letters from A to Z, digits and _ . -, "
            f"got {name!r}"
        )
    key = secrets.token_urlsafe(32)
    return key, ApiKey(name, _digest(key))


def read_keys(lines: Iterable[str], origin: str) -> tuple[ApiKey, ...]:
    """Read entries of the form ``name:sha256:digest``.

    Parameters
    ----------
    lines : iterable of str
        Entries; blank lines and lines that begin with ``#`` are passed over.
    origin : str
        Where they stand, for the error.

    Returns
    -------
    tuple of ApiKey
        At least one key.

    Raises
    ------
    ConfigError
        A line is no entry, a name stands twice, or there is no key: a service meant to ask for
        keys must not start open. The text of a line is not repeated, it may be a key.
    """
    stripped = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    found = [(n, _ENTRY.fullmatch(s)) for n, s in stripped if s and not s.startswith("#")]
    bad = [str(number) for number, match in found if match is None]
    if bad:
        raise ConfigError(f"{origin}: entry {', '.join(bad)} is not name:sha256:digest")
    keys = tuple(ApiKey(match[1], match[2]) for _, match in found if match is not None)
    if not keys:
        raise ConfigError(f"{origin}: there is no key")
    names = [key.name for key in keys]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{origin}: names stand twice: {', '.join(twice)}")
    return keys


def owner_of(headers: Mapping[str, str], keys: tuple[ApiKey, ...]) -> str | None:
    """Return whose key a request carries, or None.

    Parameters
    ----------
    headers : mapping of str to str
        Headers with lower-case names; ``authorization: Bearer KEY`` or ``x-api-key: KEY``.
    keys : tuple of ApiKey
        The keys that are accepted.

    Returns
    -------
    str or None
        Name of the client; None without a key that is accepted.
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    digest = _digest(given)
    # Every key is compared, so that the time tells nothing about which one was near.
    owners = [key.name for key in keys if hmac.compare_digest(key.sha256, digest)]
    return owners[0] if owners and given else None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
