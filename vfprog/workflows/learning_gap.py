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

from vfprog.features.design import derive_features
from vfprog.models.blanking import blank_share
from vfprog.models.procedure import available_predictors, fit_procedure
from vfprog.models.settings import TrainingSettings, load_settings
from vfprog.schema.endpoints import DEFAULT_ENDPOINTS, load_endpoint
from vfprog.validation.calibration import calibration_in_the_large, calibration_slope
from vfprog.validation.discrimination import c_statistic
from vfprog.workflows.simulated_cohorts import FULLY_FOLLOWED, Judged, simulated_cohorts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.features.arrays import FloatArray
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.scoring.model import PrognosticModel
    from vfprog.workflows.inputs import Progress

# Fresh episodes come from many registries: the sites of one would shift every risk by chance.
TEST_REGISTRIES = 20
HALF = 0.5
# At this size two folds and one copy choose as well, in a fraction of time and memory.
REFERENCE = {"inner_folds": 2, "copies": 1}


@dataclass(frozen=True)
class GapPlan:
    """Sizes and seeds of the study.

    Parameters
    ----------
    n_train, n_reference, n_test : int
        Participants of the development registries, of the reference registry, and fresh ones
        (of whom about three in four are treated).
    seeds : tuple of int
        One development registry each.
    times : tuple of str
        Prediction times.
    n_jobs : int
        Threads of XGBoost.
    """

    n_train: int = 5_000
    n_reference: int = 500_000
    n_test: int = 67_000
    # Seeds below 31 served to choose (docs/adr/0004 to 0006 and 0008); these judge the choice.
    seeds: tuple[int, ...] = tuple(range(31, 41))
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
    test = _fresh(plan.n_test)
    sizes = {0: plan.n_reference} | dict.fromkeys(plan.seeds, plan.n_train)
    rows: list[dict[str, Any]] = []
    for done, (seed, n) in enumerate(sizes.items(), 1):
        train = _simulated(n, 20_000 + seed, {})
        used = settings if seed else settings.model_copy(update=REFERENCE)
        for name in DEFAULT_ENDPOINTS:
            for time in plan.times:
                fitted = fit_procedure(
                    train[name].cohort, time, used, seed=seed, n_jobs=plan.n_jobs
                )
                found = {"endpoint": name, "prediction_time": time, "seed": seed}
                found |= {"n": fitted.choices["n"], "events": fitted.choices["n_events"]}
                found |= {"w_trees": fitted.choices["w_trees"]}
                rows.append(found | _pooled(fitted.model, [part[name] for part in test]))
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


def _simulated(n: int, seed: int, overrides: Mapping[str, float]) -> dict[str, Judged]:
    endpoints = [load_endpoint(name) for name in DEFAULT_ENDPOINTS]
    return simulated_cohorts(n, endpoints, seed=seed, overrides=overrides)


def _fresh(n: int) -> list[dict[str, Judged]]:
    """Return fully followed episodes of many registries."""
    share = -(-n // TEST_REGISTRIES)
    seeds = range(10_001, 10_001 + TEST_REGISTRIES)
    return [_simulated(share, seed, FULLY_FOLLOWED) for seed in seeds]


def _pooled(model: PrognosticModel, parts: Sequence[Judged]) -> dict[str, float]:
    """Judge a model on the episodes of many registries, whole and with half of the inputs blank."""
    rng = np.random.default_rng(7)
    found = [_risks(model, part, rng) for part in parts]
    y, truth, whole, half = (np.concatenate(column) for column in zip(*found, strict=True))
    figures = {"event_share": float(y.mean()), "c_truth": c_statistic(y, truth).estimate}
    for suffix, risk in (("", whole), ("_half", half)):
        figures[f"c{suffix}"] = c_statistic(y, risk).estimate
        figures[f"slope{suffix}"] = calibration_slope(y, risk).estimate
        figures[f"citl{suffix}"] = calibration_in_the_large(y, risk).estimate
    return figures


def _risks(
    model: PrognosticModel, part: Judged, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    cohort = part.cohort
    known = cohort.outcome.observed
    names = available_predictors(cohort.arrays, 1)
    half = blank_share(cohort.arrays, names, share=HALF, rng=rng)
    risks = []
    for arrays in (cohort.arrays, half):
        derived = derive_features(arrays, cohort.dictionary)
        risks.append(model.risk(model.matrix(derived, arrays.n))[known])
    return cohort.outcome.event[known].astype(float), part.truth[known], risks[0], risks[1]
