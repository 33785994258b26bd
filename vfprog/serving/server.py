"""Run the service: one process, one event loop, ended by SIGTERM once every request is answered."""

from __future__ import annotations

import ipaddress
import logging.config
import signal
import socket
from typing import TYPE_CHECKING, Any

import uvicorn

from vfprog.errors import ConfigError
from vfprog.serving.app import create_app
from vfprog.serving.connections import protocol
from vfprog.serving.holder import Holder
from vfprog.serving.logs import logging_config
from vfprog.serving.page_texts import check_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from vfprog.serving.holder import Source
    from vfprog.serving.settings import Settings

# How long a stop waits for requests that are being answered beyond their own time.
_GRACE_S = 5


def run(
    source: Source, settings: Settings, *, host: str, port: int, say: Callable[[str], None]
) -> None:
    """Serve until stopped.

    Parameters
    ----------
    source : Source
        Where bundles come from.
    settings : Settings
        Limits and keys.
    host : str
        Address to listen on.
    port : int
        Port; 0 takes a free one.
    say : callable
        Is told the address once it can be used.

    Raises
    ------
    BundleError
        There is no bundle that can be served.
    ConfigError
        The address cannot be listened on, or a file of the page's texts is faulty.
    """
    check_texts()
    holder = Holder(source)
    app = create_app(holder, settings)
    listening = _listen(host, port)
    logging.config.dictConfig(logging_config())
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, lifespan="on",
        timeout_graceful_shutdown=int(settings.timeout_s) + _GRACE_S,
        h11_max_incomplete_event_size=settings.max_head_bytes, http=protocol(settings),
    )  # fmt: skip
    server = uvicorn.Server(config)
    _heed_signals(holder, server)
    say(_greeting(holder, listening, asks_for_keys=bool(settings.keys)))
    with listening:
        server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is named; without
    # it each answer waits 40 ms for the other side's acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    listening.listen(2048)
    return listening


def _heed_signals(holder: Holder, server: uvicorn.Server) -> None:
    """Look for a new bundle at SIGHUP; let a stop that was asked for end with exit code 0.

    The server has handlers of its own while it runs, and raises the signal again at its end.
    """

    def look(_number: int, _frame: Any) -> None:
        holder.wake()

    def stop(_number: int, _frame: Any) -> None:
        server.should_exit = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if hasattr(signal, "SIGHUP"):  # Windows has none
        signal.signal(signal.SIGHUP, look)


def _greeting(holder: Holder, listening: socket.socket, *, asks_for_keys: bool) -> str:
    host, port = listening.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    identity = holder.served.bundle.identity
    mark = ", trained on SIMULATED DATA: not for care" if holder.served.bundle.simulated else ""
    said = f"Serving {identity.name} {identity.version}{mark}\n{address} (stop with Ctrl-C)"
    if not (asks_for_keys or ipaddress.ip_address(host).is_loopback):
        said += "\nWhoever reaches this address may ask: --api-keys FILE asks for a key."
    return said
