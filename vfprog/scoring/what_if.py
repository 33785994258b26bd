"""What the model would say of a patient who differs in some inputs.

This is no effect of changing them: the model knows who fared how, not what would have happened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vfprog.errors import Failure, InputError
from vfprog.schema.rules import is_missing
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.predict import predict
from vfprog.scoring.prognosis import Plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vfprog.schema.dictionary import Dictionary
    from vfprog.scoring.prognosis import Prediction, Prognosis, Warn

WHAT_IF_LABEL = "what the model would say, not the effect of changing it"
# Table of a failure that is of a change, not of the patient.
TABLE = "what_if"
_LEAVE = (
    "is known only from the procedure: it is changed where that is allowed, by procedure: true or "
    "--procedure"
)
_PLACE = re.compile(r"vertebrae\[(\d{1,2})\]\.(\w+)")
_LEVEL = re.compile(r"(\w+)\.(\w+)")


@dataclass(frozen=True)
class Change(Plain):
    """One input that was changed.

    Parameters
    ----------
    field : str
        The input and its vertebra, such as ``vertebrae[0].height_loss_pct``.
    predictor : str
        Its predictor.
    before, after : object
        Values as given; None for not known.
    """

    field: str
    predictor: str
    before: Any
    after: Any


@dataclass(frozen=True)
class RiskChange(Plain):
    """One risk before and after.

    Parameters
    ----------
    endpoint : str
        The endpoint.
    prediction_time_before, prediction_time_after : str or None
        Prediction time of the model that answered. Where they differ two models are compared.
    risk_before, risk_after : float or None
        Risks; None where there is none.
    change : float or None
        Their difference.
    """

    endpoint: str
    prediction_time_before: str | None
    prediction_time_after: str | None
    risk_before: float | None
    risk_after: float | None
    change: float | None


@dataclass(frozen=True)
class WhatIf(Plain):
    """The risks of a patient before and after a change of inputs.

    Parameters
    ----------
    changes : tuple of Change
        What was changed.
    endpoints : tuple of RiskChange
        The risks.
    warnings : tuple of Warn
        What the reader should know of the changed patient.
    label : str
        What this is, and is not.
    """

    changes: tuple[Change, ...]
    endpoints: tuple[RiskChange, ...]
    warnings: tuple[Warn, ...]
    label: str = WHAT_IF_LABEL


def what_if(
    bundle: Bundle | str | Path,
    patient: Mapping[str, Any],
    changes: Mapping[str, Any],
    *,
    procedure: bool = False,
) -> WhatIf:
    """Return what the model would say if inputs of a patient were others.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        A loaded bundle, or its folder.
    patient : mapping
        The patient, as for `predict`.
    changes : mapping of str to object
        New values by input; None for not known. Inputs of a vertebra are named by its place or
        level, ``vertebrae[0].height_loss_pct`` or ``L1.height_loss_pct``, or stand alone where
        there is one vertebra.
    procedure : bool
        Whether inputs known only from the procedure may be changed. A risk after 6 ml of cement
        against one after 3 ml invites to inject more; it says nothing of the kind.

    Returns
    -------
    WhatIf
        The risks before and after.

    Raises
    ------
    InputError
        Something given is wrong, an input is changed twice, or one of the procedure is changed
        without leave.

    Examples
    --------
    >>> import vfprog  # doctest: +SKIP
    >>> vfprog.what_if("bundle", {"age_years": 79}, {"age_years": 69})  # doctest: +SKIP
    """
    try:
        return what_if_many(bundle, patient, [changes], procedure=procedure)[0]
    except InputError as error:  # the only change needs no place
        raise InputError(
            replace(f, row=None if f.row == 0 else f.row) for f in error.failures
        ) from None


def what_if_many(
    bundle: Bundle | str | Path,
    patient: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
    *,
    procedure: bool = False,
) -> list[WhatIf]:
    """Return what the model would say of several changes of one patient, each on its own.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        A loaded bundle, or its folder.
    patient : mapping
        The patient, as for `predict`.
    changes : sequence of mapping
        Changes as for `what_if`.
    procedure : bool
        Whether inputs known only from the procedure may be changed.

    Returns
    -------
    list of WhatIf
        One for each mapping, in order.

    Raises
    ------
    InputError
        As `what_if`, of all changes at once. Where a change is at fault and not the patient, the
        table of the failure is ``what_if`` and its row the place of the change.
    """
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    before = predict(loaded, patient, panel=False)
    made, failures = [], list[Failure]()
    for place, change in enumerate(changes):
        try:
            made.append(_changed(patient, change, loaded.dictionary, procedure=procedure))
        except InputError as error:
            failures += [replace(failure, row=place) for failure in error.failures]
    if failures:
        raise InputError(failures)
    try:
        after = predict(loaded, [other for other, _ in made], panel=False)
    except InputError as error:
        raise InputError(replace(failure, table=TABLE) for failure in error.failures) from None
    return [
        WhatIf(done, _compare(loaded, before, answer), answer.warnings)
        for (_, done), answer in zip(made, after, strict=True)
    ]


def _changed(
    patient: Mapping[str, Any],
    changes: Mapping[str, Any],
    dictionary: Dictionary,
    *,
    procedure: bool,
) -> tuple[dict[str, Any], tuple[Change, ...]]:
    """Return a changed copy of a patient and what was changed in it."""
    other = dict(patient)
    given: Any = patient.get("vertebrae")  # well formed: the patient was predicted before
    vertebrae = [] if is_missing(given) else [dict(vertebra) for vertebra in given]
    failures: list[Failure] = []
    done: list[Change] = []
    for field, value in changes.items():
        place, name, wrong = _resolve(field, vertebrae, dictionary)
        if wrong is None and dictionary[name].known_at == "procedure" and not procedure:
            wrong = ("procedure_what_if", _LEAVE)
        if wrong is not None:
            failures.append(Failure(TABLE, None, field, None, *wrong))
            continue
        target = other if place is None else vertebrae[place]
        where = name if place is None else f"vertebrae[{place}].{name}"
        if any(change.field == where for change in done):
            text = f"changes {where} a second time: which value was meant cannot be known"
            failures.append(Failure(TABLE, None, field, None, "repeated_key", text))
            continue
        done.append(Change(where, name, target.get(name), value))
        target[name] = value
    if failures:
        raise InputError(failures)
    if vertebrae:
        other["vertebrae"] = vertebrae
    return other, tuple(done)


def _resolve(
    field: str, vertebrae: Sequence[Mapping[str, Any]], dictionary: Dictionary
) -> tuple[int | None, str, tuple[str, str] | None]:
    """Return the vertebra and predictor a field means, and what is wrong with it."""
    place, name, wrong = _split(field, vertebrae)
    if wrong is None and name not in dictionary:
        wrong = ("unknown_key", "is no predictor of this model")
    if wrong is not None:
        return None, name, wrong
    of_vertebra = dictionary[name].table == "vertebrae"
    if of_vertebra and place is None:
        if len(vertebrae) != 1:
            text = f"is of one vertebra, and {len(vertebrae)} are given: name it, as in L1.{name}"
            return None, name, ("vertebra", text)
        place = 0
    if not of_vertebra and place is not None:
        return None, name, ("vertebra", "belongs to the patient, not to a vertebra")
    return place, name, None


def _split(
    field: str, vertebrae: Sequence[Mapping[str, Any]]
) -> tuple[int | None, str, tuple[str, str] | None]:
    if by_place := _PLACE.fullmatch(field):
        place, name = int(by_place[1]), by_place[2]
        there = place < len(vertebrae)
    elif by_level := _LEVEL.fullmatch(field):
        levels = [str(vertebra.get("level")).strip().lower() for vertebra in vertebrae]
        level, name = by_level[1].lower(), by_level[2]
        place, there = (levels.index(level), True) if level in levels else (0, False)
    else:
        return None, field, None
    return place, name, None if there else ("vertebra", "means a vertebra that is not given")


def _compare(bundle: Bundle, before: Prediction, after: Prediction) -> tuple[RiskChange, ...]:
    one, other = ({p.endpoint: p for p in answer.prognoses} for answer in (before, after))
    return tuple(
        _risk_change(endpoint, one.get(endpoint), other.get(endpoint))
        for endpoint in bundle.endpoints
    )


def _risk_change(endpoint: str, one: Prognosis | None, other: Prognosis | None) -> RiskChange:
    return RiskChange(
        endpoint,
        None if one is None else one.prediction_time,
        None if other is None else other.prediction_time,
        None if one is None else one.risk,
        None if other is None else other.risk,
        None if one is None or other is None else other.risk - one.risk,
    )
