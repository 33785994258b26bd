from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.cohorts import registry_tables, write_registry
from vfprog.reports.card import model_card
from vfprog.reports.evidence import Evidence
from vfprog.reports.facts import facts
from vfprog.reports.limitations import limitations
from vfprog.reports.model_report import report_page
from vfprog.reports.origin import NEVER, UNKNOWN, data_words, origin_facts, origin_grid
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.workflows.update import update

PRE, POST = "response_preprocedure", "response_postprocedure"


@pytest.fixture(scope="module")
def updated(training, tmp_path_factory):
    """A bundle updated on a registry without cement, so that one model is not judged there."""
    folder = tmp_path_factory.mktemp("updated")
    tables = registry_tables(400, seed=9)
    tables["visits"] = tables["visits"].assign(vas=tables["visits"]["vas"].clip(upper=3.0))
    tables["vertebrae"] = tables["vertebrae"].drop(columns="cement_volume_ml")
    done = update(training.bundle, write_registry(folder / "theirs", tables), folder / "new",
                  n_jobs=1, refit=False)  # fmt: skip
    return Evidence(load_bundle(done.bundle))


def words(page):
    """The text of a page without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_bundle_never_updated_has_no_table_of_origins(bare):
    assert origin_grid(bare) is None
    assert set(origin_facts(bare).values()) == {NEVER}


def test_a_registry_in_words():
    data = {"source": "ours", "n_episodes": 1234, "version": "1", "simulated": True}
    assert data_words(data) == "ours (simulated, 1,234 episodes; version 1)"
    assert data_words({"version": "1"}) == f"{UNKNOWN} (\N{EN DASH} episodes; version 1)"


@pytest.mark.slow
def test_each_model_has_its_own_origin(updated, training):
    rows = {row[0]: row[1:] for row in origin_grid(updated).rows}
    pre, post = rows[updated.titles[PRE]], rows[updated.titles[POST]]
    ours, theirs = (f"{name}" for name in (training.parts.provenance["source"],
                                           updated.provenance["source"]))  # fmt: skip
    assert pre[0].startswith(f"{ours} (240 episodes")
    assert pre[2].startswith(f"{theirs} (400 episodes")
    assert pre[3].startswith("cross-validation of tests and coefficients")
    assert post[0] == post[2]
    assert post[1].startswith("not judged in this update")
    told = facts(updated)
    assert told["developed_digest"] == training.parts.provenance["digest"] != told["digest"]


@pytest.mark.slow
def test_a_report_and_card_of_an_update_call_no_registry_what_it_was_not(updated, training):
    page = words(report_page(updated.bundle))
    card = model_card(updated.bundle, report="r.html")
    ours = training.parts.provenance["source"]
    for text in (page, card):
        assert f"eveloped on {ours} (240 episodes" in text
        for false in ("Trained on", "Cross-validation of the whole procedure (", "- Trained ",
                      "All participants develop the models", "The same participants, resampled",
                      "There is no such model", "Development of", "Calibration, cross-validated",
                      "each model, cross-validated"):  # fmt: skip
            assert false not in text
    assert "Everything below on data, participants" in page
    assert "Updating of prognostic models (" in page
    assert "vfprog update PARENT REGISTRY" in page


@pytest.mark.slow
def test_development_s_limitations_are_not_counted_on_the_registry_of_the_update(updated, trained):
    said = [found.text for found in limitations(updated)]
    assert not any("events per candidate term" in text for text in said)
    assert any("events per candidate term" in found.text for found in limitations(trained))
    assert "The registry that changed the models also judges them." in said
    assert any(text.startswith(f"{POST} could not be judged on the registry") for text in said)
    assert "3 bootstrap refits." in said  # those of the parent, none was made here


@pytest.mark.slow
def test_what_is_known_of_the_predictors_stays_that_of_the_development(updated, training):
    assert (
        updated.bundle.manifest["reference"] == load_bundle(training.bundle).manifest["reference"]
    )
    choices = updated.provenance["choices"][PRE]
    assert choices["penalty_c"] == training.parts.provenance["choices"][PRE]["penalty_c"]
    assert choices["a"] == updated.bundle.model(PRE).blend.a


@pytest.mark.slow
def test_a_real_registry_is_not_called_simulated_for_its_ancestor(updated, training, tmp_path):
    parts = replace(training.parts, simulated=True)
    parent = write_bundle(parts, tmp_path / "parent")
    registry = write_registry(tmp_path / "real", registry_tables(400, seed=9))
    child = Evidence(
        load_bundle(update(parent, registry, tmp_path / "c", n_jobs=1, refit=False).bundle)
    )
    assert child.bundle.simulated
    assert facts(child)["data_kind"] == "Registry"
