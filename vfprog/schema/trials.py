"""The published trials as data: whom they enrolled and what they found."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import config_root, load_yaml
from vfprog.errors import ConfigError
from vfprog.schema.conditions import Condition
from vfprog.schema.dictionary import load_dictionary

if TYPE_CHECKING:
    from pathlib import Path


class Criterion(Condition):
    """One entry criterion: a condition in words.

    Parameters
    ----------
    words : str
        The criterion for people, such as ``age 50 years or more``.
    """

    words: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ask(self) -> Criterion:
        if not self.asked:
            raise ValueError(f"{self.predictor}: a comparison is needed")
        return self


class Design(BaseModel):
    """How a trial was made.

    Parameters
    ----------
    type : {"sham", "open-label"}
        Against a sham procedure and blinded, or against other care and open.
    centres : int, optional
        Number of centres, where stated.
    n_vertebroplasty, n_control : int
        Patients randomised to each arm.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["sham", "open-label"]
    centres: int | None = Field(default=None, gt=0)
    n_vertebroplasty: int = Field(gt=0)
    n_control: int = Field(gt=0)


class Trial(BaseModel):
    """One trial: whom it enrolled, and what it found in them.

    Parameters
    ----------
    name : str
        Stable name, that of its file.
    label : str
        Name for people.
    citation : str
        Where it was published.
    design : Design
        How it was made.
    inclusion : tuple of Criterion
        The published entry criteria the dictionary has predictors for; trials had others.
    finding : str
        What it found, in one sentence.
    simulation, published : dict
        What the simulator needs to make such a trial, and what the result is compared with; their
        form is the simulator's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    label: str = Field(min_length=1)
    citation: str = Field(min_length=1)
    design: Design
    inclusion: tuple[Criterion, ...] = Field(min_length=1)
    finding: str = Field(min_length=1)
    simulation: dict[str, Any] = Field(default_factory=dict, repr=False)
    published: dict[str, Any] = Field(default_factory=dict, repr=False)


# What only the simulator reads stands last in the file of a trial.
_SIMULATORS = re.compile(r"^(?:simulation|published):", re.MULTILINE)


@cache
def load_trials(folder: Path | None = None, *, simulation: bool = True) -> tuple[Trial, ...]:
    """Read and check all trials.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Folder of one YAML file per trial; default ``trials`` of the configurations.
    simulation : bool
        Whether to read what only the simulator needs, too; it is most of each file.

    Returns
    -------
    tuple of Trial
        Trials against a sham procedure first, each kind by name; read once per process.

    Raises
    ------
    ConfigError
        A file is malformed, is not named after its trial, or asks a predictor for what its kind
        does not allow.
    """
    files = sorted((folder or config_root() / "trials").glob("*.yaml"))
    until = None if simulation else _SIMULATORS
    trials = [_read(file, until) for file in files]
    return tuple(sorted(trials, key=lambda trial: (trial.design.type != "sham", trial.name)))


def _read(file: Path, until: re.Pattern[str] | None) -> Trial:
    try:
        trial = Trial.model_validate(load_yaml(file, until=until))
        for criterion in trial.inclusion:
            criterion.check(load_dictionary())
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{file.name}: {lines}") from error
    except ConfigError as error:
        raise ConfigError(f"{file.name}: {error}") from error
    if trial.name != file.stem:
        raise ConfigError(f"{file.name}: the trial in it is named {trial.name}")
    return trial
