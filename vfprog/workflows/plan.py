"""Plan a study: what a registry of a given size would find, by repeated simulation.

For each size registries are simulated; on each the whole procedure is trained and cross-validated
as on a real one, and the model is judged on fresh patients. The power to see an effect of
spinopelvic alignment is that of a joint test, beside how often the same test errs without effect.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import beta

from vfprog.errors import ConfigError, TrainingError
from vfprog.models.settings import load_settings
from vfprog.models.workers import worker_processes
from vfprog.plots.base import mark_simulated
from vfprog.plots.planning import planning_figure
from vfprog.records import Figure, Table
from vfprog.schema.endpoints import Endpoint, load_endpoint
from vfprog.simulate import load_simulation
from vfprog.workflows.files import check_folder, result_folder, write_table
from vfprog.workflows.inputs import no_progress
from vfprog.workflows.plan_studies import Study, alignment_p_value, model_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vfprog.models.settings import TrainingSettings
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.workflows.inputs import Progress

EFFECT = "alignment_effect"
TREATED = "treated_fraction"
ALPHA = 0.05
FEWEST_PARTICIPANTS = 50
_FIGURES = (
    "n", "n_events", "c_statistic", "calibration_slope", "c_cross_validated", "c_interval_width",
    "slope_interval_width",
)  # fmt: skip
_QUANTILES = (0.05, 0.95)
COLUMNS = ("participants", "figure", "estimate", "lower", "upper", "mc_error", "repeats", "reason")


@dataclass(frozen=True)
class Planned:
    """What studies of several sizes would find; simulated throughout.

    Parameters
    ----------
    table : pandas.DataFrame
        Long table: participants, figure, estimate, lower, upper, mc_error, repeats, reason. For a
        figure of a model the estimate is the mean over the studies, the limits hold nine in ten of
        them, and mc_error is the standard error of the mean; for power and false positives the
        limits are those of Clopper and Pearson at 95 %.
    studies : pandas.DataFrame
        One row per trained study.
    tests : pandas.DataFrame
        One row per test: participants, seed, question, effect, n, p_value, failure.
    effect : float
        Value of ``alignment_effect`` whose power is stated.
    endpoint : Endpoint
        The endpoint.
    """

    table: pd.DataFrame
    studies: pd.DataFrame
    tests: pd.DataFrame
    effect: float
    endpoint: Endpoint


def plan(
    participants: Sequence[int],
    *,
    endpoint: str | Path | Endpoint = "response",
    prediction_time: PredictionTime = "preprocedure",
    effect: float = 1.0,
    repeats: int = 20,
    power_repeats: int = 200,
    overrides: Mapping[str, float] | None = None,
    settings: TrainingSettings | None = None,
    seed: int = 1,
    fresh: int = 20_000,
    n_jobs: int | None = None,
    progress: Progress = no_progress,
) -> Planned:
    """Say what registries of several sizes would find, and with what power.

    Parameters
    ----------
    participants : sequence of int
        Sizes, at least 50 each; about three in four participants are treated.
    endpoint : str, pathlib.Path or Endpoint
        The endpoint.
    prediction_time : {"preprocedure", "postprocedure"}
        What the models may know.
    effect : float
        Value of the simulator's ``alignment_effect`` whose power is wanted; its parts are in
        ``configs/simulation.yaml``. Models are trained without it unless ``overrides`` sets it.
    repeats, power_repeats : int
        Studies trained, and tests made, per size.
    overrides : mapping of str to float, optional
        Parameters of the simulator to change throughout.
    settings : TrainingSettings, optional
        Settings of the procedure; default those of ``configs/training.yaml``.
    seed : int
        Seed of the first study.
    fresh : int
        Participants on which each model is judged.
    n_jobs : int, optional
        Worker processes of one thread each; default one per core.
    progress : callable
        Called with stage, steps done and steps in all.

    Returns
    -------
    Planned
        Long table, one row per study and one per test.

    Raises
    ------
    ConfigError
        A size or number of repeats makes no sense, or a parameter is unknown.
    TrainingError
        No study of any size could be trained.
    """
    rule = endpoint if isinstance(endpoint, Endpoint) else load_endpoint(endpoint)
    world = dict(overrides or {})
    _check(participants, repeats, power_repeats, world | {EFFECT: effect})
    first = Study(0, seed, rule, prediction_time, settings or load_settings(),
                  tuple(sorted(world.items())), fresh)  # fmt: skip
    sizes = sorted(set(participants))
    jobs = n_jobs or os.cpu_count() or 1
    calls = [(model_study, (s,)) for s in _studies(first, sizes, repeats)]
    trained = pd.DataFrame(_run(calls, jobs, "studies", progress))
    if (trained["failure"] != "").all():
        raise TrainingError(f"no study could be trained: {trained['failure'].iloc[0]}")
    tests = _tests(first, sizes, power_repeats, effect, jobs, progress)
    table = pd.concat([_of_models(trained), _of_tests(tests)], ignore_index=True)
    order = table.sort_values("participants", kind="stable", ignore_index=True)
    return Planned(order[list(COLUMNS)], trained, tests, effect, rule)


def planning_records(planned: Planned) -> Iterator[Table | Figure]:
    """Yield the tables of a plan and its figure, marked as simulated.

    Parameters
    ----------
    planned : Planned
        What `plan` returned.

    Yields
    ------
    Table or Figure
        ``plan``, ``studies``, ``tests`` and the figure ``plan``.
    """
    yield Table("plan", planned.table)
    yield Table("studies", planned.studies)
    yield Table("tests", planned.tests)
    title = f"{planned.endpoint.label}: what a study would find"
    figure = planning_figure(planned.table, title=title)
    yield Figure("plan", mark_simulated(figure, rows=2, columns=2))


def write_plan(planned: Planned, out: str | Path, *, force: bool = False) -> Path:
    """Write tables and figure of a plan to a folder, beside first; see `planning_records`."""
    folder = check_folder(out, force=force)
    with result_folder(folder, force=force) as beside:
        for record in planning_records(planned):
            if isinstance(record, Table):
                write_table(record.frame, beside / f"{record.name}.csv")
            else:
                record.figure.savefig(beside / f"{record.name}.png", dpi=150)
    return folder


def _check(
    participants: Sequence[int], repeats: int, power_repeats: int, world: Mapping[str, float]
) -> None:
    load_simulation().with_overrides(world)
    small = [str(n) for n in participants if n < FEWEST_PARTICIPANTS]
    if small or not participants:
        raise ConfigError(
            f"participants: each size must be at least {FEWEST_PARTICIPANTS}, "
            f"got {', '.join(small) or 'none'}"
        )
    for name, number in (("repeats", repeats), ("power_repeats", power_repeats)):
        if number < 2:
            raise ConfigError(f"{name} must be at least 2, got {number}")


def _studies(first: Study, sizes: Sequence[int], repeats: int) -> list[Study]:
    """Return the studies, the largest first: they take longest."""
    return [
        replace(first, participants=n, seed=first.seed + i)
        for n in reversed(sizes)
        for i in range(repeats)
    ]


def _tests(
    first: Study, sizes: Sequence[int], repeats: int, effect: float, jobs: int, progress: Progress
) -> pd.DataFrame:
    """Return the p-values with the effect and without it, the same patients in both worlds."""
    base = dict(first.world)
    both = base.get(TREATED, load_simulation()[TREATED]) < 1
    questions = ("prognosis", "benefit") if both else ("prognosis",)
    rows = []
    calls: list[tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]] = []
    for value in dict.fromkeys((effect, 0.0)):
        world = tuple(sorted((base | {EFFECT: value}).items()))
        for study in _studies(replace(first, world=world), sizes, repeats):
            calls += [(alignment_p_value, (study, question)) for question in questions]
            rows += [value] * len(questions)
    found = pd.DataFrame(_run(calls, jobs, "tests of alignment", progress))
    return found.assign(effect=rows)


def _run(
    calls: Sequence[tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]],
    jobs: int,
    stage: str,
    progress: Progress,
) -> list[dict[str, Any]]:
    work = (delayed(function)(*arguments) for function, arguments in calls)
    found = []
    with worker_processes():
        results = Parallel(n_jobs=jobs, return_as="generator")(work)
        for done, result in enumerate(results, 1):
            found.append(result)
            progress(stage, done, len(calls))
    return found


def _of_models(trained: pd.DataFrame) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for n, part in trained.groupby("participants"):
        failed = int((part["failure"] != "").sum())
        reason = f"{failed} of {len(part)} studies could not be trained" if failed else ""
        good = part[part["failure"] == ""]
        for figure in _FIGURES if len(good) else ():
            values = good[figure].astype(float).dropna()
            if len(values):
                low, high = values.quantile(list(_QUANTILES))
                error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
                rows.append(_row(n, figure, values.mean(), low, high, error, len(values), reason))
        met = int(good["riley_met"].astype(bool).sum()) if len(good) else 0
        rows.append(_share(n, "riley_met", met, len(part), reason))
    return pd.DataFrame(rows)


def _of_tests(tests: pd.DataFrame) -> pd.DataFrame:
    """Return how often the test rejects: a test that could not be made has not."""
    rows = []
    for (n, question, effect), part in tests.groupby(["participants", "question", "effect"]):
        hits = int((part["p_value"] < ALPHA).sum())
        failed = int((part["failure"] != "").sum())
        reason = f"{failed} of {len(part)} tests undefined" if failed else ""
        name = f"power_{question}" if effect else f"false_positive_{question}"
        rows.append(_share(n, name, hits, len(part), reason))
    return pd.DataFrame(rows)


def _share(n: Any, figure: str, hits: int, repeats: int, reason: str) -> dict[str, Any]:
    """Return a proportion with Clopper and Pearson's exact limits (Biometrika 1934;26:404)."""
    p = hits / repeats
    low = beta.ppf(0.025, hits, repeats - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, repeats - hits) if hits < repeats else 1.0
    error = float(np.sqrt(p * (1 - p) / repeats))
    return _row(n, figure, p, float(low), float(high), error, repeats, reason)


def _row(n: Any, figure: str, *cells: Any) -> dict[str, Any]:
    return dict(zip(COLUMNS, (int(n), figure, *cells), strict=True))
