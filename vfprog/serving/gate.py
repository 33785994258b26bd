"""What every request passes: a number, the keys, the headers, the log, and the last net."""

from __future__ import annotations

import logging
import time
import uuid
from typing import TYPE_CHECKING, Any

from vfprog.serving.keys import owner_of
from vfprog.serving.logs import log, where_raised
from vfprog.serving.problems import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from vfprog.serving.settings import Settings

NOTES = "vfprog.notes"
REQUEST_ID = "vfprog.request_id"
# No page of ours needs more than its own files; nothing inline, nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
    b"cache-control": b"no-store",
}
# What holds no patient and no number the model learned: the page, since a browser sends no key
# when it opens one, and its files; signs of life; and the two descriptions that FHIR and CDS Hooks
# want to be readable before a client has a key. The page names the predictors of the model with
# their units and ranges, and the readiness its name and version: a form cannot do without.
_OPEN = frozenset({"/", "/healthz", "/readyz", "/fhir/metadata", "/cds-services"})
_OPEN_FOLDER = "/assets/"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Gate:
    """Outermost application: numbers, checks, times and logs each request.

    Parameters
    ----------
    app : ASGIApp
        What answers.
    settings : Settings
        Keys and limits.
    answer : callable
        Turns a refusal into the response its path calls for.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        answer: Callable[[Scope, RefusalError], Response],
    ) -> None:
        self.app, self.settings, self.answer = app, settings, answer
        self.at_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[REQUEST_ID], scope[NOTES] = str(uuid.uuid4()), {}
        reply = _Reply(send, scope[REQUEST_ID])
        start = time.perf_counter()
        self.at_work += 1
        try:
            await self._pass(scope, receive, reply)
        finally:
            self.at_work -= 1
            _log_request(scope, reply.status, start)

    async def _pass(self, scope: Scope, receive: Receive, reply: _Reply) -> None:
        refusal = self._refusal(scope)
        if refusal is None:
            try:
                await self.app(scope, receive, reply)
            except Exception as error:  # noqa: BLE001  # its text may quote a patient
                log(
                    "fault", logging.ERROR, request_id=scope[REQUEST_ID], raised=where_raised(error)
                )
                refusal = RefusalError(500, "a fault of ours; the log knows it by its instance")
        if refusal is not None and not reply.started:
            await self.answer(scope, refusal)(scope, receive, reply)

    def _refusal(self, scope: Scope) -> RefusalError | None:
        path = scope["path"]
        if self.at_work > self.settings.max_waiting and path != "/healthz":
            return RefusalError(503, "too many requests at once", headers={"retry-after": "1"})
        if self.settings.keys and path not in _OPEN and not path.startswith(_OPEN_FOLDER):
            headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
            owner = owner_of(headers, self.settings.keys)
            if owner is None:
                text = "give a key, as Authorization: Bearer KEY or X-API-Key: KEY"
                return RefusalError(401, text, headers={"www-authenticate": "Bearer"})
            scope[NOTES]["client"] = owner
        return None


class _Reply:
    """Passes an answer on with the headers every answer has, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self._id = send, request_id.encode()
        self.started, self.status = False, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            given = {name.lower() for name, _ in message.get("headers", ())}
            added = [(name, value) for name, value in _HEADERS.items() if name not in given]
            headers = [*message.get("headers", ()), *added, (b"x-request-id", self._id)]
            message = {**message, "headers": headers}
        await self._send(message)


def _log_request(scope: Scope, status: int, start: float) -> None:
    """Write the line of one request: its route as a template, never as it was asked for."""
    route: Any = scope.get("route")
    method = scope["method"]
    log(
        "request",
        method=method if method in _METHODS else "other",
        route=getattr(route, "path", None),
        status=status,
        ms=round(1e3 * (time.perf_counter() - start), 2),
        request_id=scope[REQUEST_ID],
        **scope[NOTES],
    )
