"""From dictionary to features: which columns a model may have, and their values.

A numeric or ordinal episode predictor is a feature as it is, a nominal one a binary feature per
level but the first. A vertebra-level predictor is aggregated over the episode: largest and mean
(numbers), largest (ordinal), any (binary, and each level but the first of a nominal one). The
clinical derivations come on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import Failure, InputError
from vfprog.features.clinical import DERIVATIONS, clinical_columns
from vfprog.features.feature import Feature
from vfprog.features.plan import feature_plan
from vfprog.features.vertebrae import (
    any_per_episode,
    group_vertebrae,
    max_per_episode,
    mean_per_episode,
)
from vfprog.schema.dictionary import IDENTIFIERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vfprog.features.arrays import EpisodeArrays, FloatArray
    from vfprog.features.plan import FeaturePlan
    from vfprog.features.vertebrae import Groups
    from vfprog.schema.dictionary import Dictionary, PredictionTime

__all__ = [
    "Feature",
    "all_features",
    "derive_features",
    "feature_matrix",
    "guard",
    "usable_features",
]


def all_features(dictionary: Dictionary) -> tuple[Feature, ...]:
    """Return every feature the dictionary allows, in its order, clinical derivations last.

    Parameters
    ----------
    dictionary : Dictionary
        All predictors; evidence-only ones and those known at follow-up give no feature.

    Returns
    -------
    tuple of Feature
        Features with unique names.

    Raises
    ------
    ConfigError
        A registry's own predictor has the name of a derived feature.
    """
    return feature_plan(dictionary).features


def derive_features(arrays: EpisodeArrays, dictionary: Dictionary) -> dict[str, FloatArray]:
    """Compute all features of the dictionary once.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors of n episodes; those absent are missing throughout.
    dictionary : Dictionary
        Dictionary the arrays are coded by.

    Returns
    -------
    dict of str to ndarray of float, shape (n,)
        Column of each of `all_features`, NaN where it cannot be known. Columns may share memory
        with the input and with each other: read them, do not write into them.
    """
    plan = feature_plan(dictionary)
    groups = group_vertebrae(arrays.owner, arrays.n)
    columns = dict.fromkeys(plan.names, np.full(arrays.n, np.nan))
    _put_episodes(columns, plan, arrays)
    _put_numeric(columns, plan, arrays, groups)
    _put_any(columns, plan, arrays, groups)
    clinical = clinical_columns(arrays, groups)
    columns.update((name, clinical[name]) for name in plan.names.intersection(clinical))
    return columns


def feature_matrix(
    features: Sequence[Feature], derived: Mapping[str, FloatArray], n: int
) -> FloatArray:
    """Return features as the columns of a matrix.

    Parameters
    ----------
    features : sequence of Feature
        Columns wanted.
    derived : mapping of str to ndarray of float, shape (n,)
        Result of `derive_features`.
    n : int
        Number of episodes.

    Returns
    -------
    ndarray of float, shape (n, len(features))
        Values; a column is NaN where ``derived`` lacks its name.
    """
    X = np.empty((n, len(features)))
    for place, feature in enumerate(features):
        X[:, place] = derived.get(feature.name, np.nan)
    return X


def usable_features(
    dictionary: Dictionary, prediction_time: PredictionTime, available: Collection[str]
) -> tuple[Feature, ...]:
    """Return the features a model may have, given when it answers and what was recorded.

    Parameters
    ----------
    dictionary : Dictionary
        All predictors.
    prediction_time : {"preprocedure", "postprocedure"}
        When the model answers.
    available : collection of str
        Predictors recorded at all.

    Returns
    -------
    tuple of Feature
        Features known in time and computable from what is available.
    """
    usable = {p.name for p in dictionary.usable_at(prediction_time)}
    wanted = usable.intersection(available)
    needs = {derivation.name: derivation for derivation in DERIVATIONS}

    def fits(feature: Feature) -> bool:
        if feature.name in needs:
            return needs[feature.name].computable(wanted)
        return wanted.issuperset(feature.parents)

    return tuple(feature for feature in all_features(dictionary) if fits(feature))


def guard(names: Iterable[str], dictionary: Dictionary, prediction_time: PredictionTime) -> None:
    """Refuse predictors that a model of this prediction time must not use.

    Parameters
    ----------
    names : iterable of str
        Predictors asked for.
    dictionary : Dictionary
        All predictors.
    prediction_time : {"preprocedure", "postprocedure"}
        When the model answers.

    Raises
    ------
    InputError
        Lists every predictor that is refused, under the rules ``identifier``,
        ``unknown_predictor``, ``evidence_only`` and ``not_yet_known``.
    """
    allowed = {p.name for p in dictionary.usable_at(prediction_time)}
    refused = [name for name in dict.fromkeys(names) if name not in allowed]
    if refused:
        raise InputError(_refusal(name, dictionary, prediction_time) for name in refused)


def _refusal(name: str, dictionary: Dictionary, prediction_time: PredictionTime) -> Failure:
    table = dictionary[name].table if name in dictionary else "predictors"
    if name in IDENTIFIERS:
        rule, why = "identifier", "identifies a patient or centre and cannot be a predictor"
    elif name not in dictionary:
        rule, why = "unknown_predictor", "is not in the dictionary; declare it in the mapping"
    elif dictionary[name].role == "evidence_only":
        rule, why = "evidence_only", "serves the published scores and criteria, never a model"
    else:
        known_at = dictionary[name].known_at.replace("_", "-")
        rule, why = (
            "not_yet_known",
            f"is known at {known_at}, too late for a {prediction_time} model",
        )
    return Failure(table, None, name, None, rule, f"{name} {why}")


def _put_episodes(columns: dict[str, FloatArray], plan: FeaturePlan, arrays: EpisodeArrays) -> None:
    given = arrays.episodes
    columns.update((name, given[name]) for name in plan.plain if name in given)
    for name, hot in plan.nominal:
        if name in given:
            columns.update(_one_hot(given[name], hot))


def _put_numeric(
    columns: dict[str, FloatArray], plan: FeaturePlan, arrays: EpisodeArrays, groups: Groups
) -> None:
    given = [(name, mean) for name, mean in plan.numeric if name in arrays.vertebrae]
    if not given:
        return
    # One stack for all predictors: a pass of numpy per aggregate, not per predictor.
    stack = np.stack([arrays.vertebrae[name] for name, _ in given])
    columns.update(
        zip([f"{name}_max" for name, _ in given], max_per_episode(stack, groups), strict=True)
    )
    averaged = [place for place, (_, mean) in enumerate(given) if mean]
    if averaged:
        names = [f"{given[place][0]}_mean" for place in averaged]
        columns.update(zip(names, mean_per_episode(stack[averaged], groups), strict=True))


def _put_any(
    columns: dict[str, FloatArray], plan: FeaturePlan, arrays: EpisodeArrays, groups: Groups
) -> None:
    given = arrays.vertebrae
    found = {f"{name}_any": given[name] for name in plan.binary if name in given}
    for name, hot in plan.hot:
        if name in given:
            found.update(_one_hot(given[name], hot))
    if found:
        rows = any_per_episode(np.stack(list(found.values())), groups)
        columns.update(zip(found, rows, strict=True))


def _one_hot(codes: FloatArray, hot: tuple[tuple[float, str], ...]) -> dict[str, FloatArray]:
    missing = np.isnan(codes)
    return {name: np.where(missing, np.nan, codes == code) for code, name in hot}
