"""Update: a bundle adapted to a new registry, as little as the tests allow."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.data.cohort import build_cohort
from vfprog.errors import BundleError, TrainingError
from vfprog.models.procedure import FittedProcedure, cohort_weights
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.bundle_writer import check_free, write_bundle
from vfprog.scoring.members import stack_members
from vfprog.scoring.model import expit
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.performance import performance
from vfprog.validation.resampling import Refit, plan_resamples, run_refit, run_refits
from vfprog.workflows import population
from vfprog.workflows.assemble import bundle_parts
from vfprog.workflows.descent import (
    descended,
    development_tables,
    update_notes,
    update_tables,
)
from vfprog.workflows.doubts import doubts
from vfprog.workflows.inputs import as_recorded, mapping_name, no_progress, open_for
from vfprog.workflows.judging import settings_of
from vfprog.workflows.labels import labelled
from vfprog.workflows.recorded import TABLE, reliance_table
from vfprog.workflows.refit_decision import consider_refit
from vfprog.workflows.refitting import Work
from vfprog.workflows.train import Training
from vfprog.workflows.updating import (
    ModelUpdate,
    decide,
    recalibrated,
    recalibrated_members,
)

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import FloatArray
    from vfprog.schema.endpoints import Endpoint
    from vfprog.scoring.members import Members
    from vfprog.scoring.model import PrognosticModel
    from vfprog.workflows.inputs import Progress

_MEMBER_SEED = 2000
# The parent's figures on the new registry, beside those of its update.
FROZEN = "frozen"
# Those of its recalibration as written, on the episodes it was made from; where folds differ.
SHIPPED = "shipped"


@dataclass
class Updating(Training):
    """Everything one update made; what a training made, and how it was decided.

    Parameters
    ----------
    decisions : pandas.DataFrame
        Every test: model, endpoint, prediction_time, then the columns of
        `vfprog.validation.updating.ClosedTest`.
    changes : dict of str to str
        What became of each model, in words.
    by_model : dict of str to Cohort
        Episodes each model was judged on.
    """

    decisions: pd.DataFrame = field(default_factory=pd.DataFrame)
    changes: dict[str, str] = field(default_factory=dict)
    by_model: dict[str, Cohort] = field(default_factory=dict)

    def cohort_of(self, model: str) -> Cohort:
        """Return the episodes a model was judged on."""
        return self.by_model[model]


def update(
    bundle: Bundle | str | Path,
    source: str | Path | Registry,
    out: str | Path,
    *,
    mapping: str | Path | RegistryMapping | None = None,
    alpha: float = 0.05,
    refit: bool = True,
    resamples: int = 40,
    seed: int = 1,
    other_population: bool = False,
    force: bool = False,
    n_jobs: int | None = None,
    progress: Progress = no_progress,
) -> Updating:
    """Adapt a bundle to a new registry and write it as a new version that names its parent.

    For each model closed testing decides between no change, a new intercept, and a new intercept
    and slope; a refit is considered where there are participants enough. Where the registry
    records less than 80 % of what a model relies on, no more than its intercept changes; where it
    lacks a predictor of the model there is no refit. A model that cannot be judged on the registry,
    or was made for another population, stays as it is.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        The bundle, which is not altered.
    source : str, pathlib.Path or Registry
        The new registry.
    out : str or pathlib.Path
        Folder of the new bundle.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    alpha : float
        Level of the tests.
    refit : bool
        Whether a refit may be considered.
    resamples : int
        Bootstrap members of a model that is refitted.
    seed : int
        Seed of folds, samples and fits.
    other_population : bool
        Update models even where the registry is of other episodes than they were made for.
    force : bool
        Replace an existing bundle, never the parent.
    n_jobs : int, optional
        Worker processes; default one per core.
    progress : callable
        Called with stage, steps done and steps in all.

    Returns
    -------
    Updating
        The new bundle, the decisions, and its performance on the new registry: ``model``,
        cross-validated; ``frozen``, the parent; and, of a recalibration that some fold would not
        have made, ``shipped``, apparent. Pairs of the c-statistic are those of one fold in all.

    Raises
    ------
    InputError
        The registry has errors, or codes a predictor otherwise.
    BundleError
        The place is taken, or is that of the parent.
    TrainingError
        No model can be judged on the registry, or all were made for another population.
    """
    _check_place(bundle, Path(out), force=force)
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    opened = open_for(loaded, source, mapping)
    registry = opened.registry
    work = Work({}, {}, settings_of(loaded), n_jobs or os.cpu_count() or 1, progress)
    rules = _Rules(alpha, refit, other_population, seed)
    updates = _decide_all(loaded, registry, work, rules)
    members = _apply(loaded, updates, work, resamples, seed)
    figures = pd.concat([_judged(u, work, seed) for u in updates.values()], ignore_index=True)
    decisions = pd.concat(
        [labelled(u.table, loaded.model(name)) for name, u in updates.items()], ignore_index=True
    )
    tables = {found.name: found.frame for found in update_tables(updates, work)}
    tables |= {"updating": decisions, TABLE: reliance_table(loaded)}
    tables |= development_tables(loaded, updates)
    changes = {name: one.said for name, one in updates.items()}
    notes = [
        *population.differences(loaded, registry),
        *update_notes(loaded, updates, work.refused),
        *doubts(figures),
    ]
    found = population.reference_warnings(loaded, registry)
    warned = [one for one in opened.warnings if one not in found]
    parts = bundle_parts(
        work, registry, figures, tables, notes, loaded.manifest["name"], seed, resamples
    )
    parts = descended(parts, loaded, registry, members, updates)
    parts.provenance["asked"] = {"mapping": mapping_name(mapping), "resamples": resamples,
                                 **rules.asked}  # fmt: skip
    return Updating(
        bundle=write_bundle(parts, out, force=force), parts=parts, cohorts=work.cohorts,
        fitted=work.fitted, risks=work.risks, performance=figures, tables=tables,
        refused=work.refused, notes=notes, warnings=(*warned, *found), registry=registry,
        settings=work.settings, seed=seed, decisions=decisions, changes=changes,
        by_model={name: one.cohort for name, one in updates.items()},
    )  # fmt: skip


def _check_place(bundle: Bundle | str | Path, out: Path, *, force: bool) -> None:
    if not isinstance(bundle, Bundle) and Path(bundle).resolve() == out.resolve():
        raise BundleError(f"{out} is the bundle to be updated; a new version needs another folder")
    check_free(out, force=force)


@dataclass(frozen=True)
class _Rules:
    alpha: float
    refit: bool
    other_population: bool
    seed: int

    @property
    def asked(self) -> dict[str, float | bool]:
        """What decides beside the data, as the options name it."""
        return {"alpha": self.alpha, "refit": self.refit, "other_population": self.other_population}


def _decide_all(
    bundle: Bundle, registry: Registry, work: Work, rules: _Rules
) -> dict[str, ModelUpdate]:
    updates: dict[str, ModelUpdate] = {}
    for done, name in enumerate(bundle.model_names, 1):
        model = bundle.model(name)
        try:
            _check_population(model.endpoint, registry, rules)
            cohort = _cohort(bundle, model.endpoint.name, registry, work)
            updates[name] = decide(
                bundle, name, cohort, work.settings, alpha=rules.alpha, seed=rules.seed
            )
        except (TrainingError, UndefinedFigureError) as error:
            work.refused[name] = str(error)
            continue
        if rules.refit:
            consider_refit(updates[name], model, work.settings, seed=rules.seed, n_jobs=work.n_jobs)
        work.progress("tests", done, len(bundle.model_names))
    if not updates:
        lines = "\n".join(f"{name}: {why}" for name, why in work.refused.items())
        raise TrainingError(f"no model can be updated on this registry:\n{lines}")
    return updates


def _check_population(endpoint: Endpoint, registry: Registry, rules: _Rules) -> None:
    other = population.other_population(endpoint, registry)
    if other and not rules.other_population:
        raise TrainingError(f"{other}; --other-population updates it all the same")


def _cohort(bundle: Bundle, endpoint: str, registry: Registry, work: Work) -> Cohort:
    """Return the cohort of an endpoint with the predictors of the bundle."""
    if endpoint not in work.cohorts:
        rule = bundle.model(f"{endpoint}_{bundle.endpoints[endpoint][0]}").endpoint
        cohort = build_cohort(registry, as_recorded(rule, registry))
        work.cohorts[endpoint] = replace(cohort, dictionary=bundle.dictionary)
    return work.cohorts[endpoint]


def _apply(
    bundle: Bundle, updates: dict[str, ModelUpdate], work: Work, resamples: int, seed: int
) -> dict[str, Members]:
    """Fill in the models and their risks; return the members of every model of the bundle."""
    kept = {name: bundle.members(name) for name in bundle.model_names}
    members = {name: found for name, found in kept.items() if found is not None}
    for name, one in updates.items():
        if one.change == "refit":
            members.pop(name, None)
            members |= _refitted(name, one, bundle, work, resamples, seed)
        else:
            model = recalibrated(bundle.model(name), one.test)
            work.fitted[name] = FittedProcedure(model, bundle.booster(name), _choices(one, model))
            if name in members:
                members[name] = recalibrated_members(members[name], one.test)
        judged = {learner: expit(log_odds)[None, :] for learner, log_odds in _learners(one).items()}
        work.risks[name], work.left_out[name] = judged, one.fold[None, :]
    return members


def _refitted(
    name: str, one: ModelUpdate, bundle: Bundle, work: Work, resamples: int, seed: int
) -> dict[str, Members]:
    model = bundle.model(name)
    key = (model.endpoint.name, model.prediction_time)
    result = run_refit(Refit(*key, "development", seed), one.cohort, work.settings)
    if result.fitted is None:
        raise TrainingError(f"{name}: {result.failure}")
    fitted = result.fitted
    work.fitted[name] = replace(fitted, choices={**fitted.choices, "change": one.change})
    plan = plan_resamples(*key, resamples, seed=seed + _MEMBER_SEED)
    done = run_refits(
        plan, {key[0]: one.cohort}, work.settings, features={name: fitted.model.features},
        n_jobs=work.n_jobs,
    )  # fmt: skip
    ordered = sorted(done, key=lambda refit: refit.refit.seed)
    models = [refit.fitted.model for refit in ordered if refit.fitted is not None]
    return {name: stack_members(models)} if models else {}


def _choices(one: ModelUpdate, model: PrognosticModel) -> dict[str, Any]:
    observed = one.cohort.outcome.observed
    return {
        "change": one.change, "intercept": one.test.intercept, "slope": one.test.slope,
        "a": model.blend.a, "b": model.blend.b,
        "n_update": int(observed.sum()), "n_events_update": one.cohort.n_events,
    }  # fmt: skip


def _judged(one: ModelUpdate, work: Work, seed: int) -> pd.DataFrame:
    cohort, model = one.cohort, work.fitted[one.name].model
    weight = cohort_weights(cohort, work.settings)
    known = weight > 0
    y = cohort.outcome.event[known].astype(float)

    # Before and after rank the same pairs: a recalibration cannot seem to rank better.
    folds = None if one.change == "no_change" else one.fold[known]
    tables = []
    for learner, log_odds in _learners(one).items():
        table = performance(
            y, expit(log_odds[known]), sample_weight=weight[known],
            groups=cohort.patient_id[known], folds=folds, random_state=seed,
        )  # fmt: skip
        tables.append(labelled(table, model, learner=learner))
    return pd.concat(tables)


def _learners(one: ModelUpdate) -> dict[str, FloatArray]:
    """Return the log-odds to be judged, by learner."""
    found = {"model": one.updated, FROZEN: one.frozen}
    return found | ({SHIPPED: one.test.apply(one.frozen)} if one.folds_differ else {})
