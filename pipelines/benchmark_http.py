"""Budgets of speed over HTTP on loopback, one worker: python pipelines/benchmark_http.py BUNDLE."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

import vfprog
from vfprog.records import RunRecords
from vfprog.tracking.registry import register_bundle
from vfprog.tracking.send import send
from vfprog.tracking.store import resolve_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SPINE = {"level": "L1", "height_loss_pct": 35, "treated": True, "cement_volume_ml": 5.5}
PATIENT = {"age_years": 79, "sex": "female", "vas_baseline": 8, "t_score": -3.1, "bed_rest": True,
           "fracture_age_days": 10, "vertebrae": [SPINE]}  # fmt: skip
HEAD = "| what | vfprog | compared with | ratio | budget |\n|---|---|---|---|---|\n"
CONNECTIONS = 4
SECONDS = 8.0
WAIT = 120
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Server:
    """A server that listens; its process and all it starts are one group."""

    port: int
    group: int

    def cpu(self) -> float:
        """Return the seconds of CPU it has used, which do not depend on who else is at work."""
        used = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            used += int(fields[11]) + int(fields[12]) if int(fields[2]) == self.group else 0
        return used / os.sysconf("SC_CLK_TCK")


def line(what: str, ours: float, theirs: float, budget: str) -> str:
    times = f"{ours * 1e3:,.2f} ms | {theirs * 1e3:,.2f} ms"
    return f"| {what} | {times} | {ours / theirs:.3f} | {budget} |\n"


def served(bundle: str, patient: dict[str, Any]) -> Iterator[tuple[str, float, float, str]]:
    """Yield what was measured, seconds of vfprog and of the other, and the budget."""
    loaded = vfprog.load_bundle(bundle)
    with (
        TemporaryDirectory() as folder,
        ours(bundle, folder) as one,
        theirs(bundle, folder) as other,
    ):
        calls = (
            (one, asker(one.port, "/v1/predict", patient)),
            (one, asker(one.port, "/v1/predict?panel=false", patient)),
            (other, asker(other.port, "/invocations", {"dataframe_records": [patient]})),
        )
        # In turn, so that whatever else the machine does meets all of them.
        each = [[per_request(server, call) for server, call in calls] for _ in range(3)]
        full, short, mlflow = np.median(each, axis=0)
        waits = [
            (late(calls[0][1], 0.5 / full[0]), usual(lambda: vfprog.predict(loaded, patient)))
            for _ in range(3)
        ]
        p99, p50 = np.median(waits, axis=0)
    yield "HTTP at half load, p99, against p50 in process", p99, p50, "<= 5"
    yield "a request over HTTP, `mlflow models serve` beside it", full[0], mlflow[0], "<= 0.1"
    yield "the same without the trust panel", short[0], mlflow[0], "<= 0.1"
    yield "CPU of the server for a request, `mlflow models serve` beside it", full[1], mlflow[1], ""
    yield "the same without the trust panel", short[1], mlflow[1], ""


def clock(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def usual(call: Callable[[], Any]) -> float:
    return float(np.median([clock(call) for _ in range(300)]))


def asker(port: int, path: str, content: Any) -> Callable[[http.client.HTTPConnection | None], Any]:
    """Return what asks once over a connection, or opens one where none is given."""
    body, headers = json.dumps(content).encode(), {"Content-Type": "application/json"}

    def ask(connection: http.client.HTTPConnection | None) -> Any:
        if connection is None:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        if answer.read() and answer.status != http.client.OK:
            raise RuntimeError(f"{path} answers {answer.status}")
        return connection

    return ask


def crowd(work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def per_request(server: Server, ask: Callable[[Any], Any]) -> tuple[float, float]:
    """Return seconds between two answers, and seconds of CPU the server takes for one."""
    before, per_second = server.cpu(), rate(ask)
    return 1 / per_second, (server.cpu() - before) / (per_second * SECONDS)


def rate(ask: Callable[[Any], Any]) -> float:
    """Return requests per second when every connection asks again as soon as it is answered."""
    counts, end = [0] * CONNECTIONS, time.perf_counter() + SECONDS

    def work(place: int) -> None:
        with closing(ask(None)) as connection:
            while time.perf_counter() < end:
                ask(connection)
                counts[place] += 1

    crowd(work)
    return sum(counts) / SECONDS


def late(ask: Callable[[Any], Any], per_second: float) -> float:
    """Return the 99th percentile of the time from when a request was due to its answer."""
    due = np.arange(0, SECONDS, 1 / per_second)
    taken: list[float] = []
    start = time.perf_counter() + 0.1

    def work(place: int) -> None:
        with closing(ask(None)) as connection:
            for moment in start + due[place::CONNECTIONS]:
                time.sleep(max(0.0, moment - time.perf_counter()))
                ask(connection)
                taken.append(time.perf_counter() - moment)

    crowd(work)
    return float(np.quantile(taken, 0.99))


@contextmanager
def running(command: list[str], folder: str, said: str, **environment: str) -> Iterator[Server]:
    """Run a server until the block ends; its port is the one it says it listens on."""
    log = Path(folder) / f"{Path(command[0]).name}.log"
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"} | environment
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env, start_new_session=True)  # noqa: S603
    try:
        for _ in range(10 * WAIT):
            found = re.search(said, log.read_text())
            if found or process.poll() is not None:
                break
            time.sleep(0.1)
        if found is None:
            raise RuntimeError(f"{command[0]} did not start: {log.read_text()[-2000:]}")
        yield Server(int(found[1]), process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def ours(bundle: str, folder: str) -> Any:
    command = [str(BIN / "vfprog"), "serve", bundle, "--port", "0"]
    return running(command, folder, r"http://127\.0\.0\.1:(\d+)")


def theirs(bundle: str, folder: str) -> Any:
    """Serve the same bundle with MLflow, from a store of its own."""
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    uri = resolve_store(Path(folder) / "mlruns")
    run = send(RunRecords("benchmark"), uri=uri)
    predictors = [p.name for p in vfprog.load_bundle(bundle).dictionary.of_table("episodes")]
    register_bundle(
        Path(bundle), predictors, run_id=run.run_id, uri=uri, pip_requirements=["numpy"]
    )
    command = [
        str(BIN / "mlflow"),
        "models",
        "serve",
        "-m",
        "models:/vfprog@challenger",
        "-p",
        "5199",
    ]
    said = r"Uvicorn running on http://127\.0\.0\.1:(\d+)"
    return running([*command, "--env-manager", "local"], folder, said, MLFLOW_TRACKING_URI=uri)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle")
    print(HEAD, *(line(*row) for row in served(parser.parse_args().bundle, PATIENT)), sep="")
