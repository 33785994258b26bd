"""A patient's values as people wrote them, for explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vfprog.features.arrays import EpisodeArrays, FloatArray
    from vfprog.schema.dictionary import Dictionary, Predictor
    from vfprog.scoring.model import Line


class PatientValues:
    """Values of one patient, decoded when asked for.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors of several patients.
    row : int
        The patient.
    dictionary : Dictionary
        Dictionary of the predictors.
    derived : mapping of str to ndarray
        Derived features of the same patients.
    """

    def __init__(
        self,
        arrays: EpisodeArrays,
        row: int,
        dictionary: Dictionary,
        derived: Mapping[str, FloatArray],
    ) -> None:
        self.arrays, self.row, self.dictionary, self.derived = arrays, row, dictionary, derived
        self._vertebrae = np.flatnonzero(arrays.owner == row)
        self._cache: dict[str, Any] = {}

    def __getitem__(self, line: Line) -> Any:
        """Return what an explanation's line shows: a value, a list over vertebrae, or None."""
        if line.predictor not in self._cache:
            self._cache[line.predictor] = self._value(line.predictor)
        return self._cache[line.predictor]

    def given(self, name: str) -> bool:
        """Return whether a value of a predictor was given, not derived from others."""
        if name in self.arrays.vertebrae:
            return not np.isnan(self.arrays.vertebrae[name][self._vertebrae]).all()
        codes = self.arrays.episodes.get(name)
        return codes is not None and not np.isnan(codes[self.row])

    def missing(self, used: Collection[str]) -> tuple[str, ...]:
        """Return the predictors of a set that are not known, in the dictionary's order."""
        return tuple(
            p.name
            for p in self.dictionary.predictors
            if p.name in used and self._value(p.name) is None
        )

    def _value(self, name: str) -> Any:
        if name in self.arrays.vertebrae:
            predictor = self.dictionary[name]
            codes = self.arrays.vertebrae[name][self._vertebrae]
            values = [decode(predictor, float(code)) for code in codes]
            return None if all(value is None for value in values) else values
        code = (
            float(self.arrays.episodes[name][self.row]) if name in self.arrays.episodes else np.nan
        )
        if not np.isnan(code):
            return decode(self.dictionary[name], code)
        if name in self.derived:  # a two-parent feature, or the third of the pelvic angles
            value = float(self.derived[name][self.row])
            return None if np.isnan(value) else value
        return None


def decode(predictor: Predictor, code: float) -> Any:
    """Return the value a code stands for.

    Parameters
    ----------
    predictor : Predictor
        The dictionary's entry.
    code : float
        Number, 0/1, or place of a level; NaN where missing.

    Returns
    -------
    bool or str or float or int or None
        The value; None where missing.
    """
    if np.isnan(code):
        return None
    if predictor.kind == "binary":
        return bool(code)
    if predictor.levels:
        return predictor.levels[int(code)]
    return int(code) if code.is_integer() else code
