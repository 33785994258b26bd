from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.bundles import PATIENT, hand_bundle
from tests.serving.process import ask, serving
from tests.serving.test_holder import write
from vfprog.errors import ConfigError
from vfprog.serving import page_texts
from vfprog.serving.holder import Holder
from vfprog.serving.server import _greeting, _listen, run
from vfprog.serving.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = 83.25


def test_a_port_in_use_is_named() -> None:
    with _listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1, port {port}: "):
            _listen("127.0.0.1", port)


def test_a_host_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on 203\.0\.113\.7, port 0"):
        _listen("203.0.113.7", 0)


def test_a_translation_that_does_not_fit_ends_the_start(bundle, monkeypatch) -> None:
    monkeypatch.setattr(page_texts, "languages", lambda: ("en", "xx"))
    with pytest.raises(ConfigError, match="no configuration named 'xx'"):
        run(bundle, Settings(), host="127.0.0.1", port=0, say=print)


@pytest.mark.parametrize(("asks", "lines"), [(True, 2), (False, 3)])
def test_an_open_door_to_the_network_is_told(bundle, asks: bool, lines: int) -> None:
    with _listen("0.0.0.0", 0) as listening:  # noqa: S104
        said = _greeting(Holder(bundle), listening, asks_for_keys=asks)
    assert len(said.splitlines()) == lines


def test_answers_are_sent_at_once() -> None:
    """asyncio sets TCP_NODELAY only where the listening socket names its protocol."""
    with _listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_the_greeting_marks_a_simulated_model(bundle) -> None:
    with _listen("127.0.0.1", 0) as listening:
        said = _greeting(Holder(bundle), listening, asks_for_keys=False)
        port = listening.getsockname()[1]
    assert said.splitlines() == [
        "Serving hand 1, trained on SIMULATED DATA: not for care",
        f"http://127.0.0.1:{port} (stop with Ctrl-C)",
    ]


@pytest.mark.slow
def test_a_stop_waits_for_the_answer_and_ends_with_0(tmp_path: Path) -> None:
    with serving(tmp_path, str(hand_bundle(tmp_path / "b"))) as service:
        found: list[Any] = []
        batch = [PATIENT] * 1000
        asking = threading.Thread(
            target=lambda: found.append(service.ask("POST", "/v1/predict/batch", batch))
        )
        asking.start()
        time.sleep(0.3)  # the batch is being answered
        assert service.stop() == 0
        asking.join()
    status, answer = found[0]
    assert (status, len(answer)) == (200, 1000)
    assert [len(service.events(event)) for event in ("started", "stopped")] == [1, 1]


@pytest.mark.slow
def test_a_slow_batch_delays_nobody_for_long(tmp_path: Path) -> None:
    with serving(tmp_path, str(hand_bundle(tmp_path / "b"))) as service:
        done: list[int] = []
        batch = [PATIENT] * 1000
        asking = threading.Thread(
            target=lambda: done.append(service.ask("POST", "/v1/predict/batch", batch)[0])
        )
        asking.start()
        answered = 0
        with closing(service.connect()) as connection:
            while not done:
                assert ask(connection, "GET", "/healthz")[0] == 200
                assert ask(connection, "POST", "/v1/predict", PATIENT)[0] == 200
                answered += 1
        asking.join()
    assert done == [200]
    assert answered > 3


class Crowd:
    """Threads that ask without pause, each over one connection, and keep every answer."""

    def __init__(self, service: Any, n: int = 4) -> None:
        self.service, self.stopped = service, threading.Event()
        self.answers: list[list[tuple[int, str, float]]] = [[] for _ in range(n)]
        self.faults: list[BaseException] = []
        self.threads = [threading.Thread(target=self._ask, args=(kept,)) for kept in self.answers]

    def _ask(self, kept: list[tuple[int, str, float]]) -> None:
        try:
            with closing(self.service.connect()) as connection:
                while not self.stopped.is_set():
                    status, answer = ask(connection, "POST", "/v1/predict", PATIENT)
                    version = answer["model"]["version"]
                    kept.append((status, version, answer["prognoses"][0]["risk"]))
        except BaseException as error:  # noqa: BLE001  # kept for the test to see
            self.faults.append(error)

    def wait(self) -> None:
        """Wait until everybody has an answer to a question asked from now on."""
        wanted = [len(kept) + 2 for kept in self.answers]
        while not self.faults and any(
            len(kept) < n for kept, n in zip(self.answers, wanted, strict=True)
        ):
            time.sleep(0.01)

    def __enter__(self) -> Crowd:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.slow
