"""What is proposed: columns, tables, wide columns, outcomes, and what is still open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vfprog.data.proposing.reading import Fit

Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Proposal:
    """A foreign column proposed for one of ours.

    Parameters
    ----------
    table, ours : str
        Table and column of ours.
    column : str
        Their column.
    confidence : {"high", "medium", "low"}
        High: name and values agree and nothing else fits. Medium: probably. Low: to be decided.
    fit : Fit
        How its values are read.
    evidence : tuple of str
        What speaks for it.
    """

    table: str
    ours: str
    column: str
    confidence: Confidence
    fit: Fit
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class WideProposal:
    """Columns such as ``vas_30d`` that are one measurement on several days or levels.

    Parameters
    ----------
    table, ours : str
        Table and column of ours.
    columns : tuple of str
        Their columns.
    pattern : str, optional
        Pattern that names them all; None where there is none.
    days : dict of int to str
        Their column of each day, where there is no pattern.
    confidence : {"high", "medium", "low"}
        As for one column.
    fit : Fit
        How the values are read.
    evidence : tuple of str
        What speaks for it.
    """

    table: str
    ours: str
    columns: tuple[str, ...]
    pattern: str | None
    days: dict[int, str]
    confidence: Confidence
    fit: Fit
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class OutcomeProposal:
    """A column that may hold an outcome coded already.

    Parameters
    ----------
    endpoint : str
        Endpoint.
    column : str
        Their column.
    event, no_event : tuple of str
        Words for yes and no.
    confidence : {"medium", "low"}
        Never high: what an outcome means stands in no table.
    evidence : tuple of str
        What speaks for it.
    """

    endpoint: str
    column: str
    event: tuple[str, ...]
    no_event: tuple[str, ...]
    confidence: Confidence
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class SetAside:
    """A column no predictor may read, or one that nothing is proposed for.

    Parameters
    ----------
    column : str
        Their column.
    confidence : {"high", "medium", "low"}
        As for a proposal.
    evidence : str
        What was seen.
    """

    column: str
    confidence: Confidence
    evidence: str


@dataclass(frozen=True)
class TableProposal:
    """One foreign table and what becomes of its columns.

    Parameters
    ----------
    role : str
        Table of ours.
    file : str
        Its name in the source.
    n_rows : int
        Rows.
    confidence : {"high", "medium", "low"}
        How sure the role is.
    columns : tuple of Proposal
        Columns with a place, in our order.
    open : tuple of SetAside
        Columns without a place.
    """

    role: str
    file: str
    n_rows: int
    confidence: Confidence
    columns: tuple[Proposal, ...]
    open: tuple[SetAside, ...]


@dataclass(frozen=True)
class Proposed:
    """A whole mapping as it is proposed.

    Parameters
    ----------
    is_flat : bool
        Whether one table holds everything.
    tables : tuple of TableProposal
        The tables with a role.
    wide : tuple of WideProposal
        Wide columns of the episodes.
    outcomes : tuple of OutcomeProposal
        Outcomes coded already.
    identifiers, post_baseline : tuple of SetAside
        Columns no predictor may read.
    missing : tuple of str
        Words for missing.
    decimal_comma : bool
        Whether 7,5 means 7.5.
    unplaced : tuple of str
        Tables without a role.
    notes : tuple of str
        How the files were understood.
    """

    is_flat: bool
    tables: tuple[TableProposal, ...]
    wide: tuple[WideProposal, ...] = ()
    outcomes: tuple[OutcomeProposal, ...] = ()
    identifiers: tuple[SetAside, ...] = ()
    post_baseline: tuple[SetAside, ...] = ()
    missing: tuple[str, ...] = ()
    decimal_comma: bool = False
    unplaced: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def columns(self) -> list[Proposal]:
        """The columns of all tables."""
        return [proposal for table in self.tables for proposal in table.columns]

    @property
    def open(self) -> list[SetAside]:
        """The columns of all tables nothing is proposed for."""
        return [column for table in self.tables for column in table.open]
