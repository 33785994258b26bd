from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from tests.serving.client import Client
from vfprog.serving import requests
from vfprog.serving.app import create_app
from vfprog.serving.problems import RefusalError
from vfprog.serving.requests import SHORT_BODY
from vfprog.serving.settings import Settings

JSON = {"content-type": "application/json"}
SMALL = Settings(max_body_bytes=100, timeout_s=0.05)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_what_is_not_said_to_be_json_is_not_read(client: Client, headers: dict[str, str]) -> None:
    answer = client.post("/v1/predict", content=b'{"age_years": 79}', headers=headers)
    assert answer.status_code == 415


def _send(app: Any, messages: list[dict[str, Any]], headers: dict[str, str]) -> dict[str, Any]:
    """Speak to an application as a server does, part by part; a part may be a pause."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        message = messages.pop(0) if messages else {"pause": 10}
        if "pause" in message:
            await asyncio.sleep(message["pause"])
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/predict", "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()], "root_path": "",
        "scheme": "http", "server": ("service", 80), "client": ("client", 1),
        "http_version": "1.1", "raw_path": b"/v1/predict", "asgi": {"version": "3.0"},
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    left = len(messages)
    return {"status": sent[0]["status"], "left": left, "body": json.loads(sent[1]["body"]),
            "headers": dict(sent[0]["headers"])}  # fmt: skip


def _parts(*bodies: bytes) -> list[dict[str, Any]]:
    return [
        {"type": "http.request", "body": body, "more_body": place < len(bodies) - 1}
        for place, body in enumerate(bodies)
    ]


def test_a_length_that_is_declared_too_long_is_not_waited_for(bundle) -> None:
    app = create_app(bundle, SMALL)
    found = _send(app, _parts(b"{}"), JSON | {"content-length": "101"})
    assert (found["status"], found["left"]) == (413, 1)


@pytest.mark.parametrize("declared", [{}, {"content-length": "2"}, {"content-length": "-"}])
def test_a_stream_that_is_too_long_is_left_where_it_is(bundle, declared: dict[str, str]) -> None:
    parts = _parts(*[b" " * 60] * 5)
    found = _send(create_app(bundle, SMALL), parts, JSON | declared)
    assert (found["status"], found["left"]) == (413, 3)
    assert found["headers"][b"connection"] == b"close"


def test_a_body_in_parts_is_one_body(bundle) -> None:
    assert (
        _send(create_app(bundle, SMALL), _parts(b'{"age_', b'years": 79}'), JSON)["status"] == 200
    )


def test_a_body_that_does_not_come_is_not_waited_for(bundle) -> None:
    found = _send(create_app(bundle, SMALL), [_parts(b"{", b"")[0], {"pause": 5}], JSON)
    assert found["status"] == 408


def test_a_client_that_leaves_is_no_fault_of_ours(bundle) -> None:
    parts = [_parts(b"{", b"")[0], {"type": "http.disconnect"}]
    assert _send(create_app(bundle, SMALL), parts, JSON)["status"] == 400


@pytest.mark.parametrize(
    "kind",
    ["application/json; profile=x", 'application/json;charset="UTF-8"',
     "application/fhir+json; fhirVersion=4.0; charset=utf-8"],
)  # fmt: skip
def test_other_parameters_of_the_type_are_no_matter(client: Client, kind: str) -> None:
    answer = client.post(
        "/v1/predict", content=b'{"age_years": 79}', headers={"content-type": kind}
    )
    assert answer.status_code == 200


def test_a_parameter_given_twice_is_refused(client: Client) -> None:
    answer = client.post("/v1/predict?panel=true&panel=false", json={"age_years": 79})
    assert answer.status_code == 400
    assert answer.json()["failures"][0]["field"] == "panel"


def test_a_long_body_is_read_beside_the_event_loop(bundle, monkeypatch) -> None:
    seen = []

    def read(raw: bytes, name: str) -> Any:
        seen.append(threading.current_thread() is threading.main_thread())
        return {"age_years": 79}

    monkeypatch.setattr(requests, "read_json", read)
    client = Client(create_app(bundle))
    for length in (100, SHORT_BODY + 1):
        assert client.post("/v1/predict", content=b" " * length, headers=JSON).status_code == 200
    assert seen == [True, False]


def test_a_body_that_takes_too_long_to_read_is_given_up(bundle, monkeypatch) -> None:
    held = threading.Event()
    monkeypatch.setattr(requests, "read_json", lambda *_: held.wait(5))

    async def ask() -> None:
        with pytest.raises(RefusalError, match="was not read within") as caught:
            await requests._parsed(b" " * (SHORT_BODY + 1), 0.01)
        held.set()
        assert caught.value.status == 503

    asyncio.run(ask())
