import re

import pytest

from tests.reports.test_limitations import changed
from vfprog.reports.card import model_card

SECTIONS = ["Model details", "Intended use", "Out of scope", "Factors", "Metrics",
            "Training data", "Evaluation data", "Ethical considerations", "Caveats"]  # fmt: skip


def test_a_card_of_a_bare_bundle_has_every_section_and_says_what_is_not_there(bare):
    card = model_card(bare.bundle, report="r.html")
    assert re.findall(r"^##+ (.+)$", card, re.MULTILINE) == SECTIONS
    assert card.index("**SIMULATED DATA") < card.index("## Model details")
    assert "The report beside it (r.html)" in card
    assert "No performance is kept in this bundle." in card
    assert "Not judged by subgroup" in card
    assert "- The data are simulated. The figures describe the simulator and no patient.\n" in card
    assert "\n\n\n" not in card


def test_nothing_in_the_data_is_markup(bare):
    odd = "a|b <script> *x* [l](u)"
    card = model_card(
        changed(bare, source=odd, notes=["cut | here\nand # there"]).bundle, report="r"
    )
    assert r"a\|b &lt;script&gt; \*x\* \[l\](u)" in card
    assert "- cut \\| here and \\# there\n" in card
    assert "<script>" not in card


def test_a_card_claims_only_what_the_run_did(bare):
    none = model_card(changed(bare, resamples=0).bundle, report="r")
    assert "no bootstrap refits, so no optimism" in none
    assert "with registries" in none
    assert "registriesof" not in none  # a space at the start of a value is trimmed
    assert "resampled. No other registry" in none  # neither by site nor by time
    some = model_card(changed(bare, resamples=1).bundle, report="r")
    assert "1 bootstrap refit of the whole procedure" in some


@pytest.mark.slow
def test_a_card_of_a_training_has_its_figures_as_a_table(trained):
    card = model_card(trained.bundle, report="r.html")
    assert "SIMULATED" not in card
    lines = card.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| Model | n | Events |"))
    table = lines[start : start + 2 + len(trained.models)]
    assert {line.count("|") for line in table} == {table[0].count("|")}
    row = trained.headline("response_preprocedure")["c_statistic"]
    assert f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})" in table[2]
    kept = trained.bundle.manifest["subgroups"]["performance"]
    judged = {row["label"] for row in kept if row["estimate"] is not None}
    factors = card[card.index("## Factors") : card.index("## Metrics")]
    assert {label for label in ("Sex", "Age", "Setting") if label in factors} == judged & {
        "Sex", "Age", "Setting"
    }  # fmt: skip
    assert ("Not judged by subgroup" in factors) != bool(judged)
