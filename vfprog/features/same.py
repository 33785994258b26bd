"""Keys of caches: objects by identity, for hashing the content of a dictionary is dear."""

from __future__ import annotations


class Same:
    """Equal to another key if it holds the very same objects.

    Parameters
    ----------
    *things
        Objects that never change; the key keeps them alive, so that no other can take their place.
    """

    def __init__(self, *things: object) -> None:
        self.things = things

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.things)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Same)
            and len(self.things) == len(other.things)
            and all(mine is theirs for mine, theirs in zip(self.things, other.things, strict=True))
        )
