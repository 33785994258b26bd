"""A feature: one transformed column, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

FeatureKind = Literal["continuous", "binary"]
KnownAt = Literal["preprocedure", "procedure"]


@dataclass(frozen=True)
class Feature:
    """One column of the feature matrix.

    Parameters
    ----------
    name : str
        Unique name, such as ``height_loss_pct_max`` or ``sex=male``.
    label : str
        Words for people.
    kind : {"continuous", "binary"}
        Whether splines make sense.
    parents : tuple of str
        Predictors it is made from; its contribution is folded to a single parent.
    concept : str
        Concept group.
    known_at : {"preprocedure", "procedure"}
        When the last of its parents is known.
    monotone : tuple of (str, int)
        Endpoint and sign, inherited from a single parent.
    """

    name: str
    label: str
    kind: FeatureKind
    parents: tuple[str, ...]
    concept: str
    known_at: KnownAt
    monotone: tuple[tuple[str, int], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the feature as JSON-ready types.

        Returns
        -------
        dict
            What `from_dict` reads.
        """
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "parents": list(self.parents),
            "concept": self.concept,
            "known_at": self.known_at,
            "monotone": dict(self.monotone),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Feature:
        """Return the feature that `to_dict` wrote.

        Parameters
        ----------
        content : mapping
            Result of `to_dict`, possibly after a trip through JSON.

        Returns
        -------
        Feature
            An equal feature.

        Raises
        ------
        ValueError
            A kind or a time is not one of those known.
        """
        if content["kind"] not in {"continuous", "binary"}:
            raise ValueError(f"feature kind must be continuous or binary, got {content['kind']!r}")
        if content["known_at"] not in {"preprocedure", "procedure"}:
            raise ValueError(
                f"known_at must be preprocedure or procedure, got {content['known_at']!r}"
            )
        return cls(
            name=str(content["name"]),
            label=str(content["label"]),
            kind=cast("FeatureKind", content["kind"]),
            parents=tuple(content["parents"]),
            concept=str(content["concept"]),
            known_at=cast("KnownAt", content["known_at"]),
            monotone=tuple((str(k), int(v)) for k, v in dict(content["monotone"]).items()),
        )
