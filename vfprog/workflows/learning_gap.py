"""How close models trained on a registry of ordinary size come to what could be learned.

Simulated only: models are trained on registries as they are (missing values, dropout), and judged
on fresh episodes that are fully followed, as recorded and with half of the inputs blank, beside
the same learners trained on a registry a hundred times as large and beside the true risks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.cohort import Cohort, build_cohort
from vfprog.data.readers import registry_of_frames, require_clean
from vfprog.features.design import derive_features
from vfprog.models.blanking import blank_share
from vfprog.models.procedure import available_predictors, fit_procedure
from vfprog.models.settings import TrainingSettings, load_settings
from vfprog.schema.endpoints import DEFAULT_ENDPOINTS, load_endpoint
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate
from vfprog.validation.calibration import calibration_in_the_large, calibration_slope
from vfprog.validation.discrimination import c_statistic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import EpisodeArrays, FloatArray
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.scoring.model import PrognosticModel
    from vfprog.workflows.inputs import Progress

# Fresh episodes are followed to the end and all treated, so that every outcome is known.
FULLY_FOLLOWED = {"dropout": 0.0, "treated_fraction": 1.0}
HALF = 0.5
# At this size two folds choose as well as five, and in less than half the time.
REFERENCE_FOLDS = 2


@dataclass(frozen=True)
class GapPlan:
    """Sizes and seeds of the study.

    Parameters
    ----------
    n_train, n_reference, n_test : int
        Participants of the development registries, of the reference registry, and fresh ones.
    seeds : tuple of int
        One development registry each.
    times : tuple of str
        Prediction times.
    n_jobs : int
        Threads of XGBoost.
    """

    n_train: int = 5_000
    n_reference: int = 500_000
    n_test: int = 50_000
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    times: tuple[PredictionTime, ...] = ("preprocedure", "postprocedure")
    n_jobs: int = 2


def learning_gap(
    plan: GapPlan, *, settings: TrainingSettings | None = None, progress: Progress | None = None
) -> pd.DataFrame:
    """Measure the gap for every endpoint, prediction time and seed.

    Parameters
    ----------
    plan : GapPlan
        Sizes and seeds.
    settings : TrainingSettings, optional
        Settings of the procedure; default those of ``configs/training.yaml``.
    progress : callable, optional
        Called with stage, steps done and steps in all.

    Returns
    -------
    pandas.DataFrame
        One row per endpoint, prediction time and seed (seed 0 is the reference): n, events, c,
        c_truth (of the true risks), slope and citl, and c, slope and citl with half of the inputs
        blank.
    """
    settings = settings or load_settings()
    test, truth = _simulated(plan.n_test, 10_001, FULLY_FOLLOWED)
    sizes = {0: plan.n_reference} | dict.fromkeys(plan.seeds, plan.n_train)
    rows: list[dict[str, Any]] = []
    for done, (seed, n) in enumerate(sizes.items(), 1):
        train, _ = _simulated(n, 20_000 + seed, {})
        used = settings if seed else settings.model_copy(update={"inner_folds": REFERENCE_FOLDS})
        for name in DEFAULT_ENDPOINTS:
            for time in plan.times:
                fitted = fit_procedure(train[name], time, used, seed=seed, n_jobs=plan.n_jobs)
                found = {"endpoint": name, "prediction_time": time, "seed": seed}
                found |= {"n": fitted.choices["n"], "events": fitted.choices["n_events"]}
                found |= {"w_trees": fitted.choices["w_trees"]}
                rows.append(found | _judged(fitted.model, test[name], truth[name]))
        if progress is not None:
            progress("registries", done, len(sizes))
    return pd.DataFrame(rows)


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Return the median over seeds of each figure, and of the gap to the reference.

    Parameters
    ----------
    table : pandas.DataFrame
        Result of `learning_gap`.

    Returns
    -------
    pandas.DataFrame
        One row per endpoint and prediction time.
    """
    keys = ["endpoint", "prediction_time"]
    reference = table[table["seed"] == 0].set_index(keys)
    trained = table[table["seed"] > 0].join(
        reference[["c", "c_half"]].add_suffix("_reference"), on=keys
    )
    trained["gap"] = trained["c_reference"] - trained["c"]
    trained["gap_half"] = trained["c_half_reference"] - trained["c_half"]
    figures = ["n", "events", "event_share", "c", "c_reference", "c_truth", "gap", "slope", "citl",
               "c_half", "gap_half", "slope_half", "citl_half"]  # fmt: skip
    return trained.groupby(keys, sort=False)[figures].median().reset_index()


def _simulated(
    n: int, seed: int, overrides: Mapping[str, float]
) -> tuple[dict[str, Cohort], dict[str, FloatArray]]:
    """Return the cohort of each endpoint and the true risks of its episodes."""
    simulated = simulate(n, seed=seed, overrides=overrides)
    registry, failures = registry_of_frames(
        {name: getattr(simulated, name) for name in REGISTRY}, simulated=True
    )
    require_clean(failures)
    truth = simulated.truth.set_index("episode_id")
    cohorts = {name: build_cohort(registry, load_endpoint(name)) for name in DEFAULT_ENDPOINTS}
    risks = {
        name: truth.loc[cohort.episode_id, f"risk_{name}"].to_numpy()
        for name, cohort in cohorts.items()
    }
    return cohorts, risks


def _judged(model: PrognosticModel, cohort: Cohort, truth: FloatArray) -> dict[str, float]:
    known = np.flatnonzero(cohort.outcome.observed)
    y = cohort.outcome.event[known].astype(float)
    names = available_predictors(cohort.arrays, 1)
    half = blank_share(cohort.arrays, names, share=HALF, rng=np.random.default_rng(7))
    found = {"event_share": float(y.mean()), "c_truth": c_statistic(y, truth[known]).estimate}
    for suffix, arrays in (("", cohort.arrays), ("_half", half)):
        risk = _risk(model, cohort, arrays)[known]
        found[f"c{suffix}"] = c_statistic(y, risk).estimate
        found[f"slope{suffix}"] = calibration_slope(y, risk).estimate
        found[f"citl{suffix}"] = calibration_in_the_large(y, risk).estimate
    return found


def _risk(model: PrognosticModel, cohort: Cohort, arrays: EpisodeArrays) -> FloatArray:
    derived = derive_features(arrays, cohort.dictionary)
    return model.risk(model.matrix(derived, arrays.n))
