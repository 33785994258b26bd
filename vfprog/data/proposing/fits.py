"""How well the values of a foreign column agree with a column of ours, and how to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vfprog.data.proposing.codes import fit_binary, fit_levels, fit_vertebra
from vfprog.data.proposing.numbers import fit_numbers
from vfprog.data.proposing.reading import Fit

if TYPE_CHECKING:
    from collections.abc import Collection

    from vfprog.data.proposing.names import Namer
    from vfprog.data.proposing.sketch import Sketch
    from vfprog.data.proposing.slots import Slot
    from vfprog.data.proposing.vocabulary import Vocabulary

# A site has at least two episodes; a patient seldom more than a few.
_MANY_OF_ONE = 0.5
_TELLING_KEY, _NEARLY_ALL = 0.9, 0.9


@dataclass(frozen=True)
class Fitter:
    """Compares values with columns of ours.

    Parameters
    ----------
    vocabulary : Vocabulary
        Words for codes.
    namer : Namer
        Reads units from names.
    keys : collection of str
        The keys of the episodes, for the other tables; empty while they are looked for.
    """

    vocabulary: Vocabulary
    namer: Namer
    keys: Collection[str] = field(default=frozenset())

    def fit(self, seen: Sketch, slot: Slot) -> Fit:
        """Return how well a column agrees with a slot.

        Parameters
        ----------
        seen : Sketch
            The foreign column.
        slot : Slot
            The column of ours.

        Returns
        -------
        Fit
            Agreement and how its values are to be read.
        """
        if not seen.n:
            return Fit(0.5, evidence=("no value",))
        if slot.type == "id":
            return self._fit_key(seen, slot)
        if slot.type == "date":
            return _fit_date(seen)
        if slot.is_number:
            unit = self.namer.unit_of(seen.name)[1]
            return fit_numbers(seen, slot, unit)
        if slot.type == "binary":
            return fit_binary(seen, self.vocabulary)
        if slot.type == "level":
            return fit_vertebra(seen)
        return fit_levels(seen, slot, self.vocabulary)

    def _fit_key(self, seen: Sketch, slot: Slot) -> Fit:
        share = seen.distinct_share
        if seen.decimal_comma or (seen.numeric_share == 1 and any(seen.finite % 1)):
            return Fit(0.0)
        if slot.name == "episode_id" and self.keys:
            known = float(seen.words.isin(list(self.keys)).mean())
            telling = _TELLING_KEY if known > _NEARLY_ALL else 0.0
            return Fit(known, telling, evidence=(f"{known:.0%} are keys of the episodes",))
        if slot.name == "site_id":
            text = f"{len(seen.counts)} different"
            return Fit(1.0 if 1 < len(seen.counts) <= 0.2 * seen.n else 0.2, evidence=(text,))
        if slot.name == "episode_id":
            return Fit(
                1.0 if share == 1 else 0.3 * share, evidence=("all different",) * (share == 1)
            )
        return Fit(1.0 if share > _MANY_OF_ONE else share, evidence=(f"{share:.0%} different",))


def _fit_date(seen: Sketch) -> Fit:
    if not seen.date_formats:
        return Fit(0.0)
    first, *others = seen.date_formats
    if others:
        text = f"dates that fit {first} and {' and '.join(others)}"
        question = f"is it {' or '.join(seen.date_formats)}?"
        return Fit(1.0, 0.3, (text,), date_format=first, sure=False, question=question)
    shown = None if first == "%Y-%m-%d" else first
    return Fit(1.0, 0.3, evidence=(f"dates such as {first}",), date_format=shown)
