"""Whether the model knows patients like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.scoring.panel import Applicability
from vfprog.scoring.prognosis import Warn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.features.arrays import FloatArray
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.typicality import Typicality

# A normal score beyond which a value lies outside the development data; about one patient in a
# thousand, and only by extrapolation, for stored quantiles end at the 1st and 99th percentile.
FAR = 3.3
# A share of less typical patients below this makes a patient an unusual one.
UNUSUAL = 0.05


def applicability(
    bundle: Bundle,
    derived: Mapping[str, FloatArray],
    n: int,
    warnings: Sequence[Sequence[Warn]],
) -> list[tuple[Applicability | None, tuple[Warn, ...]]]:
    """Compare patients with those the model was developed on.

    Parameters
    ----------
    bundle : Bundle
        The bundle that answers.
    derived : mapping of str to ndarray of float, shape (n,)
        Derived features of the patients.
    n : int
        Number of patients.
    warnings : sequence of sequence of Warn
        What each patient was warned of already.

    Returns
    -------
    list of (Applicability or None, tuple of Warn)
        Of each patient: the comparison, None if the bundle keeps nothing to compare with; and a
        warning for each value far outside the development data that was not warned of yet.
    """
    if bundle.typicality is None:
        return [(None, ())] * n
    scores = bundle.typicality.scores(derived, n)
    return [_of_one(bundle.typicality, scores[row], warnings[row]) for row in range(n)]


def far_outside(typicality: Typicality, derived: Mapping[str, FloatArray], n: int) -> list[str]:
    """Return the predictors of each of many patients that lie far outside the development data.

    Parameters
    ----------
    typicality : Typicality
        What the bundle keeps to compare with.
    derived : mapping of str to ndarray of float, shape (n,)
        Derived features of the patients.
    n : int
        Number of patients.

    Returns
    -------
    list of str
        Of each patient the predictors, parted by commas; empty where none does.
    """
    far = np.zeros((n, len(typicality.margins)), dtype=bool)
    for place, margin in enumerate(typicality.margins):
        if margin.feature in derived:
            far[:, place] = margin.beyond(derived[margin.feature], FAR)
    names = [""] * n
    for row in np.flatnonzero(far.any(axis=1)).tolist():
        out = (typicality.margins[place].predictor for place in np.flatnonzero(far[row]))
        names[row] = ", ".join(dict.fromkeys(out))
    return names


def _of_one(
    typicality: Typicality, z: FloatArray, warnings: Sequence[Warn]
) -> tuple[Applicability, tuple[Warn, ...]]:
    warned = [str(w.predictor) for w in warnings if w.code == "outside_usual_range"]
    far = [typicality.margins[place] for place in np.flatnonzero(np.abs(z) > FAR)]
    new = tuple(
        Warn("outside_development", m.predictor, _far(m.label))
        for m in far
        if m.predictor not in warned
    )
    given = {typicality.margins[place].predictor for place in np.flatnonzero(~np.isnan(z))}
    outside = tuple(dict.fromkeys([*warned, *(margin.predictor for margin in far)]))
    share = typicality.share_less_typical(z)
    return Applicability(share, len(given), outside, _note(share, len(given))), new


def _far(label: str) -> str:
    return f"{label} lies far outside the data the model was developed on"


def _note(share: float | None, n_inputs: int) -> str:
    if share is None:
        return "nothing is given by which this patient can be compared with the development data"
    judged = f"judged on {n_inputs} input{'s' if n_inputs != 1 else ''}"
    per_cent = round(100 * share)
    how_many = {0: "fewer than 1", 100: "more than 99"}.get(per_cent, str(per_cent))
    unusual = "unusual: " if share < UNUSUAL else ""
    return f"{unusual}{how_many} of 100 development patients were less typical; {judged}"
