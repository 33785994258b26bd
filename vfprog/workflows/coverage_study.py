"""Do the estimates of performance estimate it? Development sets drawn from a known truth.

Simulated only. Each set is a registry as it comes, with missing values and dropout; its model is
judged as a user would judge it (apparent, split sample, cross-validated, Harrell, .632+) and then
by the true risks of many further patients of the same sites. That last figure, of the model fitted
on all of the set, is what every estimate and every interval is held against.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import Parallel, delayed

from vfprog.data.cohort import Cohort, build_cohort
from vfprog.data.readers import registry_of_frames, require_clean
from vfprog.errors import ConfigError, TrainingError
from vfprog.models.procedure import cohort_weights
from vfprog.models.settings import TrainingSettings, load_settings
from vfprog.models.workers import worker_processes
from vfprog.records import Metric
from vfprog.schema.endpoints import load_endpoint
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate
from vfprog.validation.calibration import calibration_slope
from vfprog.validation.collecting import collect_folds, fold_of
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.optimism import Resample, optimism_table
from vfprog.validation.overall import brier
from vfprog.validation.resampling import (
    Refit,
    learner_risks,
    plan_folds,
    plan_resamples,
    run_refit,
)
from vfprog.workflows.coverage_tables import ACROSS, read_lines, read_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.validation.resampling import RefitResult
    from vfprog.workflows.inputs import Progress

LEARNERS = ("logistic", "model")
FIGURES: dict[str, Callable[..., Metric]] = {
    "c_statistic": c_statistic, "calibration_slope": calibration_slope, "brier": brier,
}  # fmt: skip
# About three in four participants are treated and eligible.
_PER_PATIENT = 1.5
_TAILS = (0.05, 0.95)


@dataclass(frozen=True)
class StudyPlan:
    """What is drawn and how it is fitted.

    Parameters
    ----------
    endpoint : str
        Endpoint.
    prediction_time : {"preprocedure", "postprocedure"}
        What may be known.
    n : int
        Patients of a development set.
    n_fresh : int
        Further patients of the same sites, whose true risks are the truth.
    n_resamples : int
        Bootstrap refits of each set; 0 for the estimators that need none.
    simplify : bool
        As the settings: at 800 patients the procedure leaves splines and trees out; false keeps
        them, so that a blend can be studied.
    """

    endpoint: str = "response"
    prediction_time: PredictionTime = "preprocedure"
    n: int = 800
    n_fresh: int = 10_000
    n_resamples: int = 40
    simplify: bool = True


def coverage_study(
    plan: StudyPlan,
    seeds: Sequence[int],
    file: Path,
    *,
    settings: TrainingSettings | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Study development sets, one line of the file each; sets already there are not repeated.

    Parameters
    ----------
    plan : StudyPlan
        What is drawn and how it is fitted.
    seeds : sequence of int
        One development set each.
    file : pathlib.Path
        JSON lines; made, or continued.
    settings : TrainingSettings, optional
        Settings of the procedure; default those of ``configs/training.yaml``.
    n_jobs : int
        Worker processes.
    progress : callable, optional
        Called with stage, steps done and steps in all.

    Returns
    -------
    pandas.DataFrame
        Result of `read_study` for the whole file.

    Raises
    ------
    ConfigError
        The file holds something else.
    """
    settings = (settings or load_settings()).model_copy(update={"simplify": plan.simplify})
    asked = asdict(plan)
    done = {line["seed"] for line in read_lines(file) if line["plan"] == asked}
    left = [seed for seed in seeds if seed not in done]
    calls = (delayed(study_set)(plan, seed, settings) for seed in left)
    with worker_processes(), file.open("a") as stream:
        found = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls)
        for number, line in enumerate(found, len(seeds) - len(left) + 1):
            stream.write(json.dumps(line) + "\n")
            stream.flush()
            if progress is not None:
                progress("development sets", number, len(seeds))
    return read_study(file)


def study_set(plan: StudyPlan, seed: int, settings: TrainingSettings) -> dict[str, Any]:
    """Draw one development set, fit, estimate, and find the truth.

    Parameters
    ----------
    plan : StudyPlan
        What is drawn.
    seed : int
        Seed of registry, folds and resamples.
    settings : TrainingSettings
        Settings of the procedure.

    Returns
    -------
    dict
        plan, seed, simulator (digest of its parameters), n, n_events, w_trees, failed (refits),
        instability (share of fresh patients whose interval holds the true risk, and the mean
        absolute error of the refits), and figures: learner, figure, estimator, estimate, lower,
        upper, truth; or failure, why the set would have been refused.
    """
    digest, cohort, fresh, risk = _drawn(plan, seed)
    key = (plan.endpoint, plan.prediction_time)
    fitted = run_refit(Refit(*key, "development", seed), cohort, settings).fitted
    failed = {"plan": asdict(plan), "seed": seed, "simulator": digest}
    if fitted is None:
        return failed | {"failure": "no model"}
    features = fitted.model.features
    resamples = [
        run_refit(refit, cohort, settings, features)
        for refit in plan_resamples(*key, plan.n_resamples, seed=seed + 2_000_000)
    ]
    members = [result for result in resamples if result.fitted is not None]
    apparent = learner_risks(fitted.model, cohort)
    try:
        estimates = _estimates(plan, seed, cohort, settings, apparent, members)
    except TrainingError as error:  # what refuses a fold would refuse the training, too
        return failed | {"failure": str(error)}
    at_fresh = learner_risks(fitted.model, fresh)
    figures = []
    for learner in LEARNERS:
        truth = _truth(risk, at_fresh[learner])
        for figure, estimator, metric in estimates[learner]:
            found: dict[str, Any] = {"learner": learner, "figure": figure, "estimator": estimator}
            found |= {"estimate": metric.estimate, "lower": metric.lower, "upper": metric.upper}
            figures.append(found | {"truth": truth[figure]})
    return {
        "plan": asdict(plan), "seed": seed, "simulator": digest, "n": cohort.n,
        "n_events": cohort.n_events, "w_trees": fitted.model.blend.w_trees,
        "failed": len(resamples) - len(members),
        "instability": _instability(members, fresh, risk, at_fresh["model"]), "figures": figures,
    }  # fmt: skip


