from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
import uvicorn

from vfprog.serving import connections
from vfprog.serving.app import create_app
from vfprog.serving.connections import protocol
from vfprog.serving.settings import Settings

GET = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


@contextlib.asynccontextmanager
async def listening(bundle, settings: Settings) -> AsyncIterator[int]:
    """Serve on a free port with the limits of some settings."""
    config = uvicorn.Config(
        create_app(bundle, settings), port=0, log_config=None, lifespan="off",
        h11_max_incomplete_event_size=settings.max_head_bytes,
        http=protocol(settings), timeout_keep_alive=60,
    )  # fmt: skip
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await server.shutdown()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), 5) == b""
    except ConnectionResetError:
        return True


@pytest.fixture(params=["h11", "httptools"])
def kind(request, monkeypatch) -> str:
    """Either protocol of uvicorn; httptools only where it is installed."""
    if request.param == "httptools":
        pytest.importorskip("httptools")
    else:
        monkeypatch.setattr(connections, "find_spec", lambda _name: None)
    return str(request.param)


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("sent", [b"", b"GET / HT", GET + b"GET /h"])
def test_a_head_that_does_not_come_is_not_waited_for(bundle, sent: bytes) -> None:
    async def ask() -> None:
        async with listening(bundle, Settings(head_timeout_s=0.05)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            if sent.startswith(GET):
                assert b"alive" in await _answer(reader)
            assert await _ended(reader)
            writer.close()

    asyncio.run(ask())


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("before", [b"", GET])
def test_a_head_without_end_is_cut_off(bundle, before: bytes) -> None:
    async def ask() -> None:
        async with listening(bundle, Settings(max_head_bytes=5000)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(before)
            if before:
                assert b"alive" in await _answer(reader)
            writer.write(GET[:-2])
            for number in range(600):
                writer.write(b"x-%d: 1234567890\r\n" % number)
                await asyncio.sleep(0)
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 5)
            writer.close()

    asyncio.run(ask())


@pytest.mark.usefixtures("kind")
def test_a_long_body_is_no_head_even_after_its_refusal(bundle) -> None:
    async def ask() -> None:
        async with listening(bundle, Settings(max_head_bytes=500)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
            assert b"415 Unsupported" in await _answer(reader)
            writer.write(b" " * 100_000)
            writer.write(GET)
            assert b"alive" in await _answer(reader)
            writer.close()

    asyncio.run(ask())


@pytest.mark.usefixtures("kind")
def test_who_asks_again_and_again_is_not_cut_off(bundle) -> None:
    async def ask() -> None:
        async with listening(bundle, Settings(head_timeout_s=0.2)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                writer.write(GET)
                assert b"alive" in await _answer(reader)
                await asyncio.sleep(0.01)
            writer.close()

    asyncio.run(ask())


@pytest.mark.usefixtures("kind")
def test_one_connection_too_many_is_closed_and_the_others_go_on(bundle) -> None:
    async def ask() -> None:
        async with listening(bundle, Settings(max_connections=2)) as port:
            first, second, third = [
                await asyncio.open_connection("127.0.0.1", port) for _ in range(3)
            ]
            assert await _ended(third[0])
            for reader, writer in (first, second):
                writer.write(GET)
                assert b"alive" in await _answer(reader)
            for _, writer in (first, second, third):
                writer.close()

    asyncio.run(ask())
