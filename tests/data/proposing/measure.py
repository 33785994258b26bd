"""How many columns are placed rightly: ``python -m tests.data.proposing.measure``."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tests.data.proposing.dialects import HELD_OUT, TUNED
from vfprog.data.proposing.foreign import read_foreign
from vfprog.data.proposing.names import Namer
from vfprog.data.proposing.propose import propose
from vfprog.data.proposing.vocabulary import Vocabulary, load_vocabulary, tokens
from vfprog.schema.dictionary import load_dictionary

if TYPE_CHECKING:
    from tests.data.proposing.dialects import Dialect
    from vfprog.data.proposing.proposal import Proposed


def proposed_for(dialect: Dialect, folder: Path, *, unseen: bool = False) -> Proposed:
    """Return what is proposed for a dialect; unseen: none of its names is in the vocabulary."""
    found = read_foreign(dialect.write(folder / dialect.name))
    words = without_names(load_vocabulary(), dialect) if unseen else load_vocabulary()
    return propose(found.tables, load_dictionary(), words, is_flat=found.is_flat, notes=found.notes)


def without_names(vocabulary: Vocabulary, dialect: Dialect) -> Vocabulary:
    """Return a vocabulary without every alias that is a name the dialect uses, units aside."""
    namer = Namer(vocabulary)
    used: set[str] = set()
    for frame in dialect.tables.values():
        for name in frame.columns:
            stems = (tokens(name), tokens(name.lower()), namer.unit_of(name)[0],
                     namer.occasion(name).stem)  # fmt: skip
            used |= {"".join(stem) for stem in stems}
    kept = {
        ours: tuple(w for w in words if "".join(tokens(w)) not in used)
        for ours, words in vocabulary.columns.items()
    }
    return vocabulary.model_copy(update={"columns": kept})


def truths(dialect: Dialect) -> dict[tuple[str, str], str | None]:
    """Return what each foreign column is, by file and column; days are left out."""
    return {
        (f"{file}.csv", column): place.partition("@")[0] if place else None
        for file, truth in dialect.truth.items()
        for column, place in truth.items()
    }


def answers(proposed: Proposed) -> list[tuple[tuple[str, str], str | None, str]]:
    """Return each proposed place of a column and its confidence; None is a column set aside."""
    found: list[tuple[tuple[str, str], str | None, str]] = []
    for table in proposed.tables:
        found += [((table.file, p.column), f"{p.table}.{p.ours}", p.confidence)
                  for p in table.columns]  # fmt: skip
    episodes = proposed.tables[0].file
    found += [((episodes, column), f"{w.table}.{w.ours}", w.confidence)
              for w in proposed.wide for column in w.columns]  # fmt: skip
    aside = (*proposed.identifiers, *proposed.post_baseline)
    found += [((episodes, c.column), None, c.confidence) for c in aside]
    found += [((episodes, o.column), f"outcomes.{o.endpoint}", o.confidence)
              for o in proposed.outcomes]  # fmt: skip
    return found


def judge(dialect: Dialect, proposed: Proposed) -> dict[str, list[str]]:
    """Return right and wrong answers by confidence, and columns of ours that were not found."""
    truth = truths(dialect)
    judged: dict[str, list[str]] = {}
    for key, place, confidence in answers(proposed):
        both = {place, truth[key]} == {"episodes.patient_id", "episodes.episode_id"}
        verdict = "right" if place == truth[key] or (both and confidence == "medium") else "wrong"
        judged.setdefault(f"{confidence} {verdict}", []).append(f"{key[1]} -> {place}")
    placed = {key for key, place, c in answers(proposed) if c != "low" and place == truth[key]}
    judged["not found"] = [f"{k[1]} = {v}" for k, v in truth.items() if v and k not in placed]
    judged["to find"] = [key[1] for key, place in truth.items() if place]
    return judged


def table(
    dialects: tuple[object, ...] = (*TUNED, *HELD_OUT), *, unseen: bool = False
) -> pd.DataFrame:
    """Return recall and precision for each dialect."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for build in dialects:
            dialect = build()  # type: ignore[operator]
            judged = judge(dialect, proposed_for(dialect, Path(folder), unseen=unseen))
            n = Counter({name: len(items) for name, items in judged.items()})
            rows.append({
                "dialect": dialect.name, "columns": n["to find"],
                "found": n["to find"] - n["not found"],
                "high": f"{n['high right']} of {n['high right'] + n['high wrong']}",
                "medium": f"{n['medium right']} of {n['medium right'] + n['medium wrong']}",
                "low": f"{n['low right']} of {n['low right'] + n['low wrong']}",
            })  # fmt: skip
            if "-v" in sys.argv:
                for name in ("high wrong", "medium wrong", "low wrong", "low right", "not found"):
                    print(dialect.name, name, judged.get(name, []))  # noqa: T201
    return pd.DataFrame(rows)


if __name__ == "__main__":
    print(table().to_string(index=False))  # noqa: T201
    print("\nnone of the names in the vocabulary")  # noqa: T201
    print(table(unseen=True).to_string(index=False))  # noqa: T201
