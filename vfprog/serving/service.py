"""What the routes share: the bundle in use, the limits, the threads."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread

from vfprog.serving.gate import NOTES
from vfprog.serving.problems import RefusalError
from vfprog.serving.requests import BODY_LENGTH, SHORT_BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from vfprog.scoring.bundle import Bundle
    from vfprog.serving.holder import Holder, Served
    from vfprog.serving.settings import Settings

_T = TypeVar("_T")
# Patients, or changes of one, that are predicted in a few milliseconds.
SHORT_WORK = 5


@dataclass
class Service:
    """One running service.

    Parameters
    ----------
    holder : Holder
        Holds the bundle in use.
    settings : Settings
        Limits and keys.
    singles, batches : anyio.CapacityLimiter
        Threads for single patients, and for the parts of a batch: however many batches wait, a
        patient at the bedside has threads of their own.
    """

    holder: Holder
    settings: Settings
    singles: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(4))
    batches: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))

    def served_for(self, request: Request, patients: int) -> Served:
        """Return the bundle that answers a request to its end, and note it for the log.

        Parameters
        ----------
        request : starlette.requests.Request
            The request.
        patients : int
            Patients it holds.

        Returns
        -------
        Served
            The bundle.
        """
        served = self.holder.served
        identity = served.bundle.identity
        request.scope[NOTES] |= {
            "model": identity.name,
            "version": identity.version,
            "sha256": identity.sha256[:12],
            "patients": patients,
        }
        return served

    def bundle_for(self, request: Request, patients: int) -> Bundle:
        """Return the bundle itself; see `served_for`."""
        return self.served_for(request, patients).bundle

    @contextmanager
    def in_time(self) -> Iterator[None]:
        """Refuse with 503 what is not done in time; the part at work in a thread ends first.

        Yields
        ------
        None
            Nothing.
        """
        seconds = self.settings.timeout_s
        try:
            with anyio.fail_after(seconds):
                yield
        except TimeoutError:
            text = f"no answer within {seconds:g} seconds; send fewer patients at once"
            raise RefusalError(503, text, headers={"retry-after": "5"}) from None

    async def single(self, request: Request, work: Callable[[], _T], *, patients: int = 1) -> _T:
        """Return what work for one patient gives.

        Parameters
        ----------
        request : starlette.requests.Request
            The request, its body read. Little work takes a few milliseconds and is done at once,
            since a thread of its own would cost a fifth more; what is long, or of many changes,
            is worked on beside the event loop.
        work : callable
            The work.
        patients : int
            How many times the patient is predicted.

        Returns
        -------
        object
            What the work returned.
        """
        if request.scope[BODY_LENGTH] <= SHORT_BODY and patients <= SHORT_WORK:
            return work()
        return await anyio.to_thread.run_sync(work, limiter=self.singles)

    async def part(self, work: Callable[[], _T]) -> _T:
        """Return what one part of a batch gives, done beside the event loop."""
        return await anyio.to_thread.run_sync(work, limiter=self.batches)


def service_of(request: Any) -> Service:
    """Return the service a request came to."""
    found: Service = request.app.state.service
    return found
