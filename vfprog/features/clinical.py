"""The clinical derivations: which there are, what they need, and all of them computed at once.

This is the only place, with the modules it calls, where the code names a predictor. Each
derivation is NaN where its inputs are missing and left out of a dictionary without its parents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vfprog.features.alignment import complete_pelvis, pi_ll_mismatch, pt_pi_ratio
from vfprog.features.fracture import (
    AGE_MARKS_WEEKS,
    cascade,
    log_fracture_age,
    mean_level,
    number_of_vertebrae,
    sandwich,
    thoracolumbar,
    within_weeks,
)
from vfprog.features.procedure import (
    cement_per_level,
    cement_total,
    level_left,
    levels_treated,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from vfprog.features.arrays import EpisodeArrays, FloatArray
    from vfprog.features.vertebrae import Groups

_PI, _PT, _SS = "pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg"
_LL = "lumbar_lordosis_deg"
_AGE, _LEVEL, _TREATED, _CEMENT = "fracture_age_days", "level", "treated", "cement_volume_ml"

# Predictors that enter models only through a derivation, not as they are.
REPLACED = frozenset({_AGE, _LEVEL, _TREATED, _CEMENT})


@dataclass(frozen=True)
class Derivation:
    """What is known of a clinical derivation before any data.

    Parameters
    ----------
    name, label : str
        Name of the feature, and words for people.
    kind : {"continuous", "binary"}
        Scale of the feature.
    parents : tuple of str
        Predictors it stands for; the dictionary must hold them all.
    direction : {-1, 0, 1}
        Whether it rises or falls with its single parent; 0 if neither, or with several parents.
    inputs : tuple of frozenset of str
        Alternative sets of predictors from which it can be computed.
    formula : str
        How a reader computes it by hand; missing wherever what it needs is.
    """

    name: str
    label: str
    kind: Literal["continuous", "binary"]
    parents: tuple[str, ...]
    direction: Literal[-1, 0, 1] = 0
    inputs: tuple[frozenset[str], ...] = ()
    formula: str = ""

    def computable(self, available: Collection[str]) -> bool:
        """Return whether it can be computed from these predictors.

        Parameters
        ----------
        available : collection of str
            Names of predictors.

        Returns
        -------
        bool
            True if one of the alternative sets of inputs is complete.
        """
        choices = self.inputs or (frozenset(self.parents),)
        return any(choice.issubset(available) for choice in choices)


_ANY_TWO_OF_THE_PELVIS = (frozenset({_PI, _PT}), frozenset({_PI, _SS}), frozenset({_PT, _SS}))
_WITHIN = tuple(
    Derivation(
        f"fracture_age_within_{weeks}_weeks",
        f"Fracture at most {weeks} weeks old",
        "binary",
        (_AGE,),
        -1,
        formula=f"1 if the fracture is at most {7 * weeks} days old, else 0",
    )
    for weeks in AGE_MARKS_WEEKS
)
DERIVATIONS: tuple[Derivation, ...] = (
    Derivation(
        "log_fracture_age", "Fracture age (log scale)", "continuous", (_AGE,), 1,
        formula="natural logarithm of 1 + the fracture's age in days",
    ),
    *_WITHIN,
    Derivation(
        "pi_ll_mismatch_deg", "PI-LL mismatch", "continuous", (_PI, _LL),
        inputs=(frozenset({_PI, _LL}), frozenset({_PT, _SS, _LL})),
        formula="PI - LL in degrees",
    ),
    Derivation(
        "pt_pi_ratio", "PT/PI ratio", "continuous", (_PT, _PI), inputs=_ANY_TWO_OF_THE_PELVIS,
        formula="PT / PI",
    ),
    Derivation(
        "n_index_vertebrae", "Number of index fractures", "continuous", (_LEVEL,),
        formula="index vertebrae listed",
    ),
    Derivation(
        "mean_level", "Place along the spine", "continuous", (_LEVEL,), 1,
        formula="mean place of the index vertebrae, T4 = 0 to L5 = 13",
    ),
    Derivation(
        "thoracolumbar_any", "Fracture at T11-L2", "binary", (_LEVEL,),
        formula="1 if any index vertebra lies from T11 to L2, else 0",
    ),
    Derivation(
        "sandwich_vertebra", "Sandwich vertebra", "binary", (_LEVEL,),
        formula="1 if one unfractured vertebra stands between two index vertebrae, else 0",
    ),
    Derivation(
        "fracture_cascade", "More than three index fractures", "binary", (_LEVEL,),
        formula="1 if more than three index vertebrae are listed, else 0",
    ),
    Derivation(
        "n_levels_treated", "Number of levels treated", "continuous", (_TREATED,), 1,
        formula="index vertebrae that were cemented",
    ),
    Derivation(
        "level_left", "An index fracture left without cement", "binary", (_TREATED,), -1,
        formula="1 if any index vertebra was not cemented, else 0",
    ),
    Derivation(
        "cement_total_ml", "Cement volume (total)", "continuous", (_CEMENT,), 1,
        formula="sum over the index vertebrae in ml; a level not treated counts 0",
    ),
    Derivation(
        "cement_per_level_ml", "Cement volume per treated level", "continuous",
        (_CEMENT, _TREATED), inputs=(frozenset({_CEMENT}),),
        formula="total cement volume / number of cemented levels",
    ),
)  # fmt: skip


def clinical_columns(arrays: EpisodeArrays, groups: Groups) -> dict[str, FloatArray]:
    """Compute every derivation, and the completed pelvic angles under their own names.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors; those absent are missing throughout.
    groups : Groups
        Grouping of the vertebrae of ``arrays``.

    Returns
    -------
    dict of str to ndarray of float, shape (n,)
        One column for each of `DERIVATIONS` and each pelvic angle.
    """
    columns = _alignment_columns(arrays)
    if _AGE in arrays.episodes:
        columns |= _age_columns(arrays.episodes[_AGE])
    if _LEVEL in arrays.vertebrae:
        columns |= _level_columns(arrays.vertebrae[_LEVEL], groups)
    columns |= _procedure_columns(arrays, groups)
    nothing = np.full(arrays.n, np.nan)
    return {derivation.name: nothing for derivation in DERIVATIONS} | columns


def _alignment_columns(arrays: EpisodeArrays) -> dict[str, FloatArray]:
    given = arrays.episodes
    if not (_PI in given or _PT in given or _SS in given):
        return {}
    nothing = np.full(arrays.n, np.nan)
    angles = (given.get(_PI, nothing), given.get(_PT, nothing), given.get(_SS, nothing))
    incidence, tilt, slope = complete_pelvis(*angles)
    return {
        _PI: incidence,
        _PT: tilt,
        _SS: slope,
        "pi_ll_mismatch_deg": pi_ll_mismatch(incidence, given.get(_LL, nothing)),
        "pt_pi_ratio": pt_pi_ratio(tilt, incidence),
    }


def _age_columns(days: FloatArray) -> dict[str, FloatArray]:
    marks = zip(_WITHIN, AGE_MARKS_WEEKS, strict=True)
    columns = {mark.name: within_weeks(days, weeks) for mark, weeks in marks}
    return columns | {"log_fracture_age": log_fracture_age(days)}


def _level_columns(level: FloatArray, groups: Groups) -> dict[str, FloatArray]:
    number = number_of_vertebrae(level, groups)
    return {
        "n_index_vertebrae": number,
        "fracture_cascade": cascade(number),
        "mean_level": mean_level(level, groups),
        "thoracolumbar_any": thoracolumbar(level, groups),
        "sandwich_vertebra": sandwich(level, groups),
    }


def _procedure_columns(arrays: EpisodeArrays, groups: Groups) -> dict[str, FloatArray]:
    given = arrays.vertebrae
    if not (_TREATED in given or _CEMENT in given):
        return {}
    nothing = np.full(len(arrays.owner), np.nan)
    treated, volume = given.get(_TREATED, nothing), given.get(_CEMENT, nothing)
    return {
        "n_levels_treated": levels_treated(treated, groups),
        "level_left": level_left(treated, groups),
        "cement_total_ml": cement_total(volume, treated, groups),
        "cement_per_level_ml": cement_per_level(volume, treated, groups),
    }
