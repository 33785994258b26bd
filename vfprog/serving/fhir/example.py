"""A patient as FHIR resources: the way back, for examples and to prove that nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.serving.fhir.collect import VERTEBRA
from vfprog.serving.fhir.values import UCUM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.schema.dictionary import Dictionary, Predictor
    from vfprog.serving.fhir.mapping import FhirMapping

_GENDER = "sex"


def as_bundle(
    patient: Mapping[str, Any], dictionary: Dictionary, mapping: FhirMapping
) -> dict[str, Any]:
    """Return a patient as a Bundle of Patient and Observation resources.

    Parameters
    ----------
    patient : mapping
        Predictors by name, with ``vertebrae`` as a list of mappings.
    dictionary : Dictionary
        The predictors.
    mapping : FhirMapping
        Codes and units.

    Returns
    -------
    dict
        The Bundle; what is not known is left out, keys that are no predictors too.
    """
    about = {"resourceType": "Patient", "id": "example"}
    if _GENDER in dictionary and patient.get(_GENDER) is not None:
        about["gender"] = patient[_GENDER]
    resources: list[dict[str, Any]] = [about]
    for predictor in dictionary.of_table("episodes"):
        value = patient.get(predictor.name)
        if value is not None and predictor.name != _GENDER:
            resources.append(_observation(mapping.code_of(predictor.name)) |
                             _value(predictor, value, mapping))  # fmt: skip
    vertebra = {"system": mapping.systems["predictor"], "code": VERTEBRA}
    for findings in patient.get("vertebrae") or ():
        components = [
            {"code": {"coding": [mapping.code_of(p.name)]}} | _value(p, findings[p.name], mapping)
            for p in dictionary.of_table("vertebrae")
            if findings.get(p.name) is not None
        ]
        if components:
            resources.append({**_observation(vertebra), "component": components})
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _observation(coding: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [coding]},
        "subject": {"reference": "Patient/example"},
    }


def _value(predictor: Predictor, value: Any, mapping: FhirMapping) -> dict[str, Any]:
    if predictor.kind == "binary":
        return {"valueBoolean": bool(value)}
    if predictor.levels:
        return {"valueString": str(value)}
    units = mapping.units_of(predictor)
    unit = next(unit for unit, factor in units.items() if factor == 1 and (unit or len(units) == 1))
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}
