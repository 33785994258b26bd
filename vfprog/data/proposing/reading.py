"""How the values of a foreign column are to be read as a column of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vfprog.data.column_spec import Scalar


@dataclass(frozen=True)
class Fit:
    """Agreement of a foreign column with one of ours.

    Parameters
    ----------
    agreement : float
        Share of the values that can be what is wanted, 0 to 1, lower where they are unusual.
    telling : float
        How much the values say by themselves, whatever the name: 0 for numbers, .9 for keys.
    evidence : tuple of str
        What was seen.
    unit : str, optional
        Unit to convert from.
    recode : dict
        Their words and ours.
    missing : tuple of str
        Codes that mean missing.
    date_format : str, optional
        Format of dates.
    sure : bool
        Whether unit, codes and date format are evident; if not, somebody must decide.
    question : str
        What must be decided.
    """

    agreement: float
    telling: float = 0.0
    evidence: tuple[str, ...] = ()
    unit: str | None = None
    recode: dict[str, Scalar] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    date_format: str | None = None
    sure: bool = True
    question: str = ""
