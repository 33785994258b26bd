"""The published trials as data: whom they enrolled and what they found."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

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


FOLDER = "trials"
# What only the simulator reads stands last in the file of a trial.
_SIMULATORS = re.compile(r"^(?:simulation|published):", re.MULTILINE)


class ReadTrials(NamedTuple):
    """The trials of a folder, and what could not be read there.

    Parameters
    ----------
    trials : tuple of Trial
        Trials against a sham procedure first, each kind by name.
    broken : dict of str to str
        The others by name, and what is wrong.
    """

    trials: tuple[Trial, ...]
    broken: dict[str, str]


@cache
def read_trials(folder: Path | None = None, *, simulation: bool = True) -> ReadTrials:
    """Read and check all trials; one that is malformed does not take the others with it.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Folder of one YAML file per trial; default ``trials`` of the configurations.
    simulation : bool
        Whether to read what only the simulator needs, too; it is most of each file.

    Returns
    -------
    ReadTrials
        Trials and faults; read once per process.
    """
    trials, broken = [], {}
    for file in sorted((folder or config_root() / FOLDER).glob("*.yaml")):
        try:
            trials.append(_named_after(file, simulation=simulation))
        except ConfigError as error:
            broken[file.stem] = str(error)
    ordered = sorted(trials, key=lambda trial: (trial.design.type != "sham", trial.name))
    return ReadTrials(tuple(ordered), broken)


def load_trials(folder: Path | None = None, *, simulation: bool = True) -> tuple[Trial, ...]:
    """Return all trials; see `read_trials`.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Folder of one YAML file per trial; default ``trials`` of the configurations.
    simulation : bool
        Whether to read what only the simulator needs, too.

    Returns
    -------
    tuple of Trial
        Trials against a sham procedure first, each kind by name.

    Raises
    ------
    ConfigError
        A file is malformed, is not named after its trial, or asks a predictor for what its kind
        does not allow; all such files are named.
    """
    found = read_trials(folder, simulation=simulation)
    if found.broken:
        raise ConfigError("; ".join(found.broken.values()))
    return found.trials


def load_trial(file: Path, *, simulation: bool = True) -> Trial:
    """Read and check the file of one trial, wherever it is and whatever it is called.

    Parameters
    ----------
    file : pathlib.Path
        A YAML file.
    simulation : bool
        Whether to read what only the simulator needs, too.

    Returns
    -------
    Trial
        The trial.

    Raises
    ------
    ConfigError
        The file is malformed, or asks a predictor for what its kind does not allow.
    """
    content = load_yaml(file, until=None if simulation else _SIMULATORS)
    try:
        trial = Trial.model_validate(content)
        for criterion in trial.inclusion:
            criterion.check(load_dictionary())
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{file.name}: {lines}") from error
    except ConfigError as error:
        raise ConfigError(f"{file.name}: {error}") from error
    return trial


def _named_after(file: Path, *, simulation: bool) -> Trial:
    trial = load_trial(file, simulation=simulation)
    if trial.name != file.stem:
        raise ConfigError(f"{file.name}: the trial in it is named {trial.name}")
    return trial
