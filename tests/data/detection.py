"""The tables of docs/checks.md: every code, and which corruptions are found.

``python -m tests.data.detection`` writes both tables into the page; with ``--run`` it first spoils
a registry in every way of the catalogue (some minutes) and says which are not found.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.data.corrupting import judge
from tests.data.mutations import DEFECTS, KNOWN_MISSES, MUTATIONS
from vfprog.data.catalogue import CATALOGUE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "checks.md"


def markdown(head: list[str], rows: list[list[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def codes_table() -> str:
    """Return every code, what it means and what to do."""
    rows: list[list[object]] = [
        [f"`{code}`", advice.meaning, advice.what_to_do] for code, advice in CATALOGUE.items()
    ]
    return markdown(["code", "what was found", "what to do"], rows)


def detection_table() -> str:
    """Return how many corruptions of each defect there are and how many are found."""
    rows: list[list[object]] = []
    for defect in (*DEFECTS, None):
        mine = [m for m in MUTATIONS if defect in (None, m.defect)]
        found = [m for m in mine if m.name not in KNOWN_MISSES]
        layouts = len({m.layout for m in mine})
        rows.append([defect or "**all**", len(mine), layouts, len(found)])
    return markdown(["defect", "corruptions", "layouts", "found"], rows)


def misses_list() -> str:
    """Return what is not found, and why."""
    return "\n".join(f"- {name}: {why}" for name, why in KNOWN_MISSES.items()) or "- none"


def filled(text: str) -> str:
    """Return a page with its tables as they are now."""
    parts = {"codes": codes_table(), "detection": detection_table(), "misses": misses_list()}
    for name, part in parts.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
        text = re.sub(pattern, lambda m, part=part: f"{m[1]}\n{part}\n\n{m[2]}", text, flags=re.S)
    return text


def run() -> None:
    """Say what is not found now."""
    for mutation in MUTATIONS:
        if mutation.beside_model:  # needs a trained model: see test_mutations.py
            continue
        with TemporaryDirectory() as folder:
            said = judge(mutation, Path(folder))
        if said:
            sys.stdout.write(f"{mutation.defect}: {mutation.name} ({mutation.layout}): {said}\n")


if __name__ == "__main__":
    if "--run" in sys.argv:
        run()
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
