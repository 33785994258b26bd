"""Which model answers for which patient: prediction time and eligibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, EpisodeArrays
    from vfprog.schema.dictionary import Dictionary, Predictor
    from vfprog.schema.endpoints import Endpoint
    from vfprog.scoring.bundle import Bundle

# The pain an endpoint's eligibility refers to.
PAIN_BASELINE = "vas_baseline"
TREATED = "treated"


def known_after_procedure(arrays: EpisodeArrays, dictionary: Dictionary) -> BoolArray:
    """Return which episodes have a value that is known only from the procedure.

    A "no" (``treated: false``) does not count: it is what a form says before the procedure, and of
    a patient who has none. Nor does anything else of a vertebra that was not cemented, such as a
    leakage of "none", nor of a patient all of whose vertebrae were not: no model of the procedure
    has learned from such patients.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors.
    dictionary : Dictionary
        Their dictionary.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where the postprocedure model answers.
    """
    idle = _not_cemented(arrays)
    known = np.zeros(arrays.n, dtype=bool)
    for predictor in _of_procedure(dictionary):
        least = 0.5 if predictor.kind == "binary" else -np.inf
        if predictor.name in arrays.episodes:
            known |= arrays.episodes[predictor.name] >= least
        elif predictor.name in arrays.vertebrae:
            given = arrays.vertebrae[predictor.name] >= least
            np.logical_or.at(known, arrays.owner, given & ~idle)
    some, possible = np.zeros(arrays.n, dtype=bool), np.zeros(arrays.n, dtype=bool)
    np.logical_or.at(some, arrays.owner, idle)
    np.logical_or.at(possible, arrays.owner, ~idle)
    return known & (possible | ~some)


def procedure_not_counted(arrays: EpisodeArrays, dictionary: Dictionary) -> BoolArray:
    """Return which episodes have values of the procedure that do not choose the model.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors.
    dictionary : Dictionary
        Their dictionary.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where something of the procedure is given, and the preprocedure model answers.
    """
    given = np.zeros(arrays.n, dtype=bool)
    for predictor in _of_procedure(dictionary):
        if predictor.name in arrays.episodes:
            given |= ~np.isnan(arrays.episodes[predictor.name])
        elif predictor.name in arrays.vertebrae:
            np.logical_or.at(given, arrays.owner, ~np.isnan(arrays.vertebrae[predictor.name]))
    return given & ~known_after_procedure(arrays, dictionary)


def _of_procedure(dictionary: Dictionary) -> list[Predictor]:
    return [p for p in dictionary.predictors if p.known_at == "procedure"]


def _not_cemented(arrays: EpisodeArrays) -> BoolArray:
    """Return the vertebrae that are said not to be treated."""
    treated = arrays.vertebrae.get(TREATED)
    return np.zeros(len(arrays.owner), dtype=bool) if treated is None else treated == 0


def applicable(endpoint: Endpoint, arrays: EpisodeArrays) -> BoolArray:
    """Return the episodes for which an endpoint has a meaning.

    Pain below the endpoint's threshold cannot fall as far as a response asks; such a patient has
    no risk of response, not a low one. Unknown pain is given the benefit of the doubt.

    Parameters
    ----------
    endpoint : Endpoint
        The endpoint.
    arrays : EpisodeArrays
        Predictors.

    Returns
    -------
    ndarray of bool, shape (n,)
        False where no risk is given.
    """
    pain = arrays.episodes.get(PAIN_BASELINE)
    if endpoint.kind != "pain" or pain is None:
        return np.ones(arrays.n, dtype=bool)
    with np.errstate(invalid="ignore"):
        return ~(pain < endpoint.vas_baseline_at_least)


def assignments(bundle: Bundle, arrays: EpisodeArrays) -> list[tuple[str, BoolArray]]:
    """Return, for each model of a bundle, the episodes it answers for.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    arrays : EpisodeArrays
        Predictors.

    Returns
    -------
    list of (str, ndarray of bool)
        Model name and its episodes; a model that answers for none is left out.
    """
    after = known_after_procedure(arrays, bundle.dictionary)
    chosen = []
    for endpoint, times in bundle.endpoints.items():
        for time in times:
            rows = after if time == "postprocedure" else ~after
            if time == "preprocedure" and len(times) == 1:
                rows = np.ones(arrays.n, dtype=bool)  # it may answer later, too
            if not rows.any():
                continue
            name = f"{endpoint}_{time}"
            rows = rows & applicable(bundle.rules[endpoint], arrays)
            if rows.any():
                chosen.append((name, rows))
    return chosen


def unanswered(bundle: Bundle, arrays: EpisodeArrays) -> list[tuple[str, str, BoolArray]]:
    """Return for which episodes a bundle gives no risk of an endpoint, and why.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    arrays : EpisodeArrays
        Predictors.

    Returns
    -------
    list of (str, str, ndarray of bool)
        Endpoint, reason and its episodes: ``no_model`` where only a model after the procedure is
        there, ``not_applicable`` where the endpoint has no meaning; both may hold.
    """
    after = known_after_procedure(arrays, bundle.dictionary)
    found = []
    for endpoint, times in bundle.endpoints.items():
        if "preprocedure" not in times:
            found.append((endpoint, "no_model", ~after))
        found.append((endpoint, "not_applicable", ~applicable(bundle.rules[endpoint], arrays)))
    return found
