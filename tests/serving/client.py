"""A client that speaks to an application in this process, one request at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


class Client:
    """Sends requests to an ASGI application; its lifespan is not run.

    Parameters
    ----------
    app : ASGIApp
        The application.
    **headers : str
        Headers of every request.
    """

    def __init__(self, app: Any, **headers: str) -> None:
        self.app, self.headers = app, headers

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request and return the answer."""
        return asyncio.run(self._send(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a POST."""
        return self.request("POST", path, **options)

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://service", headers=self.headers
        ) as client:
            return await client.request(method, path, **options)
