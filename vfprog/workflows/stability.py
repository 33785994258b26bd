"""What the bootstrap refits of a training say: optimism, instability, and how many there are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.models.procedure import cohort_weights
from vfprog.records import Table
from vfprog.schema.endpoints import DEFAULT_ENDPOINTS, load_endpoint
from vfprog.schema.registry import TRUTH
from vfprog.validation.instability import (
    calibration_instability,
    instability,
    instability_by_risk,
    instability_limits,
)
from vfprog.validation.optimism import Resample, optimism_table
from vfprog.validation.resampling import OPTIMISM_LEARNERS, learner_risks
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.cohort import Cohort
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import FloatArray
    from vfprog.validation.resampling import RefitResult
    from vfprog.workflows.refitting import Work

REMARKS = {
    "model": "beside the headline, which is cross-validated: where trees may enter, corrections "
    "of this kind stay too hopeful (docs/coverage.md)",
    "logistic": "the logistic part alone, not recalibrated",
}
"""What a reader of corrected figures must know, by learner."""
# Curves drawn over each other; more would be a blot.
MOST_CURVES = 50
SOURCE = "the participants of this simulated registry, whose true risks are known"
ELSEWHERE = {
    "share": 0.52, "n": 40_000,
    "source": "patients of simulated registries, by other models with 40 refits, of response "
    "(docs/coverage.md)",
}  # fmt: skip
"""Where the truth is not known: what docs/coverage.md measured on simulated registries."""
FEWEST_REFITS = 30
"""With fewer the band is narrower than those measured, and their coverage is not quoted."""


def refit_tables(work: Work) -> Iterator[Table]:
    """Yield what the refits say of every model.

    Parameters
    ----------
    work : Work
        Cohorts, models, folds and bootstrap refits.

    Yields
    ------
    Table
        ``refits``: model, kind, asked, fitted, failed, flat, reasons. With bootstrap refits also
        ``optimism`` (model, learner, the columns of `optimism_table`, remark), ``instability``,
        ``instability_by_risk`` and ``calibration_instability``.
    """
    yield Table("refits", refit_counts(work))
    parts: dict[str, list[pd.DataFrame]] = {}
    for name, fitted in work.fitted.items():
        members = [m for m in work.members.get(name, ()) if m.times is not None]
        if not members:
            continue
        cohort = work.cohorts[fitted.model.endpoint.name]
        weight = cohort_weights(cohort, work.settings)
        apparent = learner_risks(fitted.model, cohort)
        for learner in OPTIMISM_LEARNERS:
            table = _optimism(cohort, weight, apparent[learner], members, learner)
            part = labelled(table, fitted.model, learner=learner)
            parts.setdefault("optimism", []).append(part)
        for title, table in _instability(cohort, weight, apparent["model"], members).items():
            parts.setdefault(title, []).append(labelled(table, fitted.model))
    for title, frames in parts.items():
        yield Table(title, pd.concat(frames, ignore_index=True))


def refit_counts(work: Work) -> pd.DataFrame:
    """Return how many refits of each kind were asked for, fitted, flat and failed, and why.

    Parameters
    ----------
    work : Work
        Folds, bootstrap refits, and those without a site or of the earlier period.

    Returns
    -------
    pandas.DataFrame
        model, endpoint, prediction_time, kind, asked, fitted, failed, flat (of those fitted, the
        ones that learned nothing and give everybody the prevalence), reasons.
    """
    kinds = {"fold": work.folds, "resample": work.members, "site": work.sites,
             "period": work.periods}  # fmt: skip
    lines: list[dict[str, Any]] = []
    for name, fitted in work.fitted.items():
        for kind, results in kinds.items():
            done = results.get(name, [])
            why = Counter(result.failure for result in done if result.failure)
            line: dict[str, Any] = {"model": name, "endpoint": fitted.model.endpoint.name}
            line |= {"prediction_time": fitted.model.prediction_time, "kind": kind}
            line |= {"asked": len(done), "fitted": len(done) - why.total(), "failed": why.total()}
            line["flat"] = sum(result.flat for result in done)
            reasons = "; ".join(f"{count} x {reason}" for reason, count in why.most_common())
            lines.append(line | {"reasons": reasons})
    return pd.DataFrame(lines)


def instability_coverage(work: Work, source: object, registry: Registry) -> dict[str, Any]:
    """Return how often the instability intervals hold the true risk, here or on simulation.

    Parameters
    ----------
    work : Work
        Cohorts, models and bootstrap refits.
    source : str, pathlib.Path or Registry
        Where the registry was read from; its truth lies in ``truth.parquet`` there.
    registry : Registry
        The registry.

    Returns
    -------
    dict of str to dict
        By model with refits: share, n and source. `ELSEWHERE` for real data, and for endpoints of
        another definition than the simulator knows the truth of; nothing with few refits.
    """
    truth = _truth(source) if registry.simulated else None
    found: dict[str, Any] = {}
    for name, results in work.members.items():
        members = [m.risk["model"] for m in results if m.fitted is not None]
        if members:
            cohort = work.cohorts[results[0].refit.endpoint]
            measured = _held(cohort, np.stack(members), truth)
            if measured is not None or len(members) >= FEWEST_REFITS:
                found[name] = measured or _elsewhere(len(members))
    return found


def _elsewhere(n_refits: int) -> dict[str, Any]:
    return {**ELSEWHERE, "source": f"{ELSEWHERE['source']}; this model has {n_refits}"}


def _held(
    cohort: Cohort, refit_risk: FloatArray, truth: pd.DataFrame | None
) -> dict[str, Any] | None:
    if truth is None or not _is_default(cohort):
        return None
    true_risk = truth[f"risk_{cohort.endpoint.name}"].reindex(cohort.episode_id).to_numpy()
    low, high = instability_limits(refit_risk)
    known = ~np.isnan(true_risk)
    held = ((low <= true_risk) & (true_risk <= high))[known]
    return (
        {"share": float(held.mean()), "n": int(held.size), "source": SOURCE} if held.size else None
    )


def _truth(source: object) -> pd.DataFrame | None:
    if not isinstance(source, str | Path):
        return None
    file = Path(source) / TRUTH
    return pd.read_parquet(file).set_index("episode_id") if file.is_file() else None


def _is_default(cohort: Cohort) -> bool:
    """Return whether an endpoint is one the simulator gives the true risk of."""
    name = cohort.endpoint.name
    return name in DEFAULT_ENDPOINTS and cohort.endpoint == load_endpoint(name)


def _optimism(
    cohort: Cohort,
    weight: FloatArray,
    apparent: FloatArray,
    members: list[RefitResult],
    learner: str,
) -> pd.DataFrame:
    y = cohort.outcome.event.astype(float)
    resamples = [Resample(m.times, m.risk[learner]) for m in members if m.times is not None]
    table = optimism_table(y, apparent, resamples, sample_weight=weight, groups=cohort.patient_id)
    return table.assign(remark=REMARKS[learner])


def _instability(
    cohort: Cohort, weight: FloatArray, shown: FloatArray, members: list[RefitResult]
) -> dict[str, pd.DataFrame]:
    y = cohort.outcome.event.astype(float)
    risks = np.stack([member.risk["model"] for member in members]).astype(np.float64)
    return {
        "instability": instability(y, shown, risks, sample_weight=weight),
        "instability_by_risk": instability_by_risk(shown, risks),
        "calibration_instability": calibration_instability(
            y, risks[:MOST_CURVES], sample_weight=weight
        ),
    }
