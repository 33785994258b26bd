"""What a prediction returns: typed, frozen, and the same through every door."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


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
class Prediction:
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
    """

    model: ModelIdentity
    prognoses: tuple[Prognosis, ...]
    missing: tuple[str, ...]
    warnings: tuple[Warn, ...]

    def __getitem__(self, endpoint: str) -> Prognosis:
        for prognosis in self.prognoses:
            if prognosis.endpoint == endpoint:
                return prognosis
        known = ", ".join(p.endpoint for p in self.prognoses) or "none"
        raise KeyError(f"no prognosis of {endpoint!r} for this patient; there is: {known}")

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, ready for JSON."""
        return asdict(self)

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the prediction as JSON at full precision."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False, allow_nan=False)
