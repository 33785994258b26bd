"""What the published evidence says of patients like this one; never a recommendation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.features.conditions import MET, UNKNOWN, UNMET
from vfprog.features.eligibility import eligibilities
from vfprog.schema.evidence import load_evidence
from vfprog.schema.trials import read_trials
from vfprog.scoring.of_score import FRACTURE_TYPE, HEALTH, alignment_flags, of_score
from vfprog.scoring.panel import (
    AlignmentFlag,
    AlignmentReading,
    OfScoreReading,
    ScorePart,
    TrialMatch,
)
from vfprog.scoring.prognosis import Warn

if TYPE_CHECKING:
    from vfprog.features.arrays import EpisodeArrays
    from vfprog.features.eligibility import Eligibility
    from vfprog.schema.dictionary import Dictionary
    from vfprog.schema.evidence import OfScore
    from vfprog.schema.trials import Trial
    from vfprog.scoring.of_score import OfScores

_VERDICT = {MET: True, UNMET: False, UNKNOWN: None}


def match_trials(arrays: EpisodeArrays, dictionary: Dictionary) -> list[tuple[TrialMatch, ...]]:
    """Return, for each patient, which trials would have enrolled them and what those found.

    Parameters
    ----------
    arrays : EpisodeArrays
        Patients.
    dictionary : Dictionary
        Dictionary the arrays are coded by.

    Returns
    -------
    list of tuple of TrialMatch
        Matches of each patient, sham-controlled trials first; none with a trial whose file is
        malformed, see `unavailable_trials`.
    """
    trials = read_trials(simulation=False).trials
    found = list(zip(trials, eligibilities(trials, arrays, dictionary), strict=True))
    return [tuple(_match(trial, judged, row) for trial, judged in found) for row in range(arrays.n)]


def unavailable_trials() -> tuple[Warn, ...]:
    """Return a warning for each trial whose file cannot be read: it is absent, not unmet."""
    return tuple(
        Warn("evidence_unavailable", None, f"the trial {name} is left out: its file is malformed")
        for name in read_trials(simulation=False).broken
    )


def read_of_scores(arrays: EpisodeArrays, dictionary: Dictionary) -> list[OfScoreReading | None]:
    """Return the OF score of each patient, None where none of its items is given.

    Parameters
    ----------
    arrays : EpisodeArrays
        Patients.
    dictionary : Dictionary
        Dictionary the arrays are coded by.

    Returns
    -------
    list of OfScoreReading or None
        Score, range, parts and reading.
    """
    scores = of_score(arrays, dictionary)
    rules = load_evidence().of_score
    return [_reading(scores, rules, row) for row in range(arrays.n)]


def read_alignment(arrays: EpisodeArrays, dictionary: Dictionary) -> list[AlignmentReading | None]:
    """Return the alignment flags of each patient, None where none can be judged.

    Parameters
    ----------
    arrays : EpisodeArrays
        Patients.
    dictionary : Dictionary
        Dictionary the arrays are coded by.

    Returns
    -------
    list of AlignmentReading or None
        Flags and their number.
    """
    counted = alignment_flags(arrays, dictionary)
    rules = load_evidence().alignment_flags
    readings: list[AlignmentReading | None] = []
    for row in range(arrays.n):
        raised = {name: _VERDICT[int(flag[row])] for name, flag in counted.flags.items()}
        flags = tuple(AlignmentFlag(f.name, f.label, raised[f.name]) for f in rules.flags)
        reading = AlignmentReading(int(counted.count[row]), flags, rules.made_for, rules.citation)
        readings.append(reading if any(v is not None for v in raised.values()) else None)
    return readings


def _match(trial: Trial, judged: Eligibility, row: int) -> TrialMatch:
    return TrialMatch(
        trial.name, trial.label, trial.citation, trial.design.type,
        _VERDICT[int(judged.eligible[row])], judged.which(row, UNMET), judged.which(row, UNKNOWN),
        trial.finding,
    )  # fmt: skip


def _reading(scores: OfScores, rules: OfScore, row: int) -> OfScoreReading | None:
    unknown = {name: bool(where[row]) for name, where in scores.unknown.items()}
    if all(unknown.values()):
        return None
    labels = {FRACTURE_TYPE: "OF type", HEALTH: "State of health"}
    labels |= {item.name: item.label for item in (*rules.items, *rules.health.items)}
    of_health = [item.name for item in rules.health.items]
    parts = tuple(
        ScorePart(
            name, labels[name], int(points[row]),
            any(unknown[item] for item in of_health) if name == HEALTH else unknown[name],
        )
        for name, points in scores.parts.items()
    )  # fmt: skip
    score = int(scores.score[row])
    return OfScoreReading(
        score, int(scores.lowest[row]), int(scores.highest[row]), parts,
        tuple(labels[name] for name, blank in unknown.items() if blank),
        None if unknown[FRACTURE_TYPE] else rules.read(score), rules.made_for, rules.citation,
    )  # fmt: skip
