"""The errors of vfprog and the failure record they carry.

A check never stops at the first fault: it collects `Failure` records and raises one
`InputError` that holds them all, so that a user mends a registry or a form once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Failure:
    """One value that broke one rule.

    Parameters
    ----------
    table : str
        Table (or ``"patient"``) the value stands in.
    row : str or int or None
        Row label; None where the whole column or table is meant.
    column : str
        Field name.
    value : object
        The value received; never a value of another field.
    rule : str
        Short stable code of the rule, such as ``hard_range``.
    message : str
        What is wrong and what would be right, in one sentence.
    severity : {"error", "warning", "note"}
        Errors stop the work; warnings are reported with the result; notes say what is rare in
        good data, or what was understood without being told.
    line : int, optional
        Row number a spreadsheet shows, where the row stands in a file; the first record is 2.
    """

    table: str
    row: str | int | None
    column: str
    value: object
    rule: str
    message: str
    severity: Severity = "error"
    line: int | None = None

    def __str__(self) -> str:
        where = self.table if self.row is None else f"{self.table}[{self.row}]"
        return f"{where}.{self.column}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """Return the failure as a plain dictionary, one row of a failure table."""
        return asdict(self)


class VfprogError(Exception):
    """Base of every error vfprog raises on purpose."""


class InputError(VfprogError, ValueError):
    """What came in is wrong; carries every failure found, not only the first.

    Parameters
    ----------
    failures : iterable of Failure
        All failures, at least one.
    """

    def __init__(self, failures: Iterable[Failure]) -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join(str(failure) for failure in self.failures))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Failure, ...]]]:
        return type(self), (self.failures,)


class ConfigError(VfprogError, ValueError):
    """A configuration file is missing, malformed, or contradicts itself."""


class BundleError(VfprogError, ValueError):
    """A model bundle is damaged, of an unknown format, or not what was asked for."""


class TrainingError(VfprogError, ValueError):
    """A model cannot be fitted honestly on these data; the message says why."""


class MissingExtraError(VfprogError, ImportError):
    """A heavy optional library is needed; the message gives the line that installs it."""
