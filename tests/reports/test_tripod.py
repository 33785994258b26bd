from __future__ import annotations

import re

import pytest
import yaml

from vfprog.config import config_root
from vfprog.errors import ConfigError
from vfprog.reports.facts import facts
from vfprog.reports.model_report import _AFTER, _BEFORE
from vfprog.reports.parts import PARTS
from vfprog.reports.tripod import Checklist, answered, load_checklist

# Collins GS et al. BMJ 2024;385:e078378, table 2: items, and the last letter of those with parts.
PARTS_OF = {3: "c", 5: "b", 6: "c", 8: "c", 9: "c", 12: "g", 18: "f", 20: "c", 23: "b", 27: "c"}
# Items that apply to development, or to evaluation, alone.
ONLY = {"D": {"9a", "12a", "12b", "12c", "15", "22", "27a", "27b"},
        "E": {"12f", "12g", "20c", "24"}}  # fmt: skip


def numbers():
    for number in range(1, 28):
        last = PARTS_OF.get(number)
        letters = [""] if last is None else [chr(c) for c in range(ord("a"), ord(last) + 1)]
        yield from (f"{number}{letter}" for letter in letters)


def test_every_item_of_the_statement_stands_once_and_in_order():
    items = load_checklist().items
    assert [item.item for item in items] == list(numbers())
    assert len(items) == 52
    for applies, expected in ONLY.items():
        assert {i.item for i in items if i.applies == applies} == expected


def test_what_the_run_cannot_know_asks_the_authors_and_what_it_can_says_where():
    anchors = {"top", *_BEFORE, *_AFTER, *(part.name for part in PARTS)}
    for item in load_checklist().items:
        assert bool(item.ask) == (item.by in {"authors", "shared"}), item.item
        assert bool(item.says) == (item.by != "authors"), item.item
        assert bool(item.where) == bool(item.says), item.item
        assert not item.where or item.where in anchors, item.item


def test_facts_fill_every_answer_of_a_bundle_that_knows_nothing(bare):
    answers = answered(load_checklist(), facts(bare), bare.computed)
    status = {a.item.item: a.status for a in answers}
    assert {status[n] for n in ("18a", "19", "25")} == {"for the authors"}
    assert status["12d"] == status["20a"] == "not done"  # no such table
    assert status["23a"] == "partly"
    assert status["22"] == "answered"
    assert not any(re.search(r"[{}]", a.text) for a in answers)
    texts = {a.item.item: a.text for a in answers}
    assert texts["12d"] == "Not computed in this run: internal_external."
    assert texts["23a"].endswith("Not computed in this run: subgroups.")


@pytest.mark.slow
def test_a_training_answers_what_it_computed(trained):
    answers = answered(load_checklist(), facts(trained), trained.computed)
    status = {a.item.item: a.status for a in answers}
    assert status["12d"] == status["20a"] == status["23a"] == status["23b"] == "answered"
    assert status["5b"] == status["10"] == "partly"
    texts = {a.item.item: a.text for a in answers}
    assert "2020-03 to 2020-03" in texts["5b"]
    assert "3 sites" in texts["6a"]


def test_an_answer_that_names_no_fact_is_an_error():
    content = yaml.safe_load((config_root() / "tripod_ai.yaml").read_text())
    content["items"][0]["says"] = "{nonsense}"
    with pytest.raises(ConfigError, match="item 1: no fact 'nonsense' of a run"):
        answered(Checklist.model_validate(content), {}, ())


def test_a_malformed_checklist_is_named(tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text("reference: x\nitems: [{item: '28'}]\n")
    with pytest.raises(ConfigError, match=r"list\.yaml: .*items\.0\.item"):
        load_checklist(path)
