"""Propose a mapping: tables, columns, wide columns, outcomes; what has no place stays open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vfprog.data.proposing.aside import named_persons, sort_out
from vfprog.data.proposing.fits import Fitter
from vfprog.data.proposing.matching import Matcher
from vfprog.data.proposing.names import Namer
from vfprog.data.proposing.proposal import Proposal, Proposed, SetAside, TableProposal
from vfprog.data.proposing.roles import find_roles
from vfprog.data.proposing.sketch import sketch
from vfprog.data.proposing.slots import slots_of
from vfprog.data.proposing.wide import propose_wide
from vfprog.errors import ConfigError
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from vfprog.data.proposing.proposal import Confidence, WideProposal
    from vfprog.data.proposing.sketch import Sketch
    from vfprog.data.proposing.slots import Slot
    from vfprog.data.proposing.vocabulary import Vocabulary
    from vfprog.schema.dictionary import Dictionary

FLAT = "episodes"
_Columns = dict[str, list["Sketch"]]


def propose(
    tables: Mapping[str, pd.DataFrame],
    dictionary: Dictionary,
    vocabulary: Vocabulary,
    *,
    is_flat: bool,
    notes: Sequence[str] = (),
) -> Proposed:
    """Propose what becomes of foreign tables.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Raw tables under their names in the source.
    dictionary : Dictionary
        The predictors.
    vocabulary : Vocabulary
        Words others use.
    is_flat : bool
        Whether one table holds everything.
    notes : sequence of str
        How the files were understood.

    Returns
    -------
    Proposed
        The proposals; every column of a table with a role is in it once.

    Raises
    ------
    ConfigError
        Nothing resembles a table of episodes.
    """
    work = _Work.of(tables, dictionary, vocabulary, is_flat=is_flat)
    roles = work.roles()
    if "episodes" not in roles:
        raise ConfigError("no table resembles a table of episodes: nothing can be proposed")
    first = work.episodes(*roles["episodes"])
    tables_found = [first.tables[0]]
    for role, (name, confidence) in roles.items():
        if role != "episodes":
            keyed_by = first.tables[0].columns
            tables_found.append(work.table(role, name, confidence, keyed_by=keyed_by))
    if not any(p.confidence != "low" for table in tables_found for p in table.columns):
        raise ConfigError("no column resembles one vfprog knows: nothing can be proposed")
    placed = {name for name, _ in roles.values()}
    seen = [column for name in placed for column in work.columns[name]]
    return replace(
        first,
        tables=tuple(tables_found),
        missing=tuple(sorted({word for column in seen for word in column.missing_words})),
        decimal_comma=any(column.decimal_comma for column in seen),
        unplaced=tuple(sorted(set(work.columns) - placed)),
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Work:
    """What is known of the source while it is worked on."""

    columns: _Columns
    slots: dict[str, list[Slot]]
    vocabulary: Vocabulary
    namer: Namer
    is_flat: bool
    sizes: dict[str, int]

    @classmethod
    def of(
        cls, tables: Mapping[str, pd.DataFrame], dictionary: Dictionary, vocabulary: Vocabulary,
        *, is_flat: bool,
    ) -> _Work:  # fmt: skip
        units = tuple(vocabulary.units)
        slots = {t: slots_of(t, dictionary, units, is_flat=is_flat and t == FLAT) for t in REGISTRY}
        columns = {
            name: [sketch(str(c), frame[c], vocabulary) for c in frame.columns]
            for name, frame in tables.items()
        }
        sizes = {name: len(frame) for name, frame in tables.items()}
        return cls(columns, slots, vocabulary, Namer(vocabulary), is_flat, sizes)

    def matcher(self, keys: frozenset[str] = frozenset()) -> Matcher:
        return Matcher(self.namer, Fitter(self.vocabulary, self.namer, keys))

    def roles(self) -> dict[str, tuple[str, Confidence]]:
        if self.is_flat:
            return {FLAT: (next(iter(self.columns)), "high")}
        return find_roles(self.columns, self.slots, self.matcher(), self.vocabulary)

    def table(
        self, role: str, name: str, confidence: Confidence, *, keyed_by: Sequence[Proposal]
    ) -> TableProposal:
        """Return the proposals for a table other than that of episodes."""
        key = next((p for p in keyed_by if p.ours == "episode_id"), None)
        keys = self._keys(key.column) if key else frozenset()
        matcher = self.matcher(keys)
        columns = self.columns[name]
        found = matcher.match(columns, self.slots[role], baseline=role == "vertebrae")
        placed = {p.column for p in found if p.confidence != "low"}
        left = tuple(_still_open(c, found) for c in columns if c.name not in placed)
        return TableProposal(role, name, self.sizes[name], confidence, tuple(found), left)

    def _keys(self, column: str) -> frozenset[str]:
        for columns in self.columns.values():
            for seen in columns:
                if seen.name == column and seen.distinct_share == 1:
                    return frozenset(map(str, seen.words))
        return frozenset()

    def episodes(self, name: str, confidence: Confidence) -> Proposed:
        """Return the proposals for the table of episodes alone."""
        columns, slots = self.columns[name], self.slots[FLAT]
        persons = named_persons(columns, [s.name for s in slots], self.namer, self.vocabulary)
        rest = _without(columns, {person.column for person in persons})
        wide = self._wide(rest)
        rest = _without(rest, {column for proposal in wide for column in proposal.columns})
        if any(proposal.table == "vertebrae" for proposal in wide):
            slots = [slot for slot in slots if slot.table != "vertebrae"]
        found = self.matcher().match(rest, slots, baseline=True)
        placed = {p.column for p in found if p.confidence != "low"}
        aside = sort_out(_without(rest, placed), self.namer, self.vocabulary)
        left = {column.name for column in aside.open}
        found = [p for p in found if p.column in placed | left]
        found = [*_shared_key(found, {column.name: column for column in rest}), *found]
        still = tuple(_still_open(column, found) for column in aside.open)
        table = TableProposal(FLAT, name, self.sizes[name], confidence, tuple(found), still)
        return Proposed(self.is_flat, (table,), tuple(wide), aside.outcomes,
                        (*persons, *aside.identifiers), aside.post_baseline)  # fmt: skip

    def _wide(self, columns: Sequence[Sketch]) -> list[WideProposal]:
        repeated = [s for s in self.slots["visits"] if s.name in {"vas", "rmdq", "opioids"}]
        repeated += [s for s in self.slots["heights"] if s.name == "height_loss_pct"]
        repeated += [s for s in self.slots["vertebrae"] if s.name not in {"episode_id", "level"}]
        return propose_wide(columns, repeated, self.namer, self.matcher().fitter)


def _without(columns: Sequence[Sketch], names: set[str]) -> list[Sketch]:
    return [column for column in columns if column.name not in names]


def _shared_key(found: list[Proposal], columns: dict[str, Sketch]) -> list[Proposal]:
    """Let the one key of a table with a row per patient name the patient and the episode."""
    keys = {p.ours: p for p in found if p.ours in {"episode_id", "patient_id"}
            and p.confidence != "low"}  # fmt: skip
    if len(keys) != 1:
        return []
    key = next(iter(keys.values()))
    if columns[key.column].distinct_share < 1:
        return []
    other = "patient_id" if key.ours == "episode_id" else "episode_id"
    text = "the only key, all different: one row per patient"
    return [replace(key, ours=other, confidence="medium", evidence=(text,))]


def _still_open(column: Sketch, found: Sequence[Proposal]) -> SetAside:
    maybe = [p.ours for p in found if p.column == column.name]
    text = f"{column.kind}: {column.described()}"
    return SetAside(column.name, "low", f"{text}; perhaps {maybe[0]}" if maybe else text)
