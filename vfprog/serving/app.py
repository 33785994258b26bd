"""The application: routes, refusals, the gate before them, and the watch over the bundle."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from vfprog import __version__
from vfprog.serving import cds_hooks, page, rest
from vfprog.serving.fhir import outcome
from vfprog.serving.fhir import routes as fhir
from vfprog.serving.gate import REQUEST_ID, Gate
from vfprog.serving.holder import Holder
from vfprog.serving.logs import log, where_raised
from vfprog.serving.problems import RefusalError, problem
from vfprog.serving.service import Service
from vfprog.serving.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

    from vfprog.scoring.bundle import Bundle


_TEXTS = {404: "there is nothing here", 405: "this path does not take this method"}


def create_app(holder: Holder | Bundle, settings: Settings | None = None) -> FastAPI:
    """Return the application that serves a bundle.

    Parameters
    ----------
    holder : Holder or Bundle
        Holds the bundle in use; a bundle alone is served as it is.
    settings : Settings, optional
        Limits and keys; default those of `Settings`.

    Returns
    -------
    fastapi.FastAPI
        The application; CORS is off, no cookie is set, no other host is named.
    """
    chosen = settings or Settings()
    held = holder if isinstance(holder, Holder) else Holder(holder)
    # The interactive pages of FastAPI load their code from elsewhere.
    app = FastAPI(
        title="vfprog", version=__version__, openapi_url=None, docs_url=None, redoc_url=None,
        lifespan=_lifespan, redirect_slashes=False,
    )  # fmt: skip
    app.state.service = Service(held, chosen)
    app.add_middleware(Gate, settings=chosen, answer=answer)
    app.add_exception_handler(RefusalError, _refused)
    app.add_exception_handler(HTTPException, _not_routed)
    app.include_router(rest.router)
    app.include_router(fhir.router)
    app.include_router(cds_hooks.router)
    app.include_router(page.router)
    return app


def answer(scope: Scope, refusal: RefusalError) -> Response:
    """Return a refusal in the form its path calls for."""
    if scope["path"].startswith("/fhir/"):
        return outcome.refused(refusal)
    return problem(refusal, scope[REQUEST_ID])


async def _refused(request: Request, error: Any) -> Response:
    """Answer a `RefusalError`; Starlette's handlers are declared for any exception."""
    return answer(request.scope, error)


async def _not_routed(request: Request, error: Any) -> Response:
    """Answer an `HTTPException`, which Starlette raises where no route takes the request."""
    status = error.status_code
    text = _TEXTS.get(status, "this cannot be answered")
    return answer(request.scope, RefusalError(status, text, headers=error.headers))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    watch = asyncio.create_task(_watch(service.holder, service.settings.poll_s))
    log("started", **_which(service.holder))
    yield
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    log("stopped", **_which(service.holder))


async def _watch(holder: Holder, seconds: float) -> None:
    """Look for a new bundle every few seconds, or at once when woken."""
    wake, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake_up() -> None:
        loop.call_soon_threadsafe(wake.set)

    holder.wake = wake_up
    wake.set()  # a hangup may have come before anybody watched
    refused = None
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), seconds)
        wake.clear()
        if await _new(holder):
            log("reloaded", **_which(holder))
        elif holder.refused not in {None, refused}:
            log("reload_refused", logging.ERROR, reason=holder.refused, **_which(holder))
        refused = holder.refused


async def _new(holder: Holder) -> bool:
    """Look for a new bundle; what nobody expected is a refusal, too, and the watch goes on."""
    try:
        return await anyio.to_thread.run_sync(holder.refresh)
    except Exception as error:  # noqa: BLE001  # its text may quote anything
        holder.refused = f"a fault of ours: {where_raised(error)}"
        return False


def _which(holder: Holder) -> dict[str, Any]:
    identity = holder.served.bundle.identity
    return {"model": identity.name, "version": identity.version, "sha256": identity.sha256[:12]}
