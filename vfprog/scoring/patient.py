"""The patient form: from what a clinician gives to arrays, with every fault named at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import Failure, InputError
from vfprog.features.arrays import EpisodeArrays
from vfprog.features.procedure import OF_CEMENT, cement_untreated
from vfprog.schema.registry import REGISTRY
from vfprog.schema.rules import encode_column, is_missing
from vfprog.scoring.values import decode

if TYPE_CHECKING:
    from vfprog.schema.dictionary import Dictionary, Predictor

# Keys of a registry row that are no inputs; a row pasted from a registry may carry them.
STRUCTURAL = frozenset(column.name for column in REGISTRY["episodes"])
LEVEL = "level"
PELVIC_ANGLES = ("pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg")
# Vertebrae from T4 to L5, for a dictionary that does not list the levels itself.
_MOST_VERTEBRAE = 14
# Unknown keys for which a known one is looked for; nobody mistypes more, or longer ones.
_MOST_HINTS, _LONGEST_HINT = 20, 60
# More than this between PI and PT + SS is no reading error.
PELVIC_TOLERANCE_DEG = 10.0


@dataclass(frozen=True)
class Patients:
    """Validated patients as arrays, with the warnings their values raised.

    Parameters
    ----------
    arrays : EpisodeArrays
        Predictors of all patients.
    warnings : tuple of Failure
        Values outside the usual range and contradictions; ``row`` is the patient's position.
    """

    arrays: EpisodeArrays
    warnings: tuple[Failure, ...]


def read_patients(records: Sequence[Mapping[str, Any]], dictionary: Dictionary) -> Patients:
    """Validate patients and turn them into arrays.

    Parameters
    ----------
    records : sequence of mapping
        One flat mapping per patient with ``vertebrae`` as a list of mappings. Absent keys, None
        and NaN mean the same: not known.
    dictionary : Dictionary
        The dictionary of the model's bundle.

    Returns
    -------
    Patients
        Arrays and warnings.

    Raises
    ------
    InputError
        Unknown key, wrong type, value outside its hard range, level given twice, more vertebrae
        than there are levels, or nothing given at all. Every failure names its own field and
        value, never another field's.
    """
    failures: list[Failure] = []
    most = most_vertebrae(dictionary)
    shaped = [_shape(record, row, failures, most) for row, record in enumerate(records)]
    failures += _unknown_keys(shaped, dictionary)
    owner = [row for row, (_, vertebrae) in enumerate(shaped) for _ in vertebrae]
    places = [f"{row}].vertebrae[{i}" for row, (_, v) in enumerate(shaped) for i in range(len(v))]
    flat = [record for record, _ in shaped]
    nested = [vertebra for _, vertebrae in shaped for vertebra in vertebrae]
    episodes = _encode(dictionary.of_table("episodes"), flat, list(range(len(flat))), failures)
    vertebrae = _encode(dictionary.of_table("vertebrae"), nested, places, failures)
    arrays = EpisodeArrays(len(flat), episodes, vertebrae, np.array(owner, dtype=np.intp))
    failures += _empty(arrays, {patient_of(f) for f in failures if f.severity == "error"})
    failures += _repeated_levels(arrays, dictionary)
    failures += pelvic_disagreements(arrays)
    failures += _untreated_cement(arrays, dictionary, places)
    errors = [f for f in failures if f.severity == "error"]
    if errors:
        raise InputError(errors)
    return Patients(arrays, tuple(failures))


def most_vertebrae(dictionary: Dictionary) -> int:
    """Return how many vertebrae a patient may have: one of each level."""
    return len(dictionary[LEVEL].levels) if LEVEL in dictionary else _MOST_VERTEBRAE


def _shape(
    record: object, row: int, failures: list[Failure], most: int
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Split a patient into its flat part and its vertebrae, refusing other shapes."""
    if not isinstance(record, Mapping):
        message = f"expected an object of predictors, got {type(record).__name__}"
        failures.append(Failure("patient", row, "*", type(record).__name__, "object", message))
        return {}, []
    given: Any = record.get("vertebrae")
    listed = isinstance(given, list | tuple) or (isinstance(given, np.ndarray) and given.ndim == 1)
    if not listed and is_missing(given):
        return record, []
    if not listed or not all(isinstance(v, Mapping) for v in given):
        message = (
            f"expected a list of objects such as {{'level': 'L1'}}, got {type(given).__name__}"
        )
        failures.append(Failure("patient", row, "vertebrae", type(given).__name__, "list", message))
        return record, []
    if len(given) > most:
        text = f"holds {len(given)} vertebrae, at most {most} can be fractured, one of each level"
        failures.append(Failure("patient", row, "vertebrae", len(given), "too_many", text))
        return record, []
    return record, list(given)


