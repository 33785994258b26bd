"""Every code the package can give is in the catalogue, and nothing else is."""

from __future__ import annotations

import ast
from pathlib import Path

from vfprog.data.catalogue import CATALOGUE, what_to_do

SOURCES = Path(__file__).resolve().parents[2] / "vfprog"
LAYERS = ("data", "schema", "workflows")


def words_in_code() -> set[str]:
    """Every string that stands alone in the layers that check data; docstrings have blanks."""
    paths = [path for layer in LAYERS for path in (SOURCES / layer).rglob("*.py")]
    trees = [ast.parse(path.read_text()) for path in paths if path.name != "catalogue.py"]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_no_entry_is_without_use():
    assert set(CATALOGUE) - words_in_code() == set()


def test_every_entry_says_what_it_means_and_what_to_do():
    for rule, advice in CATALOGUE.items():
        assert len(advice.meaning) > 10, rule
        assert what_to_do(rule) == advice.what_to_do
        assert len(advice.what_to_do) > 8, rule
        assert not advice.meaning.endswith(".")
