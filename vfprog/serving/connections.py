"""Connections that ask nothing: how many there may be, and how long each is waited for.

uvicorn has no limit of time for the head of a request, and its limit of concurrency answers
everybody with 503 once so many connections are open, idle or not. Here one connection too many is
closed at once, and one that sends no whole head in time, or none of bearable length, is closed, so
that none of them can use up the descriptors or the memory of the process.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from vfprog.serving.settings import Settings


def protocol(settings: Settings) -> type[asyncio.Protocol]:
    """Return the HTTP protocol of uvicorn with these limits.

    Parameters
    ----------
    settings : Settings
        ``max_connections``, ``max_head_bytes`` and ``head_timeout_s``.

    Returns
    -------
    type
        A protocol for ``uvicorn.Config(http=...)``; made of httptools where that is installed.
    """
    limits = {"most": settings.max_connections, "longest": settings.max_head_bytes,
              "seconds": settings.head_timeout_s}  # fmt: skip
    return type("LimitedProtocol", (_Limited, _base()), limits)


def _base() -> type[asyncio.Protocol]:
    if find_spec("httptools") is not None:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

        return HttpToolsProtocol
    from uvicorn.protocols.http.h11_impl import H11Protocol

    return H11Protocol


class _Limited:
    """Goes before a protocol of uvicorn, of which it uses what both kinds have."""

    most: int
    longest: int
    seconds: float
    connections: set[Any]
    cycle: Any
    loop: asyncio.AbstractEventLoop
    transport: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._in_head, self._head_bytes = False, 0

    def connection_made(self, transport: Any) -> None:
        """Take a connection, or close it where there are too many."""
        super().connection_made(transport)  # type: ignore[misc]
        if len(self.connections) > self.most:
            transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that is not whole yet is waited for, unless it is too long."""
        super().data_received(data)  # type: ignore[misc]
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > self.longest:
            self.transport.abort()
        elif self._between_requests():
            self._wait()

    def on_message_begin(self) -> None:
        """Take note of the begin of a head; httptools says so, h11 has a limit of its own."""
        self._in_head = True
        super().on_message_begin()  # type: ignore[misc]

    def on_headers_complete(self) -> None:
        """Take note of the end of a head."""
        self._in_head = False
        super().on_headers_complete()  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)  # type: ignore[misc]

    def _between_requests(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self._look, self.cycle)

    def _look(self, before: Any) -> None:
        """Close the connection unless another request has come since."""
        self._timer = None
        if self.cycle is before:
            self.transport.close()
        elif self._between_requests():
            self._wait()
