"""What a trial's file says to the simulator: how it was run, and what it published."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import config_root, find_config
from vfprog.errors import ConfigError
from vfprog.schema.trials import FOLDER, load_trial

if TYPE_CHECKING:
    from vfprog.schema.trials import Trial
    from vfprog.simulate.config import SimulationConfig

Treatment = Literal["vertebroplasty", "conservative", "sham"]
# What may differ between trials: who came, and how the procedure was done. Everything else, above
# all how pain, bone and patients behave, is one set for all trials.
_OF_A_TRIAL = (
    "person.",
    "bone.",
    "episode.",
    "vertebra.",
    "procedure.cement_",
    "other_event.cross",
)
_OF_ALL = ("episode.vas_", "vertebra.height_error", "bone.t_score_quality", "bone.t_score_age")
Z95 = 1.959964


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Strict):
    """One arm of a trial.

    Parameters
    ----------
    treatment : {"vertebroplasty", "conservative", "sham"}
        What its patients get; a sham is believed, conservative care is open.
    n : int
        Patients randomised to it.
    """

    treatment: Treatment
    n: int = Field(gt=0)


class Shift(_Strict):
    """A parameter of the population or the procedure, as it was in one trial.

    Parameters
    ----------
    value : float
        The value.
    source : str
        Where it comes from, or the word assumption.
    """

    value: float = Field(allow_inf_nan=False)
    source: str = Field(min_length=3)


class TrialRun(_Strict):
    """How a trial was run: the block ``simulation`` of its file.

    Parameters
    ----------
    arms : tuple of Arm
        Two arms or more, one of them vertebroplasty.
    centres : int
        Number of centres.
    visits : tuple of int
        Days of the follow-up.
    sham : str, optional
        What the sham procedure was, where there is one.
    run_in_days : int
        Days from the screening, at which the fracture's age is judged, to randomisation; pain must
        meet its criterion on both.
    population : dict of str to Shift
        Parameters of ``configs/simulation.yaml`` that say who was enrolled, and of the procedure.
    """

    arms: tuple[Arm, ...] = Field(min_length=2)
    centres: int = Field(default=1, gt=0)
    visits: tuple[int, ...] = Field(min_length=1)
    sham: str | None = None
    run_in_days: int = Field(default=0, ge=0)
    population: dict[str, Shift] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> TrialRun:
        given = [arm.treatment for arm in self.arms]
        if len(set(given)) < len(given) or "vertebroplasty" not in given:
            raise ValueError("arms: one of vertebroplasty and others, no treatment twice")
        if ("sham" in given) != (self.sham is not None):
            raise ValueError("sham: say what it was if and only if an arm has it")
        for name in self.population:
            if not name.startswith(_OF_A_TRIAL) or name.startswith(_OF_ALL):
                raise ValueError(f"population: {name} is one for all trials")
        return self

    def settings(self, config: SimulationConfig) -> SimulationConfig:
        """Return the parameters with which this trial is simulated.

        Parameters
        ----------
        config : SimulationConfig
            The one set for all trials.

        Returns
        -------
        SimulationConfig
            With the population and procedure of this trial; nothing is missing of what it
            recorded, and all who come are screened, whatever their pain.
        """
        own = {name: shift.value for name, shift in self.population.items()}
        conduct = {
            "sites.count": float(self.centres),
            "dropout": config["dropout"] * config["trial.dropout"],
            "missingness": 0.0,
            "episode.vas_least": 0.0,
        }
        return config.with_overrides(conduct | own)


class Estimate(_Strict):
    """One published number with what tells its standard error: a count, an interval, or an sd.

    Parameters
    ----------
    value : float, optional
        The number, unless it is a count.
    count : tuple of int, optional
        Events and patients.
    ci95 : tuple of float, optional
        Its confidence interval.
    sd, n : float, optional
        Standard deviation and number of patients.
    se : float, optional
        Its standard error, by assumption.
    """

    value: float | None = None
    count: tuple[int, int] | None = None
    ci95: tuple[float, float] | None = None
    sd: float | None = Field(default=None, gt=0)
    n: int | None = Field(default=None, gt=0)
    se: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _check(self) -> Estimate:
        if (self.value is None) == (self.count is None):
            raise ValueError("give a value or a count")
        if self.count is not None and not 0 < self.count[0] < self.count[1]:
            raise ValueError(f"count: {self.count[0]} of {self.count[1]} has no standard error")
        if (self.sd is None) != (self.n is None):
            raise ValueError("sd and n go together")
        told = [x for x in (self.count, self.ci95, self.sd, self.se) if x is not None]
        if len(told) != 1:
            raise ValueError("give one of count, ci95, sd with n, and se")
        return self

    def on(self, scale: Literal["linear", "log"]) -> tuple[float, float]:
        """Return the estimate and its standard error.

        Parameters
        ----------
        scale : {"linear", "log"}
            Whether the logarithm of a ratio is wanted.

        Returns
        -------
        estimate, standard_error : float
            On that scale.
        """
        if self.count is not None:
            share = self.count[0] / self.count[1]
            return share, math.sqrt(share * (1 - share) / self.count[1])
        value = float(self.value)  # type: ignore[arg-type]
        move = math.log if scale == "log" else float
        if self.ci95 is not None:
            low, high = self.ci95
            return move(value), (move(high) - move(low)) / (2 * Z95)
        if self.sd is not None and self.n is not None:
            return move(value), self.sd / math.sqrt(self.n)
        return move(value), float(self.se)  # type: ignore[arg-type]


class Published(_Strict):
    """One published figure with its own definition.

    Parameters
    ----------
    name : str
        Short name, unique within the trial.
    kind : str
        How it is computed: see `vfprog.simulate.figures.KINDS`.
    definition : str
        What it is, in words.
    source : str
        Where it was published.
    at : dict of int to Estimate
        Estimates by day; several visits count as one figure.
    treatment : {"vertebroplasty", "conservative", "sham"}, optional
        The arm, or all.
    predictor : str, optional
        What of the baseline it is about.
    below, fall_at_least : float, optional
        Limits of pain and of its fall.
    grow_at_least : float
        Least further height loss, in points.
    grades : tuple of float, optional
        Limits between grades of height loss.
    role : {"outcome", "input"}
        An input was set in ``simulation`` from this very figure and is not counted.
    scale : {"linear", "log"}
        Scale on which it is compared.
    """

    name: str = Field(min_length=1)
    kind: str
    definition: str = Field(min_length=3)
    source: str = Field(min_length=3)
    at: dict[int, Estimate] = Field(min_length=1)
    treatment: Treatment | None = None
    predictor: str | None = None
    below: float | None = None
    fall_at_least: float | None = None
    grow_at_least: float = 0
    grades: tuple[float, ...] = ()
    role: Literal["outcome", "input"] = "outcome"
    scale: Literal["linear", "log"] = "linear"


class _Blocks(_Strict):
    simulation: TrialRun
    published: tuple[Published, ...] = ()


def trial_named(name: str) -> Trial:
    """Return the trial of a name or path.

    Parameters
    ----------
    name : str
        Name of a file in ``configs/trials``, or the path of such a file.

    Returns
    -------
    Trial
        The trial.

    Raises
    ------
    ConfigError
        There is none, its file is malformed, or it cannot be simulated.
    """
    if Path(name).suffix in {".yaml", ".yml"}:
        file = find_config(name)
    else:
        file = config_root() / FOLDER / f"{name}.yaml"
        known = sorted(path.stem for path in file.parent.glob("*.yaml"))
        if name not in known:
            raise ConfigError(f"no trial is called {name}; there are {', '.join(known)}")
    trial = load_trial(file)
    if not trial.simulation:
        raise ConfigError(f"{name} has no block `simulation` in its file")
    return trial


def blocks_of(trial: Trial) -> tuple[TrialRun, tuple[Published, ...]]:
    """Return how a trial was run and what it published.

    Parameters
    ----------
    trial : Trial
        The trial, with its block ``simulation``.

    Returns
    -------
    run : TrialRun
        How it was run.
    published : tuple of Published
        Its figures.

    Raises
    ------
    ConfigError
        A block is malformed; all its faults are named.
    """
    content = {"simulation": dict(trial.simulation),
               "published": [{"name": k} | v for k, v in trial.published.items()]}  # fmt: skip
    try:
        blocks = _Blocks.model_validate(content)
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{trial.name}: {lines}") from error
    return blocks.simulation, blocks.published
