"""Which foreign table is which of ours, by its columns and its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from vfprog.data.proposing.names import Names
from vfprog.data.proposing.vocabulary import tokens
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.data.proposing.matching import Matcher
    from vfprog.data.proposing.proposal import Confidence, Proposal
    from vfprog.data.proposing.sketch import Sketch
    from vfprog.data.proposing.slots import Slot
    from vfprog.data.proposing.vocabulary import Vocabulary

# Without one column of each group a table cannot have this role.
_NEEDS: dict[str, tuple[frozenset[str], ...]] = {
    "episodes": (),
    "vertebrae": (frozenset({"episode_id"}), frozenset({"level"})),
    "visits": (
        frozenset({"episode_id"}),
        frozenset({"day"}),
        frozenset({"vas", "rmdq", "opioids"}),
    ),
    "heights": (frozenset({"episode_id"}), frozenset({"day"}), frozenset({"height_loss_pct"})),
    "events": (frozenset({"episode_id"}), frozenset({"day"}), frozenset({"event"})),
}
_LACKING, _REPEATED, _BY_NAME = 0.4, 0.5, 0.3
_LEAST, _SURE = 0.3, 0.25


def find_roles(
    tables: Mapping[str, Sequence[Sketch]],
    slots: Mapping[str, Sequence[Slot]],
    matcher: Matcher,
    vocabulary: Vocabulary,
) -> dict[str, tuple[str, Confidence]]:
    """Give each of our tables at most one foreign table: best total.

    Parameters
    ----------
    tables : mapping of str to sequence of Sketch
        Columns of each foreign table.
    slots : mapping of str to sequence of Slot
        Columns of each table of ours.
    matcher : Matcher
        Matches columns.
    vocabulary : Vocabulary
        Names others give to tables.

    Returns
    -------
    dict of str to (str, str)
        Our table: name of the foreign one, and how sure that is.
    """
    names, roles = sorted(tables), list(REGISTRY)
    scores = np.array(
        [[_score(n, tables[n], r, slots[r], matcher, vocabulary) for r in roles] for n in names]
    )
    found: dict[str, tuple[str, Confidence]] = {}
    for i, j in zip(*linear_sum_assignment(scores, maximize=True), strict=True):
        if scores[i, j] < _LEAST:
            continue
        others = np.delete(scores[i], j)
        clear = scores[i, j] - others.max(initial=0.0) >= _SURE
        found[roles[j]] = (names[i], "high" if clear else "medium")
    return {role: found[role] for role in roles if role in found}


def _score(
    name: str, columns: Sequence[Sketch], role: str, slots: Sequence[Slot], matcher: Matcher,
    vocabulary: Vocabulary,
) -> float:  # fmt: skip
    """Return the share of the columns that have a place, less for what lacks, more for the name."""
    if not columns:
        return 0.0
    proposals = matcher.match(columns, slots, baseline=role in {"episodes", "vertebrae"})
    placed = {p.ours for p in proposals if p.confidence != "low"}
    score = len(placed) / len(columns)
    score -= _LACKING * sum(not group & placed for group in _NEEDS[role])
    score -= _REPEATED * _is_odd(role, proposals, columns)
    words = tokens(name.rpartition(".")[0] or name)
    aliases = Names.of((role, *vocabulary.tables.get(role, ())))
    return score + _BY_NAME * matcher.namer.likeness(words, aliases)


def _is_odd(role: str, proposals: Sequence[Proposal], columns: Sequence[Sketch]) -> bool:
    """Return whether the key repeats where a row is an episode, or a day stands with vertebrae."""
    if role == "vertebrae":
        return any(column.name.lower() in {"day", "days", "dag", "tag", "jour", "dia"}
                   for column in columns)  # fmt: skip
    if role != "episodes":
        return False
    key = next((p.column for p in proposals if p.ours == "episode_id"), None)
    return all(c.distinct_share < 1 for c in columns if key is None or c.name == key)
