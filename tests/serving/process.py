"""The service as a process of its own, as a hospital runs it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_PATIENCE_S = 60


class Running:
    """A service that runs.

    Parameters
    ----------
    process : subprocess.Popen
        The process.
    log : pathlib.Path
        File that receives what it writes to stderr.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self.log = process, log
        self.port = int(self.wait_for(_ADDRESS)[1])

    def wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Return the first match of what is said, or fail with all that was."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            found = pattern.search(self.log.read_text())
            if found is not None:
                return found
            time.sleep(0.02)
        said = [line for line in self.log.read_text().splitlines() if '"request"' not in line]
        raise AssertionError("\n".join([f"{pattern.pattern} was not said, but:", *said]))

    def events(self, event: str) -> list[dict[str, Any]]:
        """Return the logged events of a name."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [found for line in lines if (found := json.loads(line))["event"] == event]

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        """Return status and content of an answer over a new connection."""
        connection = self.connect()
        try:
            return ask(connection, method, path, content)
        finally:
            connection.close()

    def stop(self) -> int:
        """Ask the service to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE_S)


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, content: Any = None
) -> tuple[int, Any]:
    """Return status and content of an answer over an open connection."""
    body = None if content is None else json.dumps(content)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Running]:
    """Run ``vfprog serve`` until the block ends."""
    log = folder / "serve.log"
    command = [sys.executable, "-m", "vfprog", "serve", *arguments, "--port", "0"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, stderr=stderr, cwd=folder)
        try:
            yield Running(process, log)
        finally:
            process.kill()
            process.wait()
