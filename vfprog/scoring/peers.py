"""How a model performed in the groups a patient belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vfprog.errors import BundleError
from vfprog.scoring.panel import Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import EpisodeArrays
    from vfprog.schema.dictionary import Dictionary

_FIGURES = ("metric", "estimate", "lower", "upper", "n", "n_events", "reason")


class PeerTable:
    """The performance of the models of a bundle by group.

    Parameters
    ----------
    content : mapping
        Entry ``subgroups`` of a manifest: ``rules`` and ``performance``; empty for none.
    dictionary : Dictionary
        Dictionary of the models.

    Raises
    ------
    BundleError
        The entry is malformed.
    """

    def __init__(self, content: Mapping[str, Any], dictionary: Dictionary) -> None:
        self._rows: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
        self._labels: dict[str, str] = {}
        self._groupings: list[tuple[Any, tuple[str, ...]]] = []
        if not content:
            return
        # Here, for a bundle without the table should not wait for what reads it.
        from vfprog.schema.subgroups import Subgroups

        try:
            rules = Subgroups.model_validate(content["rules"])
            self._groupings = [(g, g.groups(dictionary)) for g in rules.known_to(dictionary)]
            self._labels = {g.name: g.label for g in rules.subgroups}
            for row in content["performance"]:
                key = (row["model"], row["grouping"], row["group"])
                row.get("label") or self._labels[row["grouping"]]  # or it is malformed
                self._rows.setdefault(key, []).append(row)
        except (AttributeError, KeyError, TypeError, ValidationError) as error:
            raise BundleError(f"'subgroups' of the manifest is malformed: {error!r}") from error

    def groups(self, arrays: EpisodeArrays) -> list[list[tuple[str, str]]]:
        """Return the groups each patient belongs to.

        Parameters
        ----------
        arrays : EpisodeArrays
            Patients.

        Returns
        -------
        list of list of (str, str)
            Grouping and group, where its predictor is known.
        """
        found: list[list[tuple[str, str]]] = [[] for _ in range(arrays.n)]
        for grouping, groups in self._groupings:
            for row, place in enumerate(grouping.place(arrays.episodes, arrays.n).tolist()):
                if place >= 0:  # -1 where the predictor is missing
                    found[row].append((grouping.name, groups[place]))
        return found

    def of(self, model: str, groups: list[tuple[str, str]]) -> tuple[Peer, ...]:
        """Return the figures of one model in some groups.

        Parameters
        ----------
        model : str
            Name of the model.
        groups : list of (str, str)
            Groupings and groups of one patient.

        Returns
        -------
        tuple of Peer
            All figures the bundle has of them.
        """
        return tuple(
            self._peer(row)
            for grouping, group in groups
            for row in self._rows.get((model, grouping, group), ())
        )

    def _peer(self, row: Mapping[str, Any]) -> Peer:
        label = row.get("label") or self._labels[row["grouping"]]
        figures: Any = (row.get(name) for name in _FIGURES)
        return Peer(row["grouping"], label, row["group"], *figures)
