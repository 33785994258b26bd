"""From a request to its content: within the limits of size and time, and read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from starlette.requests import ClientDisconnect

from vfprog.errors import InputError
from vfprog.schema.strict_json import read_json
from vfprog.serving.problems import BODY, RefusalError, refused_input

if TYPE_CHECKING:
    from starlette.requests import Request

    from vfprog.serving.settings import Settings

BODY_LENGTH = "vfprog.body_length"
_JSON_TYPES = frozenset({"application/json", "application/fhir+json"})
_CLOSE = {"connection": "close"}


async def json_body(request: Request, settings: Settings) -> Any:
    """Return the JSON a request carries.

    Parameters
    ----------
    request : starlette.requests.Request
        The request.
    settings : Settings
        Limits of size and time.

    Returns
    -------
    dict or list
        The content.

    Raises
    ------
    RefusalError
        Not JSON by its header (415), too long (413), too slow (408), or not JSON after all (400).
    """
    _check_type(request)
    try:
        with anyio.fail_after(settings.timeout_s):
            raw = await _whole(request, settings.max_body_bytes)
    except TimeoutError:
        text = f"the body did not arrive within {settings.timeout_s:g} seconds"
        raise RefusalError(408, text, headers=_CLOSE) from None
    except ClientDisconnect:
        raise RefusalError(400, "the client left before its body had arrived") from None
    request.scope[BODY_LENGTH] = len(raw)
    try:
        return read_json(raw, BODY)
    except InputError as error:
        raise refused_input(error.failures) from None


def flag(request: Request, name: str, *, default: bool) -> bool:
    """Return a query parameter that is true or false.

    Parameters
    ----------
    request : starlette.requests.Request
        The request.
    name : str
        Name of the parameter.
    default : bool
        Value where it is not given.

    Returns
    -------
    bool
        Value.

    Raises
    ------
    RefusalError
        It is neither (422).
    """
    given = request.query_params.get(name)
    if given is None:
        return default
    if given in {"true", "false"}:
        return given == "true"
    failure = {"field": name, "rule": "binary", "message": "expected true or false"}
    raise RefusalError(422, "a parameter of the address is wrong", [failure])


async def object_body(request: Request, settings: Settings) -> dict[str, Any]:
    """Return the JSON object a request carries; see `json_body`."""
    content = await json_body(request, settings)
    if isinstance(content, dict):
        return content
    message = "expected one object, got a list"
    failure = {"field": "*", "rule": "object", "message": message}
    raise RefusalError(422, "the body is no object", [failure])


def _check_type(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.replace(" ", "").removeprefix("charset=").strip('"')
    if kind.strip() not in _JSON_TYPES or charset not in {"", "utf-8"}:
        raise RefusalError(415, "send JSON in UTF-8 with the header Content-Type: application/json")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RefusalError(415, "send the body as it is, without Content-Encoding")


async def _whole(request: Request, limit: int) -> bytes:
    """Return the body; one that is too long is refused as soon as that is seen."""
    text = f"the body is longer than {limit} bytes"
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise RefusalError(413, text, headers=_CLOSE)
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > limit:
            raise RefusalError(413, text, headers=_CLOSE)
        parts.append(part)
    return b"".join(parts)