def test_new_versions_take_over_without_a_dropped_request(tmp_path: Path) -> None:
    bundle = write(tmp_path / "b", "1")
    risks = {}
    with serving(tmp_path, str(bundle), "--poll", "0.05") as service:
        with Crowd(service) as crowd:
            crowd.wait()
            for version, a in (("2", 0.5), ("3", 1.0), ("4", -1.0)):
                write(bundle, version, a=a)
                service.wait_for(re.compile(rf'"reloaded".*"version": "{version}"'))
                crowd.wait()
        assert service.stop() == 0  # the last line of the log is written after its answer
    assert crowd.faults == []
    for kept in crowd.answers:
        assert {status for status, _, _ in kept} == {200}
        seen = [version for _, version, _ in kept]
        assert seen == sorted(seen)  # nobody is sent back to an older version
        assert set(seen) == {"1", "2", "3", "4"}
        for _, version, risk in kept:  # and no answer is of two versions
            assert risks.setdefault(version, risk) == risk
    assert len(set(risks.values())) == 4
    assert len(service.events("request")) == sum(map(len, crowd.answers))


@pytest.mark.slow
def test_a_broken_version_is_refused_and_the_old_one_goes_on(tmp_path: Path) -> None:
    bundle = write(tmp_path / "b", "1")
    with serving(tmp_path, str(bundle), "--poll", "600") as service, Crowd(service) as crowd:
        write(tmp_path / "next", "2")
        (tmp_path / "next" / "models" / "response_preprocedure.npz").write_bytes(b"x")
        bundle.rename(tmp_path / "old")
        (tmp_path / "next").rename(bundle)
        service.process.send_signal(signal.SIGHUP)
        service.wait_for(re.compile('"reload_refused"'))
        ready = service.ask("GET", "/readyz")[1]
        bundle.rename(tmp_path / "broken")
        write(bundle, "3")
        service.process.send_signal(signal.SIGHUP)
        service.wait_for(re.compile('"reloaded"'))
        later = service.ask("GET", "/readyz")[1]
    assert crowd.faults == []
    assert (ready["model"]["version"], ready["newer_refused"]) == ("1", True)
    assert (later["model"]["version"], later["newer_refused"]) == ("3", False)
    assert "was altered" in service.events("reload_refused")[0]["reason"]
    assert {version for kept in crowd.answers for _, version, _ in kept} <= {"1", "3"}


@pytest.mark.slow
def test_all_the_process_writes_is_json_without_a_patient(tmp_path: Path) -> None:
    with serving(tmp_path, str(hand_bundle(tmp_path / "b"))) as service:
        service.ask("POST", f"/v1/predict?age={PRIVATE}", PATIENT | {"age_years": PRIVATE})
        service.ask("POST", "/v1/predict", {"age_years": PRIVATE, "t_score": PRIVATE})
        service.ask("GET", f"/patients/{PRIVATE}")
        with socket.create_connection(("127.0.0.1", service.port)) as bare:
            bare.sendall(f"GET /{PRIVATE} HTTP\r\n\r\n".encode())
            assert bare.recv(1000).startswith(b"HTTP/1.1 400")
        assert service.stop() == 0
    greeting, lines = service.log.read_text().splitlines()[:2], service.log.read_text()
    assert greeting[0].startswith("Serving hand 1")
    assert all(json.loads(line)["event"] for line in lines.splitlines()[2:])
    assert str(PRIVATE) not in lines
    assert len(service.events("request")) == 3


@pytest.mark.slow
def test_serving_needs_no_library_that_trains(tmp_path: Path) -> None:
    """What a hospital's server imports: base and the extra ``serve``, nothing else."""
    folder = hand_bundle(tmp_path / "b")
    code = f"""
import json, sys
from tests.bundles import PATIENT
before = set(sys.modules)
heavy = [name for name in before if name.startswith("vfprog.models")]
from tests.serving.client import Client
from vfprog.scoring.bundle import load_bundle
from vfprog.serving.app import create_app
from vfprog.serving.fhir.example import as_bundle
from vfprog.serving.fhir.mapping import load_mapping
import vfprog.cli.serve, vfprog.serving.server
bundle = load_bundle({str(folder)!r})
client = Client(create_app(bundle))
assert client.post("/v1/predict", json=PATIENT).status_code == 200
fhir = as_bundle(PATIENT, bundle.dictionary, load_mapping())
assert client.post("/fhir/RiskAssessment/$evaluate", json=fhir).status_code == 200
assert client.get("/openapi.json").status_code == 200
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert {"fastapi", "uvicorn", "numpy", "fhir"} <= loaded
    heavy = {"joblib", "matplotlib", "mlflow", "pandas", "pyarrow", "scipy", "shap", "sklearn",
             "xgboost"}  # fmt: skip
    assert loaded & heavy == set()
