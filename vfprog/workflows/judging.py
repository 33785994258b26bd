"""One frozen model judged on one cohort: figures, sites, case mix, time to the event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.batch.score import bulk_log_odds
from vfprog.data.participants import count_participants, participant_of
from vfprog.errors import TrainingError
from vfprog.features.design import derive_features
from vfprog.models.procedure import cohort_weights
from vfprog.models.settings import TrainingSettings
from vfprog.schema.subgroups import Subgroups, load_subgroups
from vfprog.scoring.choice import known_after_procedure
from vfprog.scoring.model import expit
from vfprog.validation.case_mix import case_mix
from vfprog.validation.heterogeneity import by_site, n_usable
from vfprog.validation.performance import performance
from vfprog.workflows.calibration_tests import calibration_row
from vfprog.workflows.case_mix import beside_development
from vfprog.workflows.curves import judged_curves
from vfprog.workflows.doubts import doubts
from vfprog.workflows.labels import labelled
from vfprog.workflows.subgroups import subgroup_figures
from vfprog.workflows.time_to_event import is_dated, time_to_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.scoring.bundle import Bundle

# Names of absent predictors, or of small sites, spelled out in a note.
_SHOWN = 5
_FEWEST_SITES = 2
_FEW_EVENTS = 100
_NOT_TOLD = "unknown"  # what reading a registry puts where no site is told


@dataclass
class Judged:
    """How one frozen model did.

    Parameters
    ----------
    performance, case_mix, time_to_event, by_site, subgroups, calibration_tests : pandas.DataFrame
        Long tables behind model, endpoint and prediction_time; those of times and sites are empty
        where the endpoint is not dated, or sites cannot be compared.
    risks : pandas.DataFrame
        episode_id, outcome, weight and risk of the episodes judged.
    curves : dict of str to pandas.DataFrame
        Those of `vfprog.workflows.curves.judged_curves`, behind the same columns.
    notes : list of str
        What a reader of the figures must see.
    """

    performance: pd.DataFrame
    case_mix: pd.DataFrame
    risks: pd.DataFrame
    time_to_event: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_site: pd.DataFrame = field(default_factory=pd.DataFrame)
    subgroups: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration_tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    curves: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def judge_frozen(bundle: Bundle, name: str, cohort: Cohort) -> Judged:
    """Judge one model of a bundle on the episodes it is for.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    name : str
        Name of the model.
    cohort : Cohort
        Episodes of its endpoint.

    Returns
    -------
    Judged
        Figures, case mix, time to the event, sites.

    Raises
    ------
    TrainingError
        Nobody's outcome is known, or too few are, see `require_enough`.
    UndefinedFigureError
        Only one outcome class is present.
    """
    model = bundle.model(name)
    cohort = answered_by(bundle, name, cohort)
    weight = cohort_weights(cohort, settings_of(bundle)) if cohort.n else np.zeros(0)
    known = weight > 0
    if not known.any():
        raise TrainingError("no episode with a known outcome")
    y, seen_alone = cohort.outcome.event.astype(float), cohort.take(np.flatnonzero(known))
    require_enough(bundle, seen_alone)
    log_odds = frozen_log_odds(bundle, name, cohort)
    risk = expit(log_odds)
    risks = {"episode_id": cohort.episode_id, "outcome": y, "weight": weight, "risk": risk}
    figures = performance(
        y[known], risk[known], sample_weight=weight[known], groups=cohort.patient_id[known]
    )
    c = float(figures[figures["metric"] == "c_statistic"]["estimate"].item())
    mix = beside_development(bundle, name, case_mix(log_odds, y, weight, c))
    seen = pd.DataFrame(risks)[known].reset_index(drop=True)
    judged = Judged(labelled(figures, model), labelled(mix, model), seen)
    if is_dated(cohort):
        judged.time_to_event = labelled(time_to_event(cohort, risk), model)
    sites, judged.notes = _by_site(name, cohort, known, weight, risk[known])
    judged.notes += doubts(judged.performance)
    judged.notes += _imprecise(name, seen_alone)
    if len(sites):
        judged.by_site = labelled(sites, model)
    for table in judged_curves(seen_alone, weight[known], risk[known]):
        judged.curves[table.name] = labelled(table.frame, model)
    shared = {"sample_weight": weight, "groups": cohort.patient_id}
    judged.calibration_tests = labelled(calibration_row(y, risk, **shared), model)
    judged.subgroups = labelled(subgroup_figures(cohort, weight, risk, rules_of(bundle)), model)
    return judged


def answered_by(bundle: Bundle, name: str, cohort: Cohort) -> Cohort:
    """Return the episodes a model answers for: postprocedure needs a value from the procedure.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    name : str
        Name of the model.
    cohort : Cohort
        Episodes of its endpoint.

    Returns
    -------
    Cohort
        All of them, or those with any value from the procedure.
    """
    if bundle.model(name).prediction_time != "postprocedure":
        return cohort
    return cohort.take(np.flatnonzero(known_after_procedure(cohort.arrays, bundle.dictionary)))


def require_enough(bundle: Bundle, seen: Cohort) -> None:
    """Refuse to judge or update a model on fewer patients than its bundle judges a subgroup on.

    Parameters
    ----------
    bundle : Bundle
        The bundle; its rule for subgroups, 50 patients with 10 of either outcome by default.
    seen : Cohort
        Episodes with a known outcome.

    Raises
    ------
    TrainingError
        There are fewer.
    """
    least = rules_of(bundle).fewest
    there = count_participants(participant_of(seen), seen.outcome.event)
    if there.patients >= least.participants and there.fewest >= least.events:
        return
    raise TrainingError(
        f"too few to judge a model on: {there.patients} patients with a known outcome, "
        f"{there.events} with and {there.others} without the event; needed are "
        f"{least.participants}, {least.events} and {least.events}"
    )


def frozen_log_odds(bundle: Bundle, name: str, cohort: Cohort) -> FloatArray:
    """Return the calibrated log-odds of every episode of a cohort, shape (n,)."""
    model = bundle.model(name)
    derived = derive_features(cohort.arrays, bundle.dictionary)
    return bulk_log_odds(bundle, name, model.matrix(derived, cohort.n))


def settings_of(bundle: Bundle) -> TrainingSettings:
    """Return the settings the bundle was trained with: its outcome weights are used again."""
    return TrainingSettings.model_validate(bundle.manifest["provenance"]["settings"])


def rules_of(bundle: Bundle) -> Subgroups:
    """Return the subgroups the bundle was judged in, or those of the configuration."""
    rules = bundle.manifest["subgroups"].get("rules")
    return load_subgroups() if rules is None else Subgroups.model_validate(rules)


def listed(names: Sequence[str] | pd.Series[str]) -> str:
    """Return the first few names."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _imprecise(name: str, seen: Cohort) -> list[str]:
    """Return a note below 100 patients of a class (Collins GS et al. Stat Med 2016;35:214)."""
    least = count_participants(participant_of(seen), seen.outcome.event).fewest
    if least >= _FEW_EVENTS:
        return []
    return [
        f"{name}: {least} of the rarer outcome; a validation asks for {_FEW_EVENTS}: the figures "
        "are imprecise"
    ]


def _by_site(
    name: str, cohort: Cohort, known: BoolArray, weight: FloatArray, risk: FloatArray
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table by site and its notes; no table where sites cannot be compared."""
    site = np.where(cohort.site_id[known] == _NOT_TOLD, "", cohort.site_id[known])
    if np.unique(site[site != ""].astype(str)).size < _FEWEST_SITES:
        return pd.DataFrame(), []
    table = by_site(
        cohort.outcome.event[known].astype(float), risk, site, sample_weight=weight[known],
        groups=cohort.patient_id[known],
    )  # fmt: skip
    if n_usable(table) < _FEWEST_SITES:
        few = f"{name}: not judged by site: too few with, or without, the event"
        return pd.DataFrame(), [few]
    return table, _fates(name, table)


def _fates(name: str, table: pd.DataFrame) -> list[str]:
    """Return which sites were judged together and which were left out."""
    rows = table[(table["metric"] == "c_statistic") & (table["role"] == "site")]
    rows = rows[rows["estimate"].isna()]
    together = rows["reason"].str.startswith("counted in")
    fates = ((rows[together], "judged as one"), (rows[~together], "left out"))
    return [f"{name}: by site, {fate}: {listed(part['site'])}" for part, fate in fates if len(part)]
