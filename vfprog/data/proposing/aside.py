"""Columns no predictor may read: who somebody is, what is known later, outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.data.proposing.codes import fit_binary
from vfprog.data.proposing.names import Names
from vfprog.data.proposing.proposal import OutcomeProposal, SetAside
from vfprog.data.proposing.vocabulary import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.data.proposing.names import Namer
    from vfprog.data.proposing.sketch import Sketch
    from vfprog.data.proposing.vocabulary import Vocabulary

_KNOWN, _ALIKE = 0.9, 0.75
_ENOUGH = 20
_KEY_WORDS = {"id", "uid", "guid", "nr", "identifier"}


@dataclass(frozen=True)
class Aside:
    """Columns set aside.

    Parameters
    ----------
    identifiers, post_baseline : tuple of SetAside
        Columns no predictor may read.
    outcomes : tuple of OutcomeProposal
        Outcomes coded already, at most one for each endpoint.
    open : tuple of Sketch
        The others.
    """

    identifiers: tuple[SetAside, ...]
    post_baseline: tuple[SetAside, ...]
    outcomes: tuple[OutcomeProposal, ...]
    open: tuple[Sketch, ...]


def named_persons(
    columns: Sequence[Sketch], ours: Sequence[str], namer: Namer, vocabulary: Vocabulary
) -> list[SetAside]:
    """Return columns called after what identifies a person, such as a name or a birth date.

    Parameters
    ----------
    columns : sequence of Sketch
        Columns of a table.
    ours : sequence of str
        Names of our columns; one that is more like them is no identifier here.
    namer : Namer
        Compares names.
    vocabulary : Vocabulary
        Names of identifiers.

    Returns
    -------
    list of SetAside
        The identifiers.
    """
    names = Names.of(vocabulary.identifiers)
    found = []
    for column in columns:
        score = namer.likeness(tokens(column.name), names)
        if score >= _KNOWN and all(namer.score(column.name, name) < score for name in ours):
            found.append(SetAside(column.name, "high", "named like what identifies a person"))
    return found


def sort_out(columns: Sequence[Sketch], namer: Namer, vocabulary: Vocabulary) -> Aside:
    """Set aside, of columns without a place, outcomes, what is known later, and keys.

    Parameters
    ----------
    columns : sequence of Sketch
        Columns without a place.
    namer : Namer
        Compares names.
    vocabulary : Vocabulary
        Words known.

    Returns
    -------
    Aside
        Each column once.
    """
    outcomes: dict[str, OutcomeProposal] = {}
    later: list[SetAside] = []
    keys: list[SetAside] = []
    left: list[Sketch] = []
    for column in columns:
        outcome = _outcome(column, namer, vocabulary)
        if outcome is not None and outcome.endpoint not in outcomes:
            outcomes[outcome.endpoint] = outcome
            if outcome.confidence == "low":
                left.append(column)
        elif namer.is_later(column.name) or namer.occasion(column.name).day:
            later.append(SetAside(column.name, "medium", "the name says: after the index date"))
        elif _is_key(column):
            keys.append(_as_key(column))
        else:
            left.append(column)
    return Aside(tuple(keys), tuple(later), tuple(outcomes.values()), tuple(left))


def _is_key(column: Sketch) -> bool:
    """Return whether all values differ, or the name says so and they are no scale."""
    if column.kind == "key":
        return column.n >= _ENOUGH
    named = set(tokens(column.name)) & _KEY_WORDS
    return bool(named) and column.kind in {"number", "word"} and not np.any(column.finite % 1)


def _as_key(column: Sketch) -> SetAside:
    counts = column.numeric_share == 1 and set(column.finite[1:] - column.finite[:-1]) == {1.0}
    if counts:
        return SetAside(column.name, "high", "it counts the rows")
    if column.distinct_share < 1:
        return SetAside(column.name, "medium", f"named like a key, {len(column.counts)} different")
    return SetAside(column.name, "medium", f"{column.n} values, all different")


def _outcome(column: Sketch, namer: Namer, vocabulary: Vocabulary) -> OutcomeProposal | None:
    if not 1 < len(column.counts) <= 4:  # yes, no and codes for missing
        return None
    occasion = namer.occasion(column.name)
    likeness = {
        endpoint: namer.likeness(occasion.stem, Names.of(names))
        for endpoint, names in vocabulary.outcomes.items()
    }
    endpoint = max(likeness, key=lambda name: likeness[name])
    if likeness[endpoint] < _ALIKE:
        return None
    fit = fit_binary(column, vocabulary)
    recode = fit.recode or {w: w.lower() in {"1", "1.0", "true", "yes"} for w in column.counts
                            if w not in fit.missing}  # fmt: skip
    words = [tuple(w for w, value in recode.items() if value is wanted) for wanted in (True, False)]
    if fit.agreement < (_KNOWN if fit.sure else _ALIKE) or not all(words):
        return None
    # `fracture` alone may as well be an earlier one.
    clear = fit.sure and (occasion.day or len(occasion.stem) > 1)
    return OutcomeProposal(endpoint, column.name, words[0], words[1],
                           "medium" if clear else "low", ("name alike", *fit.evidence))  # fmt: skip
