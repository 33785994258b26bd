"""Published scores and models as comparators, with what of them a registry does not record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import ConfigError
from vfprog.features.conditions import MET, UNKNOWN, judge
from vfprog.features.vertebrae import group_vertebrae
from vfprog.schema.dictionary import Dictionary, load_dictionary
from vfprog.schema.evidence import load_evidence
from vfprog.scoring.of_score import alignment_flags, of_score
from vfprog.validation.comparators import Comparator

if TYPE_CHECKING:
    from vfprog.data.cohort import Cohort
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.schema.evidence import Evidence, LinearPredictor, Term

SPEAKS_OF = {"world_neurosurg_2024": ("new_fracture", 1), "li_2021": ("response", -1)}
"""Family of the endpoint each published model speaks of; -1 where it predicts its absence."""


def published_comparators(cohort: Cohort, evidence: Evidence | None = None) -> list[Comparator]:
    """Return OF score, alignment flags and the published models of the cohort's endpoint.

    The two scores were not made to give the risk of an outcome: they are judged as rankings by
    themselves, and as risks through a logistic regression learned in the other folds.

    Parameters
    ----------
    cohort : Cohort
        Participants.
    evidence : Evidence, optional
        Scores and models; default those shipped.

    Returns
    -------
    list of Comparator
        ``of_score``, ``alignment_flags`` and ``published_<name>``; one that lacks inputs says so.
    """
    known = evidence or load_evidence()
    spoken_of = [
        (model, SPEAKS_OF[model.name][1])
        for model in known.linear_predictors
        if SPEAKS_OF.get(model.name, ("",))[0] == cohort.endpoint.family
    ]
    cohort = replace(cohort, dictionary=_completed(cohort.dictionary))
    try:
        known.check(cohort.dictionary)
    except ConfigError as error:
        return _unsuited(known, [model for model, _ in spoken_of], str(error))
    linear = [_linear(cohort, model, sign) for model, sign in spoken_of]
    return [_of_score(cohort, known), _alignment(cohort, known), *linear]


def _completed(dictionary: Dictionary) -> Dictionary:
    """Return a dictionary with the predictors it lacks: nobody has a value of them."""
    shipped = load_dictionary()
    lacking = [p for p in shipped.predictors if p.name not in dictionary]
    content = dictionary.model_dump()
    content["concepts"] = {**shipped.concepts, **content["concepts"]}
    content["predictors"] = [*content["predictors"], *(p.model_dump() for p in lacking)]
    return Dictionary.model_validate(content)


def _unsuited(evidence: Evidence, models: list[LinearPredictor], why: str) -> list[Comparator]:
    """Return the comparators of a registry whose predictors are not coded as they ask for."""
    reason = f"this dictionary codes what it asks for otherwise: {why}"
    score, flags = evidence.of_score.made_for, evidence.alignment_flags.made_for
    return [
        Comparator("of_score", "OF score", "score", score, reason=reason),
        Comparator("alignment_flags", "Alignment flags", "score", flags, reason=reason),
        *(
            Comparator(f"published_{m.name}", m.label, "published", m.made_for, reason=reason)
            for m in models
        ),
    ]


def _of_score(cohort: Cohort, evidence: Evidence) -> Comparator:
    done = of_score(cohort.arrays, cohort.dictionary, evidence)
    made_for = evidence.of_score.made_for
    return _score("of_score", "OF score", made_for, done.score, done.unknown)


def _alignment(cohort: Cohort, evidence: Evidence) -> Comparator:
    done = alignment_flags(cohort.arrays, cohort.dictionary, evidence)
    unknown = {name: flag == UNKNOWN for name, flag in done.flags.items()}
    made_for = evidence.alignment_flags.made_for
    return _score("alignment_flags", "Alignment flags", made_for, done.count, unknown)


def _score(
    name: str,
    label: str,
    made_for: str,
    points: IntArray,
    unknown: dict[str, BoolArray],
) -> Comparator:
    nowhere = [item.replace("_", " ") for item, rows in unknown.items() if rows.all()]
    reason = "none of its items is recorded" if len(nowhere) == len(unknown) else ""
    if not reason and np.ptp(points) == 0:
        reason = "it is the same for everybody"
    note = f"counted as 0, for they are not recorded: {', '.join(nowhere)}" if nowhere else ""
    value: FloatArray = points.astype(np.float64)
    return Comparator(
        name, label, "score", made_for, columns=value[:, None],
        continuous=np.zeros(1, dtype=bool), ranking=value, reason=reason,
        note="" if reason else note,
    )  # fmt: skip


def _linear(cohort: Cohort, model: LinearPredictor, sign: int) -> Comparator:
    made_for = f"{model.made_for} ({model.citation}); the intercept is learned anew"
    name = f"published_{model.name}"
    lacking = [item.replace("_", " ") for item in model.not_recorded]
    columns = np.column_stack([_term(cohort, term) for term in model.terms])
    lacking += [
        term.predictor
        for term, values in zip(model.terms, columns.T, strict=True)
        if np.isnan(values).all()
    ]
    reason = f"not recorded: {', '.join(dict.fromkeys(lacking))}" if lacking else ""
    coefficients = tuple(sign * term.coefficient for term in model.terms)
    return Comparator(
        name, model.label, "published", made_for, columns=columns, coefficients=coefficients,
        reason=reason,
    )  # fmt: skip


def _term(cohort: Cohort, term: Term) -> FloatArray:
    """Return the value of a term, or 1 and 0 where its condition holds and does not."""
    arrays = cohort.arrays
    if not term.asked:
        return arrays.episodes.get(term.predictor, np.full(arrays.n, np.nan))
    groups = group_vertebrae(arrays.owner, arrays.n)
    status = judge([term], arrays, groups, cohort.dictionary).status[0]
    return np.where(status == UNKNOWN, np.nan, (status == MET).astype(np.float64))
