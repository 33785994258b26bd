from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pandas as pd
import pytest

from tests.bundles import hand_parts
from tests.cohorts import quick_settings, registry_tables, write_registry
from tests.reports.test_intake import EVIL, Page
from vfprog.reports.model_report import report_page
from vfprog.reports.parts import PARTS
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.workflows.train import train


@pytest.fixture(scope="module")
def bare_page(bare):
    return report_page(bare.bundle)


@pytest.fixture(scope="module")
def page(trained):
    return report_page(trained.bundle)


def check_structure(text):
    """Raise where a page could not be read without seeing it, or would fetch or run anything."""
    page = Page(text)
    attributes = [a for _, attrs in page.elements for a in attrs.items()]
    assert [name for name, _ in attributes if name.startswith("on")] == []
    assert page.all("script") == page.all("link") == []
    assert all(a["src"].startswith("data:image/svg+xml;base64,") for a in page.all("img"))
    assert all(len(a["alt"]) > 20 for a in page.all("img"))
    assert not re.search(r"https?:|url\(|@import", text)
    assert all(attrs.get("scope") in {"col", "row"} for attrs in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in page.all("a")} <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    return page


def test_a_bare_bundle_gives_a_whole_page_that_says_what_is_missing(bare_page):
    page = check_structure(bare_page)
    ids = {attrs["id"] for attrs in page.all("section")}
    assert ids >= {part.name for part in PARTS}
    assert page.words.count("Not computed: ") == len(PARTS)
    assert "Performance: the bundle holds no such table" in page.words
    assert "trained without bootstrap refits" in page.words
    rows = re.findall(r'<span class="status', bare_page)
    assert len(rows) == 52


def test_simulated_data_are_marked_on_screen_and_on_every_printed_page(bare, bare_page):
    assert bare_page.count('<aside class="simulated"') == 2
    assert '<div class="fixed" aria-hidden="true">SIMULATED DATA</div>' in bare_page
    assert '@page { @top-center { content: "SIMULATED DATA' in bare_page
    assert "<title>SIMULATED: " in bare_page


def test_a_real_bundle_carries_no_such_mark(tmp_path):
    folder = write_bundle(hand_parts(simulated=False), tmp_path / "real")
    assert "SIMULATED" not in report_page(load_bundle(folder))


def test_whatever_stands_in_the_data_is_text(tmp_path):
    told = {"source": EVIL, "notes": [EVIL], "settings": {EVIL: EVIL}, "versions": {EVIL: EVIL}}
    parts = replace(
        hand_parts(), name=EVIL, provenance=told,
        lineage=[dict.fromkeys(("name", "version", "sha256", "change"), EVIL)],
        tables={"novel": {EVIL: [EVIL], "other": ["x"]}},
    )  # fmt: skip
    page = check_structure(report_page(load_bundle(write_bundle(parts, tmp_path / "evil"))))
    assert page.words.count(EVIL) >= 10


def test_validations_elsewhere_are_shown(bare):
    row = {"model": "response_preprocedure", "metric": "c_statistic", "estimate": 0.654}
    row |= {"lower": 0.6, "upper": 0.7, "registry_sha256": "beef", "simulated": False}
    table = pd.DataFrame([row]).assign(bundle_sha256=bare.bundle.identity.sha256)
    text = report_page(bare.bundle, validations={"Nice": table})
    page = check_structure(text)
    assert "Frozen models on Nice, 95 % intervals" in page.words
    assert "0.654 (0.600 to 0.700)" in page.words
    assert "None: no frozen validation" not in page.words
    assert "No other registry is part of this run" not in page.words
    assert "Frozen evaluation on Nice." in page.words


@pytest.mark.slow
def test_a_training_fills_every_section_it_has_data_for(training, trained, page):
    found = check_structure(page)
    nothing = r'<section id="([\w-]+)"(?:(?!</section>).)*?class="absent"'
    absent = set(re.findall(nothing, page, re.DOTALL))
    assert absent <= {"imputation", "temporal", "external", "sites"}
    assert "SIMULATED" not in page
    assert len(page) < 5_000_000
    row = trained.headline("response_preprocedure")["c_statistic"]
    assert f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})" in found.words
    for note in training.notes:
        assert note in found.words
    assert training.parts.provenance["digest"] in found.words
    for model, why in training.refused.items():
        assert f"{model} was refused: {why}" in found.words


@pytest.mark.slow
def test_a_registry_of_small_sites_has_a_report(tmp_path):
    tables = registry_tables()
    tables["episodes"]["site_id"] = [f"s{i // 2 % 15}" for i in range(240)]
    done = train(
        write_registry(tmp_path / "small", tables), tmp_path / "bundle", resamples=0, n_jobs=1,
        endpoints=["response"], settings=quick_settings(),
    )  # fmt: skip
    kept = load_bundle(done.bundle)
    assert set(kept.table("internal_external")["i2"]) == {None}
    words = check_structure(report_page(kept)).words
    assert "One alone: nothing pooled" in words
    assert "Pooled (1 sites)" not in words
    assert "5th to 95th" not in words


@pytest.mark.slow
def test_no_patient_is_on_the_page(training, page):
    tokens = set(re.findall(r"\w+", Page(page).words))
    for cohort in training.cohorts.values():
        assert tokens.isdisjoint(cohort.episode_id.tolist())
        assert tokens.isdisjoint(cohort.patient_id.tolist())


@pytest.mark.slow
def test_the_same_bundle_gives_the_same_page(trained, page):
    calls = []
    again = report_page(trained.bundle, progress=lambda *step: calls.append(step))
    assert again == page
    n = len(trained.models)
    assert calls == [("figures", done, n) for done in range(1, n + 1)]
