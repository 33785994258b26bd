"""From a request to its content: within the limits of size and time, and read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect

from vfprog.errors import InputError
from vfprog.schema.strict_json import read_json
from vfprog.serving.problems import BODY, RefusalError, refused_input

if TYPE_CHECKING:
    from starlette.requests import Request

    from vfprog.serving.settings import Settings

BODY_LENGTH = "vfprog.body_length"
# Bytes; a patient with every predictor and five vertebrae takes two thousand.
SHORT_BODY = 10_000
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
        return await _parsed(raw, settings.timeout_s)
    except InputError as error:
        raise refused_input(error.failures) from None


async def _parsed(raw: bytes, seconds: float) -> Any:
    """Return the JSON of a body; a long one is read beside the event loop, and not for ever."""
    if len(raw) <= SHORT_BODY:
        return read_json(raw, BODY)
    try:
        with anyio.fail_after(seconds):
            return await anyio.to_thread.run_sync(read_json, raw, BODY, abandon_on_cancel=True)
    except TimeoutError:
        text = f"the body was not read within {seconds:g} seconds"
        raise RefusalError(503, text, headers={"retry-after": "5"}) from None


def parameter(request: Request, name: str) -> str | None:
    """Return a query parameter.

    Parameters
    ----------
    request : starlette.requests.Request
        The request.
    name : str
        Name of the parameter.

    Returns
    -------
    str or None
        What was given; None where nothing was.

    Raises
    ------
    RefusalError
        It is given more than once (400): which was meant cannot be known.
    """
    given = request.query_params.getlist(name)
    if len(given) > 1:
        message = f"the parameter {name} is given twice"
        failure = {"field": name, "rule": "repeated_key", "message": message}
        raise RefusalError(400, "a parameter of the address is wrong", [failure])
    return given[0] if given else None


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
        It is neither (422), or given more than once (400).
    """
    given = parameter(request, name)
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
    kind, _, given = request.headers.get("content-type", "").lower().partition(";")
    parameters = dict(part.strip().partition("=")[::2] for part in given.split(";"))
    charset = parameters.get("charset", "utf-8").strip(' "')
    if kind.strip() not in _JSON_TYPES or charset != "utf-8":
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
