"""Put together what stands beside the risks of patients."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.scoring.applicability import applicability
from vfprog.scoring.evidence_match import (
    match_trials,
    read_alignment,
    read_of_scores,
    unavailable_trials,
)
from vfprog.scoring.gaps import find_gaps
from vfprog.scoring.panel import Coverage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.features.arrays import BoolArray, EpisodeArrays, FloatArray
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import Prediction


def beside_the_risks(
    bundle: Bundle,
    arrays: EpisodeArrays,
    missing: Sequence[Sequence[str]],
    answering: Sequence[tuple[str, BoolArray]],
) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the fields of `Prognosis` that say how far a risk may be trusted.

    Parameters
    ----------
    bundle : Bundle
        The bundle that answers.
    arrays : EpisodeArrays
        Patients.
    missing : sequence of sequence of str
        Inputs each patient lacks.
    answering : sequence of (str, ndarray of bool)
        Which model answers for which patients.

    Returns
    -------
    dict of (str, int) to dict
        Fields by model and patient.
    """
    gaps = find_gaps(bundle, arrays, missing, answering)
    groups = bundle.peers.groups(arrays)
    return {
        (name, row): {
            "instability_coverage": _coverage(bundle, name),
            "gaps": gaps.get((name, row), ()),
            "peers": bundle.peers.of(name, groups[row]),
        }
        for name, rows in answering
        for row in np.flatnonzero(rows).tolist()
    }


def with_panel(
    predictions: Sequence[Prediction],
    bundle: Bundle,
    arrays: EpisodeArrays,
    derived: Mapping[str, FloatArray],
) -> list[Prediction]:
    """Return predictions with what is said of the patient rather than of one risk.

    Parameters
    ----------
    predictions : sequence of Prediction
        One for each patient.
    bundle : Bundle
        The bundle that answered.
    arrays : EpisodeArrays
        The patients.
    derived : mapping of str to ndarray of float, shape (n,)
        Their derived features.

    Returns
    -------
    list of Prediction
        The same with applicability, and with warnings of what lies far outside the development
        data; with trials and scores where the risks are those after vertebroplasty.
    """
    known = applicability(bundle, derived, arrays.n, [p.warnings for p in predictions])
    shown = bundle.about_vertebroplasty
    published = _published(arrays, bundle) if shown else [{}] * arrays.n
    absent = unavailable_trials() if shown else ()
    return [
        replace(
            prediction,
            warnings=prediction.warnings + known[row][1] + absent,
            applicability=known[row][0],
            **published[row],
        )
        for row, prediction in enumerate(predictions)
    ]


def _published(arrays: EpisodeArrays, bundle: Bundle) -> list[dict[str, Any]]:
    """Return the fields that say of each patient what was published for such a one."""
    trials = match_trials(arrays, bundle.dictionary)
    scores = read_of_scores(arrays, bundle.dictionary)
    flags = read_alignment(arrays, bundle.dictionary)
    return [
        {"evidence": trials[row], "of_score": scores[row], "alignment_flags": flags[row]}
        for row in range(arrays.n)
    ]


def _coverage(bundle: Bundle, model: str) -> Coverage | None:
    """Return what a validation wrote down about the interval of one model, if it did."""
    measured = bundle.manifest["provenance"].get("instability_coverage", {}).get(model)
    if measured is None:
        return None
    return Coverage(float(measured["share"]), int(measured["n"]), str(measured["source"]))