def patient_of(failure: Failure) -> int:
    """Return the position of the patient a failure of `read_patients` is about."""
    return int(str(failure.row).split("]", 1)[0])


def _unknown_keys(
    shaped: Sequence[tuple[Mapping[str, Any], list[Mapping[str, Any]]]], dictionary: Dictionary
) -> Iterator[Failure]:
    known = {p.name for p in dictionary.of_table("episodes")}
    nested = {p.name for p in dictionary.of_table("vertebrae")}
    hints = _Hints()
    for row, (record, vertebrae) in enumerate(shaped):
        for key in record:
            if key not in known and key not in STRUCTURAL and key != "vertebrae":
                hint = " (it belongs inside 'vertebrae')" if key in nested else hints.of(key, known)
                yield _unknown(row, str(key), hint)
        for i, vertebra in enumerate(vertebrae):
            for key in vertebra:
                if key not in nested and key != "episode_id":
                    hint = " (it belongs to the patient)" if key in known else hints.of(key, nested)
                    yield _unknown(f"{row}].vertebrae[{i}", str(key), hint)


def _unknown(row: str | int, key: str, hint: str) -> Failure:
    return Failure("patient", row, key, key, "unknown_key", f"is no predictor of this model{hint}")


class _Hints:
    """Looks for what was meant, a stated number of times: a request may hold any number of keys."""

    def __init__(self) -> None:
        self.left = _MOST_HINTS

    def of(self, key: object, known: set[str]) -> str:
        self.left -= 1
        if self.left < 0 or len(str(key)) > _LONGEST_HINT:
            return ""
        longer = [name for name in sorted(known) if name.startswith(f"{key}_")]
        close = longer or difflib.get_close_matches(str(key), sorted(known), n=1)
        return f"; did you mean {close[0]}?" if close else ""


def _encode(
    predictors: tuple[Predictor, ...],
    records: Sequence[Mapping[str, Any]],
    rows: Sequence[str | int],
    failures: list[Failure],
) -> dict[str, Any]:
    arrays = {}
    for predictor in predictors:
        name = predictor.name
        if not any(name in record for record in records):
            continue
        values = [record.get(name) for record in records]
        encoded = encode_column(predictor, values, table="patient", rows=rows)
        failures += encoded.failures
        arrays[name] = encoded.codes
    return arrays


def _empty(arrays: EpisodeArrays, wrong: set[int]) -> Iterator[Failure]:
    """Yield the patients of whom nothing is given; one given wrongly is no empty one."""
    for row in sorted({*np.flatnonzero(~arrays.given()).tolist()} - wrong):
        yield Failure("patient", row, "*", None, "empty", "no predictor is given")


def _repeated_levels(arrays: EpisodeArrays, dictionary: Dictionary) -> Iterator[Failure]:
    levels = arrays.vertebrae.get("level")
    if levels is None or len(levels) < 2:
        return
    seen: set[tuple[int, float]] = set()
    for row, level in zip(arrays.owner.tolist(), levels.tolist(), strict=True):
        if (row, level) in seen:
            word = dictionary["level"].levels[int(level)]
            yield Failure("patient", row, "level", word, "repeated", f"{word} is given twice")
        if not np.isnan(level):
            seen.add((row, level))


def _untreated_cement(
    arrays: EpisodeArrays, dictionary: Dictionary, places: Sequence[str]
) -> Iterator[Failure]:
    """Yield a warning for each value that only a cemented vertebra can have."""
    if "treated" not in arrays.vertebrae:
        return
    message = "is given for a vertebra that was not treated"
    for name in OF_CEMENT:
        if name in arrays.vertebrae:
            codes = arrays.vertebrae[name]
            odd = cement_untreated(codes, arrays.vertebrae["treated"])
            for row in np.flatnonzero(odd).tolist():
                value = decode(dictionary[name], float(codes[row]))
                yield Failure(
                    "patient", places[row], name, value, "untreated_cement", message, "warning"
                )


def pelvic_disagreements(arrays: EpisodeArrays) -> Iterator[Failure]:
    """Yield a warning for each patient whose PI differs from PT + SS by more than 10 degrees.

    Parameters
    ----------
    arrays : EpisodeArrays
        Patients.

    Yields
    ------
    Failure
        Warning ``pelvic_identity``; the value is the disagreement in degrees.
    """
    if not all(name in arrays.episodes for name in PELVIC_ANGLES):
        return
    incidence, tilt, slope = (arrays.episodes[name] for name in PELVIC_ANGLES)
    gap = incidence - tilt - slope
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(np.abs(gap) > PELVIC_TOLERANCE_DEG)
    first = PELVIC_ANGLES[0]
    for row in rows:
        message = f"differs from pelvic tilt + sacral slope by {gap[row]:.0f} degrees"
        yield Failure(
            "patient", int(row), first, float(gap[row]), "pelvic_identity", message, "warning"
        )
