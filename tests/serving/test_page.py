"""The page as it is served: whole, from this server alone, and cached as it may be."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from tests.bundles import hand_bundle, hand_parts
from tests.serving.client import Client
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.serving.app import create_app
from vfprog.serving.page import assets, assets_version


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(create_app(load_bundle(hand_bundle(tmp_path_factory.mktemp("page") / "bundle"))))


@pytest.fixture(scope="module")
def answer(client: Client) -> httpx.Response:
    return client.get("/", headers={"Accept-Language": "xx"})


class Tags(HTMLParser):
    """Every tag of a page, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_is_html_in_a_language_there_is(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == "en"
    assert answer.headers["vary"] == "Accept-Language"
    assert '<html lang="en">' in answer.text


def test_a_browser_keeps_no_page_of_the_last_bundle(answer: httpx.Response) -> None:
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(answer: httpx.Response) -> None:
    assert "'unsafe" not in answer.headers["content-security-policy"]
    for tag, attributes in Tags(answer.text).tags:
        assert "style" not in attributes
        assert [name for name in attributes if name.startswith("on")] == []
        address = attributes.get("src") or attributes.get("href") or ""
        assert address.startswith(("assets/", "#")) or not address, (tag, address)
        if tag == "script" and "src" not in attributes:
            assert attributes["type"] == "application/json"


def test_identifiers_stand_once(answer: httpx.Response) -> None:
    ids = [attributes["id"] for _, attributes in Tags(answer.text).tags if "id" in attributes]
    assert sorted(set(ids)) == sorted(ids)


def test_no_field_asks_for_a_person(answer: httpx.Response) -> None:
    names = {a.get("name") for tag, a in Tags(answer.text).tags if tag in {"input", "select"}}
    assert {"age_years", "vas_baseline"} <= names
    assert not names & {"name", "patient_id", "episode_id", "index_date", "birth_date"}


@pytest.mark.parametrize("simulated", [True, False])
def test_only_a_simulated_model_has_the_banner(tmp_path: Path, simulated: bool) -> None:
    bundle = load_bundle(hand_bundle(tmp_path / "bundle", simulated=simulated))
    html = Client(create_app(bundle)).get("/").text
    assert ('id="simulated"' in html) is simulated
    assert ("Trained on simulated patients" in re.sub("<script.*?</script>", "", html)) is simulated


def test_a_registry_of_others_is_not_called_one_of_vertebroplasty(tmp_path: Path) -> None:
    parts = hand_parts()
    models = {
        name: replace(m, endpoint=m.endpoint.model_copy(update={"population": ()}))
        for name, m in parts.models.items()
    }
    others = load_bundle(write_bundle(replace(parts, models=models), tmp_path / "bundle"))
    shown = re.sub("<script.*?</script>", "", Client(create_app(others)).get("/").text)
    assert "<h1>Prognosis</h1>" in shown
    assert "vertebroplasty" not in shown
    assert 'id="population"' not in shown


def test_whom_the_models_learned_from_stands_at_the_head(tmp_path: Path) -> None:
    parts = hand_parts()
    parts.provenance["population_note"] = "Women of a cohort; any <fracture>."
    noted = load_bundle(write_bundle(parts, tmp_path / "bundle"))
    header = Client(create_app(noted)).get("/").text.split("</header>")[0]
    assert "<strong>Learned from:</strong> Women of a cohort; any &lt;fracture&gt;." in header


def test_every_asset_the_page_names_is_there_and_may_be_kept(
    client: Client, answer: httpx.Response
) -> None:
    named = re.findall(r'(?:src|href)="(assets/[^"]+)"', answer.text)
    assert len(named) >= 6
    for address in named:
        got = client.get(f"/{address}")
        assert got.status_code == 200
        assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert got.headers["x-content-type-options"] == "nosniff"
        etag = got.headers["etag"]
        again = client.get(f"/{address}", headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("app.js", "text/javascript"), ("base.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
def test_assets_have_the_type_browsers_insist_on(
    client: Client, name: str, media_type: str
) -> None:
    got = client.get(f"/assets/{assets_version()}/{name}")
    assert got.headers["content-type"] == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize("path", ["{v}/absent.js", "0000/app.js", "{v}/..%2Fpage.py"])
def test_what_is_no_asset_is_a_problem_document(client: Client, path: str) -> None:
    got = client.get(f"/assets/{path.format(v=assets_version())}")
    assert got.status_code == 404
    assert got.headers["content-type"] == "application/problem+json"


def test_every_script_is_reached_from_the_first() -> None:
    """A module nobody imports, or that is imported and not there, is a fault of ours."""
    scripts = {
        name: asset.content.decode() for name, asset in assets().items() if name.endswith("js")
    }
    reached, left = set[str](), ["app.js"]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += re.findall(r'from "\./([^"]+)"', scripts[name])
    assert reached == set(scripts)


def test_scripts_neither_store_nor_build_html() -> None:
    for name, asset in assets().items():
        text = asset.content.decode()
        for word in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "innerHTML"):
            assert word not in text, name
        if name.endswith((".js", ".css")):
            assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) == [], name
