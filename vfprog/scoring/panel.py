"""What stands beside a risk, so that its reader can judge how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INSTABILITY_LABEL = "how far the model might have differed"


@dataclass(frozen=True)
class Gap:
    """How far one input that was not given could move a risk: what is worth measuring.

    Parameters
    ----------
    predictor : str
        Input that was not given.
    lowest_risk, highest_risk : float
        Smallest and largest risk over the plausible values of the input.
    lowest_at, highest_at : object
        Values at which they are reached.
    """

    predictor: str
    lowest_risk: float
    highest_risk: float
    lowest_at: Any
    highest_at: Any


@dataclass(frozen=True)
class Peer:
    """How the model performed in a group the patient belongs to.

    Parameters
    ----------
    grouping, label : str
        Stable name of the grouping, and words for people.
    group : str
        The patient's group.
    metric : str
        Figure of performance.
    estimate, lower, upper : float or None
        Estimate and limits of its interval; None where not given.
    n, n_events : int or None
        Participants and events of the group.
    reason : str or None
        Why there is no estimate.
    """

    grouping: str
    label: str
    group: str
    metric: str
    estimate: float | None
    lower: float | None
    upper: float | None
    n: int | None
    n_events: int | None
    reason: str | None


@dataclass(frozen=True)
class Coverage:
    """How often the instability interval held the true risk, where that could be measured.

    Parameters
    ----------
    share : float
        Share of patients whose true risk lay within.
    n : int
        Patients.
    source : str
        Where it was measured.
    """

    share: float
    n: int
    source: str


@dataclass(frozen=True)
class Applicability:
    """How unlike the development patients this one is.

    Parameters
    ----------
    share_less_typical : float or None
        Share of the development patients less typical than this one, with the same inputs
        blank; None where too little is given to tell.
    n_inputs_used : int
        Inputs it rests on.
    outside_usual : tuple of str
        Inputs outside the usual range of the dictionary or of the development data.
    note : str
        The same in one sentence.
    """

    share_less_typical: float | None
    n_inputs_used: int
    outside_usual: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class TrialMatch:
    """Whether a trial would have enrolled this patient, and what it found.

    Parameters
    ----------
    trial, label, citation : str
        Stable name, name for people, and where it was published.
    design : {"sham", "open-label"}
        What vertebroplasty was compared with.
    eligible : bool or None
        Whether all its entry criteria known here are met; None where the unknown could decide.
    unmet, unknown : tuple of str
        Criteria that are not met, and that cannot be judged.
    finding : str
        What it found, in one sentence.
    """

    trial: str
    label: str
    citation: str
    design: str
    eligible: bool | None
    unmet: tuple[str, ...]
    unknown: tuple[str, ...]
    finding: str


@dataclass(frozen=True)
class ScorePart:
    """One item of a score.

    Parameters
    ----------
    item, label : str
        Stable name, and words for people.
    points : int
        What it counts; 0 where unknown.
    unknown : bool
        Whether it, or a part of it, is unknown.
    """

    item: str
    label: str
    points: int
    unknown: bool


@dataclass(frozen=True)
class OfScoreReading:
    """The OF score of one patient; it recommends a treatment and is no probability.

    Parameters
    ----------
    score : int
        Sum of the points; what is unknown counts 0.
    lowest, highest : int
        What it could be if the unknown were known.
    parts : tuple of ScorePart
        Its items.
    unknown : tuple of str
        Labels of the items that are unknown.
    reading : str or None
        How the score is read; None without the type of the fracture.
    note : str
        What it is, and is not.
    citation : str
        Where it comes from.
    """

    score: int
    lowest: int
    highest: int
    parts: tuple[ScorePart, ...]
    unknown: tuple[str, ...]
    reading: str | None
    note: str
    citation: str


@dataclass(frozen=True)
class AlignmentFlag:
    """One flag of a disturbed sagittal balance.

    Parameters
    ----------
    flag, label : str
        Stable name, and words for people.
    raised : bool or None
        Whether it is raised; None where unknown.
    """

    flag: str
    label: str
    raised: bool | None


@dataclass(frozen=True)
class AlignmentReading:
    """The alignment flags of one patient; their number is no probability.

    Parameters
    ----------
    count : int
        Flags that are raised.
    flags : tuple of AlignmentFlag
        All flags.
    note : str
        What they were made for.
    citation : str
        Where they come from.
    """

    count: int
    flags: tuple[AlignmentFlag, ...]
    note: str
    citation: str
