"""Parts of a large registry: drawn one by one or side by side, always the same ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Participants drawn together. What a seed means depends on it: it must not be changed lightly.
PART_SIZE = 50_000


@dataclass(frozen=True)
class Part:
    """Participants that are drawn together.

    Parameters
    ----------
    number : int
        Place among the parts, from 0.
    n : int
        Participants of the part.
    total : int
        Participants of the whole registry.
    """

    number: int
    n: int
    total: int

    def stream(self, seed: int) -> np.random.Generator:
        """Return the source of randomness of the part; that of the first is the seed itself."""
        return np.random.default_rng([seed, self.number] if self.number else seed)

    @property
    def first_person(self) -> int:
        """Number of participants in the parts before it."""
        return self.number * PART_SIZE

    @property
    def first_episode(self) -> int:
        """Place from which episodes are numbered; nobody has more than two."""
        return 2 * self.first_person

    @property
    def width(self) -> int:
        """The number of digits in an identifier; alike in all parts."""
        return max(6, len(str(self.total)) if self.total <= PART_SIZE else len(str(2 * self.total)))


def parts_of(n: int) -> tuple[Part, ...]:
    """Return the parts of a registry, by its size alone.

    Parameters
    ----------
    n : int
        Participants of the registry.

    Returns
    -------
    tuple of Part
        All of one size but the last.
    """
    count = -(-n // PART_SIZE)
    return tuple(Part(k, min(PART_SIZE, n - k * PART_SIZE), n) for k in range(count))
