"""What a prediction returns: typed, frozen, and the same through every door."""

from __future__ import annotations

import json
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any

from vfprog.scoring.panel import INSTABILITY_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from vfprog.scoring.panel import (
        AlignmentReading,
        Applicability,
        Coverage,
        Gap,
        OfScoreReading,
        Peer,
        TrialMatch,
    )


OUTSIDE_REFITS = (
    "The risk itself lies outside: refits on repeated patients are not centred on the fit to all"
)
NO_CONFIDENCE = "It is no confidence interval."
_LEAVES = frozenset({float, str, int, bool, type(None)})


class Plain:
    """A dataclass that turns into plain dictionaries and lists."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, ready for JSON."""
        return {name: _plain(value) for name, value in vars(self).items()}

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return JSON at full precision."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return dictionaries and lists; `dataclasses.asdict` copies each number and takes longer."""
    if type(value) in _LEAVES:
        return value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {name: _plain(each) for name, each in vars(value).items()}
    return value


@dataclass(frozen=True)
class Contribution:
    """What one input adds to the log-odds of one risk.

    Parameters
    ----------
    predictor : str
        Clinical predictor, or a feature with two parents.
    concept : str
        Concept group.
    value : object
        Value received; a list for several vertebrae; None when missing.
    log_odds : float
        Change in log-odds against the base.
    """

    predictor: str
    concept: str
    value: Any
    log_odds: float


@dataclass(frozen=True)
class Prognosis:
    """One risk of one patient, with its interval and its explanation.

    Parameters
    ----------
    endpoint : str
        Name of the endpoint.
    definition : str
        What counts as the outcome, when and in whom.
    horizon_days : int or None
        Days after the procedure; None where the registry that coded the outcome does not say.
    prediction_time : str
        ``preprocedure`` or ``postprocedure``.
    risk : float
        Calibrated probability.
    instability_interval : tuple of float or None
        How far the model might have differed; None without bootstrap members.
    instability_level : float
        Share of the members within the interval.
    base_log_odds : float
        Log-odds before the patient's inputs are known.
    contributions : tuple of Contribution
        Largest first; base and their sum give ``logit(risk)``.
    instability_label : str
        What the interval is, in words; it is no confidence interval.
    instability_coverage : Coverage or None
        How often the interval held the true risk, if the bundle says.
    gaps : tuple of Gap
        How far each missing input could move the risk, the largest spread first.
    peers : tuple of Peer
        How the model performed in the groups the patient belongs to.
    """

    endpoint: str
    definition: str
    horizon_days: int | None
    prediction_time: str
    risk: float
    instability_interval: tuple[float, float] | None
    instability_level: float
    base_log_odds: float
    contributions: tuple[Contribution, ...]
    instability_label: str = INSTABILITY_LABEL
    instability_coverage: Coverage | None = None
    gaps: tuple[Gap, ...] = ()
    peers: tuple[Peer, ...] = ()

    def interval_in_words(self, shown: Callable[[float], str]) -> str:
        """Return the instability interval and what limits its use, the same at every door.

        Parameters
        ----------
        shown : callable
            Shows a risk as text, such as ``62 %``.

        Returns
        -------
        str
            Words without a full stop at the end; empty without an interval.
        """
        if self.instability_interval is None:
            return ""
        lowest, highest = self.instability_interval
        low, high, risk = shown(lowest), shown(highest), shown(self.risk)
        text = f"{low} to {high}: {self.instability_label} "
        text += f"({100 * self.instability_level:g} % of refits)"
        measured = self.instability_coverage
        if measured is not None:
            held = f"it held the true risk of {100 * measured.share:.0f} % of {measured.n:,}"
            text += f"; {held}, {measured.source}"
        # Of the numbers as they are shown: nobody wonders at 79 % beside 72 % to 79 %.
        outside = not lowest <= self.risk <= highest and risk not in {low, high}
        return f"{text}. {OUTSIDE_REFITS}." if outside else text

    def concepts(self) -> dict[str, float]:
        """Return the contributions summed within each concept group, largest first."""
        sums: dict[str, float] = {}
        for line in self.contributions:
            sums[line.concept] = sums.get(line.concept, 0.0) + line.log_odds
        return dict(sorted(sums.items(), key=lambda item: -abs(item[1])))


@dataclass(frozen=True)
class Warn:
    """Something the reader of a prediction should know.

    Parameters
    ----------
    code : str
        Stable code, such as ``outside_usual_range``.
    predictor : str or None
        Predictor it is about.
    message : str
        One sentence.
    """

    code: str
    predictor: str | None
    message: str


@dataclass(frozen=True)
class ModelIdentity:
    """Which model answered.

    Parameters
    ----------
    name, version : str
        Name and version of the bundle.
    trained_on : {"simulated", "registry"}
        What it was trained on.
    sha256 : str
        Digest of the bundle's manifest.
    """

    name: str
    version: str
    trained_on: str
    sha256: str


@dataclass(frozen=True)
class Prediction(Plain):
    """All prognoses of one patient.

    Parameters
    ----------
    model : ModelIdentity
        Which model answered.
    prognoses : tuple of Prognosis
        One per endpoint.
    missing : tuple of str
        Predictors of the models that were not given.
    warnings : tuple of Warn
        What the reader should know.
    applicability : Applicability or None
        How unlike the development patients this one is; None if the bundle cannot tell.
    evidence : tuple of TrialMatch
        For each trial, whether it would have enrolled the patient and what it found.
    of_score : OfScoreReading or None
        The OF score; None if none of its items is given.
    alignment_flags : AlignmentReading or None
        The alignment flags; None if none can be judged.
    population_note : str
        Who the models learned from, where their registry was of others than the patients of
        vertebroplasty the package is made for; empty without.
    """

    model: ModelIdentity
    prognoses: tuple[Prognosis, ...]
    missing: tuple[str, ...]
    warnings: tuple[Warn, ...]
    applicability: Applicability | None = None
    evidence: tuple[TrialMatch, ...] = ()
    of_score: OfScoreReading | None = None
    alignment_flags: AlignmentReading | None = None
    population_note: str = ""

    def __getitem__(self, endpoint: str) -> Prognosis:
        for prognosis in self.prognoses:
            if prognosis.endpoint == endpoint:
                return prognosis
        known = ", ".join(p.endpoint for p in self.prognoses) or "none"
        raise KeyError(f"no prognosis of {endpoint!r} for this patient; there is: {known}")
