from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.bundles import PATIENT
from tests.serving.client import Client
from tests.serving.test_holder import write
from vfprog.serving.app import create_app
from vfprog.serving.holder import FolderSource, Holder
from vfprog.serving.settings import Settings


def _lived(app, until) -> None:
    """Run the lifespan of an application until a condition holds."""

    async def live() -> None:
        async with app.router.lifespan_context(app):
            for _ in range(500):
                if until():
                    return
                await asyncio.sleep(0.01)
            raise AssertionError("it never came to be")

    asyncio.run(live())


def _events(logged: list[str]) -> list[str]:
    return [json.loads(line)["event"] for line in logged]


def test_a_new_bundle_is_found_while_the_service_lives(tmp_path: Path, logged) -> None:
    holder = Holder(FolderSource(write(tmp_path / "b", "1")))
    app = create_app(holder, Settings(poll_s=0.01))
    write(tmp_path / "b", "2")
    _lived(app, lambda: holder.served.bundle.identity.version == "2" and len(logged) > 1)
    assert _events(logged) == ["started", "reloaded", "stopped"]


def test_a_refusal_is_logged_once_and_its_end_is_a_reload(tmp_path: Path, logged) -> None:
    holder = Holder(FolderSource(write(tmp_path / "b", "1")))
    app = create_app(holder, Settings(poll_s=0.01))
    (tmp_path / "b" / "manifest.json").write_text("{}")
    looks: list[None] = []
    real = holder.refresh
    holder.refresh = lambda: (looks.append(None), real())[1]  # type: ignore[method-assign]
    _lived(app, lambda: len(looks) > 3)
    assert _events(logged) == ["started", "reload_refused", "stopped"]
    assert "format" in json.loads(logged[1])["reason"]


def test_a_bundle_alone_is_served_as_it_is(bundle) -> None:
    app = create_app(bundle)
    assert app.state.service.holder.served.bundle is bundle
    assert app.state.service.settings == Settings()


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_no_page_that_loads_from_elsewhere_is_served(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_what_was_refused_under_fhir_is_an_outcome_elsewhere_a_problem(client: Client) -> None:
    assert client.get("/fhir/x").json()["resourceType"] == "OperationOutcome"
    assert client.get("/fhirx").json()["title"] == "Not Found"


def test_a_request_keeps_the_bundle_it_began_with(tmp_path: Path) -> None:
    holder = Holder(FolderSource(write(tmp_path / "b", "1")))
    app = create_app(holder)

    class Slow:
        """Changes the bundle while a batch is at work."""

        def __init__(self) -> None:
            self.parts = 0

        async def __call__(self, work):
            self.parts += 1
            if self.parts == 2:
                write(tmp_path / "b", "2", a=1.0)
                assert holder.refresh()
            return work()

    app.state.service.part = Slow()
    answers = Client(app).post("/v1/predict/batch", json=[PATIENT] * 120).json()
    assert {answer["model"]["version"] for answer in answers} == {"1"}
    assert holder.served.bundle.identity.version == "2"


def test_a_fault_nobody_expected_does_not_end_the_watch(tmp_path: Path, logged) -> None:
    holder = Holder(FolderSource(write(tmp_path / "b", "1")))
    app = create_app(holder, Settings(poll_s=0.01))
    real, looks = holder.refresh, []

    def refresh() -> bool:
        looks.append(None)
        if len(looks) < 4:
            raise ZeroDivisionError("83.25")
        if len(looks) == 4:
            write(tmp_path / "b", "2")
        return real()

    holder.refresh = refresh  # type: ignore[method-assign]
    told = []

    def until() -> bool:
        told.append(holder.refused)
        return holder.served.bundle.identity.version == "2" and len(logged) > 2

    _lived(app, until)
    assert _events(logged) == ["started", "reload_refused", "reloaded", "stopped"]
    assert json.loads(logged[1])["reason"].startswith("a fault of ours: ZeroDivisionError at ")
    assert "83.25" not in "".join(logged)
    assert holder.refused is None
