"""A real PostgreSQL server, started for the tests and stopped after them."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def _binary(name: str) -> str | None:
    """Return a PostgreSQL program; Debian keeps them out of PATH."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(kept[0]) if kept else shutil.which(name)


def _as_user() -> tuple[list[str], str | None]:
    """Return what runs a program as somebody but root, who may not start a server."""
    if os.geteuid() != 0:
        return [], None
    for user in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(user)
        except KeyError:
            continue
        group = f"--regid={entry.pw_gid}"
        return ["setpriv", f"--reuid={entry.pw_uid}", group, "--clear-groups"], user
    raise RuntimeError("no user to run PostgreSQL as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Return the URL of an empty database, with user ``reader`` and password ``p@ss:w/rd``."""
    initdb, server = _binary("initdb"), _binary("postgres")
    if initdb is None or server is None:
        message = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    prefix, user = _as_user()
    folder = Path(tempfile.mkdtemp(prefix="vfprog-pg-"))
    try:
        (folder / "password").write_text("p@ss:w/rd\n")
        folder.chmod(0o755)
        if user is not None:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        data, port = folder / "data", _free_port()
        subprocess.run(
            [*prefix, initdb, "-D", str(data), "-U", "reader", f"--pwfile={folder / 'password'}",
             "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"],
            check=True, capture_output=True, cwd=folder,
        )  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*prefix, server, "-D", str(data), "-p", str(port), "-k", str(folder),
                 "-c", "listen_addresses=127.0.0.1", "-F"],
                stdout=subprocess.DEVNULL, stderr=log, cwd=folder,
            )  # fmt: skip
        try:
            url = f"postgresql://reader:p%40ss%3Aw%2Frd@127.0.0.1:{port}/postgres"
            _wait(url, folder / "log")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str, log: Path) -> None:
    import psycopg

    for _ in range(150):
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"PostgreSQL does not start: {log.read_text()[-2000:]}")
