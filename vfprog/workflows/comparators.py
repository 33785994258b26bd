"""Every model beside simpler rules, on the folds of its cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.features.design import derive_features, feature_matrix
from vfprog.models.procedure import cohort_weights
from vfprog.records import Table
from vfprog.validation.comparators import (
    cross_validated_risks,
    prevalence,
    single_predictors,
    unpenalised_logistic,
)
from vfprog.validation.comparison import differences_to_strategy, paired_differences
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.performance import performance_or_reason, undefined_performance
from vfprog.validation.published import published_comparators
from vfprog.validation.utility import decision_curve
from vfprog.workflows.curves import THRESHOLDS
from vfprog.workflows.labels import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.scoring.model import PrognosticModel
    from vfprog.validation.comparators import Comparator, ComparatorRisks
    from vfprog.workflows.refitting import Work

_LEARNERS = {"logistic": "Logistic part alone", "trees": "Trees alone"}
_STRATEGIES = {"treat_all": "Treat all", "treat_none": "Treat none"}
# What a risk that is the same for all participants of a fold cannot have.
_NO_RANK = ("c_statistic", "calibration_slope", "ici", "e50", "e90", "emax")


class _Judge:
    """The participants of one endpoint whose outcome is known, their weights and their folds."""

    def __init__(self, cohort: Cohort, weight: FloatArray, fold: IntArray) -> None:
        self.known = weight > 0
        self.y = cohort.outcome.event[self.known].astype(float)
        self.shared: dict[str, Any] = {
            "sample_weight": weight[self.known], "groups": cohort.patient_id[self.known],
        }  # fmt: skip
        self.ranked = self.shared | {"folds": fold[:, self.known]}

    def of(self, risk: FloatArray) -> FloatArray:
        """Return the risks of those participants."""
        known: FloatArray = risk[..., self.known]
        return known


def comparator_tables(work: Work) -> Iterator[Table]:
    """Yield how simpler rules do on the folds of each model, and how much the model gains.

    Parameters
    ----------
    work : Work
        Cohorts, models, folds and cross-validated risks.

    Yields
    ------
    Table
        ``comparators``: the figures of each, behind comparator, label, kind, made_for and note;
        ``comparator_differences``: model minus comparator, learner or strategy, see
        `vfprog.validation.comparison.paired_differences`; ``comparator_decision_curves``: net
        benefit over the thresholds of the model, its learners, treating all and none and every
        comparator of more than one predictor.
    """
    kept: dict[str, list[pd.DataFrame]] = {}
    for name in work.cohorts:
        models = [m for m, fitted in work.fitted.items() if fitted.model.endpoint.name == name]
        for model, done in _compared(work, name, models).items():
            spec = work.fitted[model].model
            cohort = work.cohorts[name]
            judge = _Judge(cohort, cohort_weights(cohort, work.settings), work.left_out[model])
            ours = {learner: judge.of(risk) for learner, risk in work.risks[model].items()}
            for title, table in (
                ("comparators", _figures(done, judge)),
                ("comparator_differences", _differences(done, ours, judge)),
                ("comparator_decision_curves", _curves(done, ours, judge)),
            ):
                kept.setdefault(title, []).append(labelled(table, spec))
    for title, tables in kept.items():
        yield Table(title, pd.concat(tables, ignore_index=True))


def _compared(work: Work, endpoint: str, models: list[str]) -> dict[str, list[ComparatorRisks]]:
    """Return the risks of the comparators of each model; what models share is learned once."""
    cohort = work.cohorts[endpoint]
    if not models:
        return {}
    derived = derive_features(cohort.arrays, cohort.dictionary)
    own = {m: _own(work.fitted[m].model, derived, cohort) for m in models}
    shared = {c.name: c for c in (prevalence(cohort.n), *published_comparators(cohort))}
    singles = {m: {c.name: c for c in singly} for m, (singly, _) in own.items()}
    for of_model in singles.values():
        shared |= of_model
    folds = sorted(work.folds[models[0]], key=lambda r: (r.refit.repeat, r.refit.fold))
    held_out = [(r.refit.repeat, r.rows) for r in folds if r.rows is not None]
    options = {"n_jobs": work.n_jobs}
    found = cross_validated_risks([*shared.values()], cohort, work.settings, held_out, **options)
    done = {}
    for step, model in enumerate(models, 1):
        plain = cross_validated_risks([own[model][1]], cohort, work.settings, held_out, **options)
        able = [f for f in found if _belongs(f.comparator, singles[model])]
        done[model] = [*plain, *able]
        work.progress(f"comparators of {endpoint}", step, len(models))
    return done


def _own(
    model: PrognosticModel, derived: Mapping[str, FloatArray], cohort: Cohort
) -> tuple[list[Comparator], Comparator]:
    X = feature_matrix(model.features, derived, cohort.n)
    singly = single_predictors(model.features, X, cohort.dictionary)
    return singly, unpenalised_logistic(model.features, X)


def _belongs(comparator: Comparator, singles: Mapping[str, Comparator]) -> bool:
    """Return whether a model may be compared with it: it knows the predictor in time."""
    return comparator.kind != "single" or comparator.name in singles


def _figures(done: list[ComparatorRisks], judge: _Judge) -> pd.DataFrame:
    tables = []
    for found in done:
        c = found.comparator
        names = {"comparator": c.name, "label": c.label, "kind": c.kind}
        names |= {"made_for": c.made_for, "note": c.note}
        table = _of_comparator(found, judge)
        tables.append(pd.concat([pd.DataFrame(names, index=table.index), table], axis=1))
    return pd.concat(tables, ignore_index=True)


def _of_comparator(found: ComparatorRisks, judge: _Judge) -> pd.DataFrame:
    """Return the figures of a comparator; calibration errors without interval, for their cost."""
    if found.risk is None:
        n, events = judge.y.size, int(judge.y.sum())
        return undefined_performance(found.reason, n=n, n_events=events)
    table = performance_or_reason(judge.y, judge.of(found.risk), n_bootstrap=0, **judge.ranked)
    if found.comparator.kind == "prevalence":
        rows = table["metric"].isin(_NO_RANK)
        table.loc[rows, ["estimate", "lower", "upper"]] = np.nan
        table.loc[rows, "reason"] = "undefined: all participants of a fold have the same risk"
    if found.comparator.ranking is not None:
        own = c_statistic(judge.y, judge.of(_as_risk(found.comparator.ranking)), **judge.ranked)
        row = table["metric"] == "c_statistic"
        limits = [np.nan if x is None else x for x in (own.lower, own.upper)]
        table.loc[row, ["estimate", "lower", "upper"]] = [own.estimate, *limits]
        table.loc[row, "method"] = (
            "influence function, logit scale; of the score itself, pairs within folds"
        )
    return table


def _differences(
    done: list[ComparatorRisks], ours: Mapping[str, FloatArray], judge: _Judge
) -> pd.DataFrame:
    model, tables = ours["model"], []
    for learner in (name for name in ours if name != "model"):
        table = paired_differences(judge.y, model, ours[learner], **judge.ranked)
        tables.append(_named(table, learner, _LEARNERS[learner], "learner"))
    for name, label in _STRATEGIES.items():
        table = differences_to_strategy(
            judge.y, model, treat_all=name == "treat_all", **judge.shared
        )
        tables.append(_named(table, name, label, "strategy"))
    for found in done:
        c = found.comparator
        if found.risk is None:
            continue  # the table of figures says why
        ranking = None if c.ranking is None else judge.of(_as_risk(c.ranking))
        other = judge.of(found.risk)
        table = paired_differences(judge.y, model, other, ranking=ranking, **judge.ranked)
        if c.kind == "prevalence":
            table = table[table["metric"] != "c_statistic"]
        tables.append(_named(table, c.name, c.label, c.kind))
    return pd.concat(tables, ignore_index=True)


def _named(table: pd.DataFrame, name: str, label: str, kind: str) -> pd.DataFrame:
    names = pd.DataFrame({"comparator": name, "label": label, "kind": kind}, index=table.index)
    return pd.concat([names, table], axis=1)


def _curves(
    done: list[ComparatorRisks], ours: Mapping[str, FloatArray], judge: _Judge
) -> pd.DataFrame:
    """Return decision curves, but of single predictors, up to the model's highest risks."""
    highest = max(float(np.quantile(ours["model"], 0.99)), float(THRESHOLDS[0]))
    grid = [threshold for threshold in THRESHOLDS.tolist() if threshold <= highest]
    first = decision_curve(judge.y, ours["model"], grid, **judge.shared)
    tables = [first.assign(label=first["strategy"].map({"model": "Model", **_STRATEGIES}))]
    others = {name: (label, ours[name]) for name, label in _LEARNERS.items() if name in ours}
    others |= {
        found.comparator.name: (found.comparator.label, judge.of(found.risk))
        for found in done
        if found.risk is not None and found.comparator.kind != "single"
    }
    for name, (label, risk) in others.items():
        curve = decision_curve(judge.y, risk, grid, **judge.shared)
        own = curve[curve["strategy"] == "model"]
        tables.append(own.assign(strategy=name, label=label))
    return pd.concat(tables, ignore_index=True)


def _as_risk(score: FloatArray) -> FloatArray:
    """Return a score moved into (0, 1), its order kept."""
    low, high = float(score.min()), float(score.max())
    return (score - low + 1) / (high - low + 2)
