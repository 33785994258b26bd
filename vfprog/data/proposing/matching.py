"""Give each foreign column at most one column of ours, and each of ours at most one: best total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from vfprog.data.proposing.proposal import Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vfprog.data.proposing.fits import Fitter
    from vfprog.data.proposing.names import Namer
    from vfprog.data.proposing.proposal import Confidence
    from vfprog.data.proposing.reading import Fit
    from vfprog.data.proposing.sketch import Sketch
    from vfprog.data.proposing.slots import Slot

_WORTH_A_LOOK, _PROPOSED, _PROBABLE = 0.35, 0.42, 0.62
_SAME_NAME, _ALIKE, _AGREES = 0.95, 0.84, 0.9
# A second candidate this close leaves a doubt.
_CLOSE = 0.08
_LATER = 0.3


@dataclass(frozen=True)
class Pair:
    """How well one foreign column and one of ours go together.

    Parameters
    ----------
    name : float
        Likeness of the names, 0 to 1.
    fit : Fit
        Agreement of the values.
    total : float
        Both together.
    """

    name: float
    fit: Fit
    total: float


@dataclass(frozen=True)
class Matcher:
    """Matches the columns of a table.

    Parameters
    ----------
    namer : Namer
        Compares names.
    fitter : Fitter
        Compares values.
    """

    namer: Namer
    fitter: Fitter

    def match(
        self, columns: Sequence[Sketch], slots: Sequence[Slot], *, baseline: bool
    ) -> list[Proposal]:
        """Return the proposals for the columns of one table.

        Parameters
        ----------
        columns : sequence of Sketch
            The foreign columns.
        slots : sequence of Slot
            The columns of ours.
        baseline : bool
            Whether what is measured after the index date has no place here.

        Returns
        -------
        list of Proposal
            In the order of the slots.
        """
        pairs = {
            (i, j): pair
            for i, column in enumerate(columns)
            for j, slot in enumerate(slots)
            if (pair := self._pair(column, slot, baseline=baseline)) is not None
        }
        totals = np.zeros((len(columns), len(slots)))
        for place, pair in pairs.items():
            totals[place] = pair.total
        rows, places = linear_sum_assignment(totals, maximize=True)
        chosen = {int(j): int(i) for i, j in zip(rows, places, strict=True)
                  if totals[i, j] >= _PROPOSED}  # fmt: skip
        best = np.zeros_like(totals)
        for j, i in chosen.items():
            best[i, j] = totals[i, j]
        return [
            self._proposal(columns[i], slots[j], pairs[i, j], _rivals(totals, best, i, j, slots))
            for j, i in sorted(chosen.items())
        ]

    def _pair(self, column: Sketch, slot: Slot, *, baseline: bool) -> Pair | None:
        name = self.namer.score(column.name, slot.name)
        if baseline and name < _SAME_NAME and self.namer.is_later(column.name):
            name *= _LATER
        tells = not slot.is_number and slot.type != "binary"
        if name < _WORTH_A_LOOK and not tells:
            return None
        fit = self.fitter.fit(column, slot)
        named = name * (0.35 + 0.65 * fit.agreement) * (1.0 if fit.agreement >= 0.3 else 0.5)
        told = fit.telling * fit.agreement * 0.8 + 0.2 * name
        total = max(named, told if fit.telling else 0.0)
        return Pair(name, fit, total) if total >= _WORTH_A_LOOK else None

    def _proposal(self, column: Sketch, slot: Slot, pair: Pair, rivals: list[str]) -> Proposal:
        evidence = [_about_name(pair.name), *pair.fit.evidence]
        evidence += [f"could also be {rival}" for rival in rivals[:2]]
        confidence = _confidence(pair, doubt=bool(rivals))
        return Proposal(slot.table, slot.name, column.name, confidence, pair.fit,
                        tuple(text for text in evidence if text))  # fmt: skip


def _confidence(pair: Pair, *, doubt: bool) -> Confidence:
    """Return high where name and values agree and nothing else fits; a doubt is a grade less."""
    agrees = pair.fit.agreement >= _AGREES or (pair.name == 1.0 and pair.fit.agreement >= 0.6)
    told = pair.fit.telling >= 0.85 and pair.fit.agreement >= 0.98
    if (pair.name >= _ALIKE and agrees) or (told and pair.name >= _WORTH_A_LOOK):
        return "medium" if doubt or not pair.fit.sure else "high"
    if pair.total >= _PROBABLE or told:
        return "low" if doubt else "medium"
    return "low"


def _rivals(
    totals: NDArray[np.float64], best: NDArray[np.float64], i: int, j: int, slots: Sequence[Slot]
) -> list[str]:
    """Return our columns the same foreign column could be as well, unless better served."""
    close = totals[i] > totals[i, j] - _CLOSE
    free = best.max(axis=0) < totals[i] + _CLOSE / 2
    others = [slots[int(k)].name for k in np.flatnonzero(close & free) if k != j]
    column_close = totals[:, j] > totals[i, j] - _CLOSE
    column_free = best.max(axis=1) < totals[:, j] - _CLOSE / 2
    doubles = [k for k in np.flatnonzero(column_close & column_free) if k != i]
    return others + ["the meaning of another column"] * bool(doubles)


def _about_name(name: float) -> str:
    if name >= _SAME_NAME:
        return "known name"
    if name >= 0.75:
        return "name alike"
    return "name partly alike" if name >= _WORTH_A_LOOK else "by its values"
