from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace

import anyio
import pytest

from vfprog.serving.gate import NOTES
from vfprog.serving.holder import Holder
from vfprog.serving.problems import RefusalError
from vfprog.serving.requests import BODY_LENGTH, SHORT_BODY
from vfprog.serving.service import SHORT_WORK, Service, service_of
from vfprog.serving.settings import Settings


def _request(length: int = 0):
    return SimpleNamespace(scope={NOTES: {}, BODY_LENGTH: length})


def test_who_answers_is_noted_for_the_log(bundle) -> None:
    service, request = Service(Holder(bundle), Settings()), _request()
    assert service.bundle_for(request, 7) is bundle
    assert request.scope[NOTES] == {
        "model": "hand", "version": "1", "sha256": bundle.identity.sha256[:12], "patients": 7,
    }  # fmt: skip


def test_what_takes_too_long_is_refused_and_what_is_done_is_not(bundle) -> None:
    service = Service(Holder(bundle), Settings(timeout_s=0.5))

    async def wait(seconds: float) -> str:
        with service.in_time():
            await anyio.sleep(seconds)
        return "done"

    assert asyncio.run(wait(0)) == "done"
    with pytest.raises(RefusalError, match=r"no answer within 0\.5 seconds") as caught:
        asyncio.run(wait(10))
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("length", "patients", "here"),
    [
        (SHORT_BODY, SHORT_WORK, True),
        (SHORT_BODY + 1, 1, False),
        (100, SHORT_WORK + 1, False),  # a short body may ask for a thousand changes
    ],
)
def test_little_work_is_done_at_once(bundle, length: int, patients: int, here: bool) -> None:
    service = Service(Holder(bundle), Settings())
    work = threading.current_thread
    found = asyncio.run(service.single(_request(length), work, patients=patients))
    assert (found is threading.main_thread()) is here


def test_parts_of_batches_take_turns(bundle) -> None:
    service = Service(Holder(bundle), Settings())
    at_once, most = [0], [0]

    def work() -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.002)
        at_once[0] -= 1

    async def ask() -> None:
        await asyncio.gather(*(service.part(work) for _ in range(10)))

    asyncio.run(ask())
    assert most == [1]


def test_a_request_finds_its_service(bundle) -> None:
    service = Service(Holder(bundle), Settings())
    app = SimpleNamespace(state=SimpleNamespace(service=service))
    assert service_of(SimpleNamespace(app=app)) is service
