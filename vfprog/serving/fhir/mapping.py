"""The mapping from codes and units of FHIR to predictors, read from ``configs/fhir.yaml``."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import load_config
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.schema.dictionary import Predictor

Coding = tuple[str, str]
# With the point and the letter of the encounter, as in S22.080S.
_ICD_LENGTH = 8


class Code(BaseModel):
    """A code of a terminology.

    Parameters
    ----------
    system : str
        Short name of the terminology, one of `FhirMapping.systems`.
    code : str
        Code.
    display : str
        Words of the terminology.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    code: str
    display: str = ""


class ObservationCode(Code):
    """A code of an observation and the predictor it is a value of.

    Parameters
    ----------
    predictor : str
        Predictor.
    """

    predictor: str


class Answer(ObservationCode):
    """A coded answer.

    Parameters
    ----------
    value : bool or str or None
        Value of the predictor; null where the answer says that it is not known.
    """

    value: bool | str | None


class FractureCode(Code):
    """A code of a Condition that is a fracture.

    Parameters
    ----------
    below : bool
        Whether every code that begins with this one is meant, but for sequelae.
    elsewhere : bool
        Whether the code means a vertebra the models do not know, such as one of the neck.
    any_bone : bool
        Whether the code is for any bone, so that a bodySite must name a vertebra.
    level : str or None
        Vertebra the code itself means; None where it does not say which.
    """

    below: bool = False
    elsewhere: bool = False
    any_bone: bool = False
    level: str | None = None


class FhirMapping(BaseModel):
    """How codes and units become predictors.

    Parameters
    ----------
    systems : dict of str to str
        Short names of terminologies and their addresses.
    observations : tuple of ObservationCode
        Codes of observations.
    answers : tuple of Answer
        Coded answers.
    fractures : tuple of FractureCode
        Conditions that are a fracture of a vertebra.
    procedures : tuple of Code
        Procedures after which nothing is a value before the procedure.
    levels : dict of str to str
        SNOMED CT code of each level.
    regions : tuple of Code
        Body sites that hold some of these levels, and say no single one.
    units : dict of str to dict of str to float
        UCUM code to factor, by predictor.
    lowest : tuple of str
        Predictors of which the lowest value counts, not the latest.
    same_episode_days : int
        Days before the youngest fracture within which others belong to it.
    noted_after_days : int
        Days after which a value that is used is said to be old.
    max_age_days : dict of str to int
        Days after which a value of a predictor is not used.
    since_fracture : tuple of str
        Predictors of which values from before the fracture are not used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    systems: dict[str, str]
    observations: tuple[ObservationCode, ...]
    answers: tuple[Answer, ...]
    fractures: tuple[FractureCode, ...]
    procedures: tuple[Code, ...] = ()
    levels: dict[str, str]
    regions: tuple[Code, ...] = ()
    units: dict[str, dict[str, float]]
    lowest: tuple[str, ...] = ()
    same_episode_days: int = Field(default=90, ge=0)
    noted_after_days: int = Field(default=365, gt=0)
    max_age_days: dict[str, int] = {}
    since_fracture: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> FhirMapping:
        listed = (*self.observations, *self.answers, *self.fractures, *self.procedures,
                  *self.regions)  # fmt: skip
        lost = sorted({code.system for code in listed} - set(self.systems))
        if lost:
            raise ValueError(f"systems without an address: {', '.join(lost)}")
        astray = sorted({one.level for one in self.fractures if one.level} - set(self.levels))
        if astray:
            raise ValueError(f"levels of fractures that are none: {', '.join(astray)}")
        codes = [(code.system, code.code) for code in self.observations]
        twice = sorted({code for system, code in codes if codes.count((system, code)) > 1})
        if twice:
            raise ValueError(f"codes stand twice: {', '.join(twice)}")
        return self

    @cached_property
    def predictor_of(self) -> dict[Coding, str]:
        """Predictor by system and code of an observation."""
        return {(self.systems[c.system], c.code): c.predictor for c in self.observations}

    @cached_property
    def answer_of(self) -> dict[tuple[str, Coding], bool | str | None]:
        """Value by predictor and coding of an answer; None where it says that nobody knows."""
        return {(a.predictor, (self.systems[a.system], a.code)): a.value for a in self.answers}

    @cached_property
    def procedure_codes(self) -> frozenset[Coding]:
        """System and code of each vertebroplasty."""
        return frozenset((self.systems[c.system], c.code) for c in self.procedures)

    @cached_property
    def region_codes(self) -> frozenset[Coding]:
        """System and code of each body site that holds several levels."""
        return frozenset((self.systems[c.system], c.code) for c in self.regions)

    def fracture_of(self, coding: Coding) -> FractureCode | None:
        """Return the entry a coding of a Condition falls under; None for any other condition."""
        system, code = coding
        for entry in self.fractures:
            if self.systems[entry.system] != system:
                continue
            sequela = len(code) == _ICD_LENGTH and code.endswith("S")
            if code == entry.code or (entry.below and code.startswith(entry.code) and not sequela):
                return entry
        return None

    @cached_property
    def level_of(self) -> dict[Coding, str]:
        """Level by SNOMED CT coding of a body site."""
        return {(self.systems["snomed"], code): level for level, code in self.levels.items()}

    def level_at(self, coding: Coding) -> str | None:
        """Return the level a coding of a body site names; None where it names none."""
        system, code = coding
        if system == self.systems["level"]:
            return next((level for level in self.levels if level == code.strip().upper()), None)
        return self.level_of.get(coding)

    def units_of(self, predictor: Predictor) -> dict[str, float]:
        """Return UCUM codes and factors; a registry's own predictor has the unit it declares."""
        return self.units.get(predictor.name) or {predictor.unit or "": 1}

    def code_of(self, predictor: str) -> dict[str, str]:
        """Return the coding under which a predictor is best sent, as FHIR writes it."""
        for code in self.observations:
            if code.predictor == predictor:
                return {
                    "system": self.systems[code.system],
                    "code": code.code,
                    "display": code.display,
                }
        return {"system": self.systems["predictor"], "code": predictor}


@cache
def load_mapping(name: str | Path = "fhir") -> FhirMapping:
    """Read and check a mapping.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name or path.

    Returns
    -------
    FhirMapping
        The mapping; read once per process.

    Raises
    ------
    ConfigError
        The file is malformed or contradicts itself.
    """
    content: Any = load_config(name)
    try:
        return FhirMapping.model_validate(content)
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{name}: {lines}") from error
