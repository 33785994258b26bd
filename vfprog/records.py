"""What the science yields and the tracking sends: plain records, no tracker in sight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Param:
    """One setting of a run.

    Parameters
    ----------
    name : str
        Dotted name.
    value : object
        Anything whose ``str`` says it all.
    """

    name: str
    value: object


@dataclass(frozen=True)
class Metric:
    """One estimate with its interval.

    Parameters
    ----------
    name : str
        Standard name, such as ``c_statistic``.
    estimate : float
        The point estimate.
    lower, upper : float or None
        Limits of the interval; None where no interval exists, never NaN.
    """

    name: str
    estimate: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Table:
    """A long table, one row per figure.

    Parameters
    ----------
    name : str
        File stem under which it is kept.
    frame : pandas.DataFrame
        The table.
    """

    name: str
    frame: Any


@dataclass(frozen=True)
class Figure:
    """A drawn figure.

    Parameters
    ----------
    name : str
        File stem under which it is kept.
    figure : matplotlib.figure.Figure
        The figure.
    """

    name: str
    figure: Any


@dataclass(frozen=True)
class Artifact:
    """A file or folder to be kept with the run.

    Parameters
    ----------
    path : pathlib.Path
        Where it is now.
    folder : str
        Folder of the run it goes to; empty for the top.
    """

    path: Path
    folder: str = ""


@dataclass(frozen=True)
class RunRecords:
    """All records of one run, with the runs nested in it.

    Parameters
    ----------
    name : str
        Name of the run.
    tags : dict of str to str
        Tags of the run.
    records : list
        Param, Metric, Table, Figure and Artifact records.
    children : list of RunRecords
        Nested runs.
    """

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    records: list[Param | Metric | Table | Figure | Artifact] = field(default_factory=list)
    children: list[RunRecords] = field(default_factory=list)