def _drawn(plan: StudyPlan, seed: int) -> tuple[str, Cohort, Cohort, FloatArray]:
    """Return the simulator's digest, a development set, fresh patients and their true risks."""
    wanted = plan.n + plan.n_fresh
    simulated = simulate(int(_PER_PATIENT * wanted), seed=seed)
    tables = {name: getattr(simulated, name) for name in REGISTRY}
    registry, failures = registry_of_frames(tables, simulated=True)
    require_clean(failures)
    cohort = build_cohort(registry, load_endpoint(plan.endpoint))
    patient = np.unique(cohort.patient_id, return_inverse=True)[1]
    place = np.random.default_rng(seed).permutation(patient.max() + 1)[patient]
    if patient.max() + 1 < wanted:
        raise ConfigError(f"{wanted} patients wanted, {patient.max() + 1} drawn")
    development = cohort.take(np.flatnonzero(place < plan.n))
    fresh = cohort.take(np.flatnonzero((place >= plan.n) & (place < wanted)))
    truth = simulated.truth.set_index("episode_id")[f"risk_{plan.endpoint}"]
    return simulated.digest, development, fresh, truth.reindex(fresh.episode_id).to_numpy()


def _estimates(
    plan: StudyPlan,
    seed: int,
    cohort: Cohort,
    settings: TrainingSettings,
    apparent: dict[str, FloatArray],
    members: Sequence[RefitResult],
) -> dict[str, list[tuple[str, str, Metric]]]:
    key = (plan.endpoint, plan.prediction_time)
    folds = plan_folds(*key, settings.model_copy(update={"outer_repeats": 1}), seed=seed)
    crossed = [run_refit(refit, cohort, settings) for refit in folds]
    risks = collect_folds(crossed, cohort.n, repeats=1)
    fold = fold_of(crossed, cohort.n, repeats=1)
    halves = settings.model_copy(update={"outer_folds": 2})
    split = run_refit(Refit(*key, "fold", seed + 1_000_000), cohort, halves)
    weight = cohort_weights(cohort, settings)
    everybody = np.arange(cohort.n)
    found: dict[str, list[tuple[str, str, Metric]]] = {}
    for learner in LEARNERS:
        judged = [("apparent", everybody, apparent[learner]),
                  ("cross_validated", everybody, risks[learner])]  # fmt: skip
        if split.rows is not None:
            judged.append(("split", split.rows, split.risk[learner]))
        estimated = {
            (figure, estimator): _judge(compute, cohort, weight, rows, risk)
            for estimator, rows, risk in judged
            for figure, compute in FIGURES.items()
        }
        within = partial(c_statistic, folds=fold)
        estimated["c_statistic", ACROSS] = estimated["c_statistic", "cross_validated"]
        estimated["c_statistic", "cross_validated"] = _judge(
            within, cohort, weight, everybody, risks[learner]
        )
        found[learner] = [(*names, metric) for names, metric in estimated.items()]
        if members:
            found[learner] += _corrected(cohort, weight, apparent[learner], members, learner)
    return found


def _judge(
    compute: Callable[..., Metric],
    cohort: Cohort,
    weight: FloatArray,
    rows: IntArray,
    risk: FloatArray,
) -> Metric:
    y = cohort.outcome.event[rows].astype(float)
    return compute(y, risk, sample_weight=weight[rows], groups=cohort.patient_id[rows])


def _corrected(
    cohort: Cohort,
    weight: FloatArray,
    risk: FloatArray,
    members: Sequence[RefitResult],
    learner: str,
) -> Iterator[tuple[str, str, Metric]]:
    y = cohort.outcome.event.astype(float)
    resamples = [Resample(m.times, m.risk[learner]) for m in members if m.times is not None]
    table = optimism_table(y, risk, resamples, sample_weight=weight, groups=cohort.patient_id)
    for row in table[table["metric"].isin(FIGURES)].to_dict("records"):
        limits = [None if np.isnan(row[end]) else row[end] for end in ("lower", "upper")]
        yield row["metric"], row["estimator"], Metric(row["metric"], row["estimate"], *limits)


def _truth(true_risk: FloatArray, risk: FloatArray) -> dict[str, float]:
    """Return the expected figures: each patient counts as an event by the true risk."""
    y = np.repeat([1.0, 0.0], len(risk))
    weight, twice = np.concatenate([true_risk, 1 - true_risk]), np.tile(risk, 2)
    return {
        name: compute(y, twice, sample_weight=weight).estimate for name, compute in FIGURES.items()
    }


def _instability(
    members: Sequence[RefitResult], fresh: Cohort, true_risk: FloatArray, shown: FloatArray
) -> dict[str, float]:
    """Return how often the instability interval holds the true risk, and the refits' error."""
    if not members:
        return {}
    risks = np.array([learner_risks(m.fitted.model, fresh)["model"] for m in members if m.fitted])
    low, high = np.quantile(risks, _TAILS, axis=0)
    return {
        "held": float(np.mean((low <= true_risk) & (true_risk <= high))),
        "held_shown": float(np.mean((low <= shown) & (shown <= high))),
        "mape": float(np.mean(np.abs(risks - shown))),
    }
