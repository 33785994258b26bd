"""The figures of the simulated registry: each with its source, changed only by name."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vfprog.config import load_config
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


class Parameter(BaseModel):
    """One figure of the simulator and where it comes from.

    Parameters
    ----------
    value : float
        The figure.
    unit : str, optional
        Its unit; a ``proportion`` lies between 0 and 1.
    source : str
        A citation, or the word assumption.
    reason : str
        Why it is this, in a line.
    range : tuple of float, optional
        Smallest and largest value that make sense.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    value: float = Field(allow_inf_nan=False)
    unit: str | None = None
    source: str = Field(min_length=3)
    reason: str = Field(min_length=3)
    range: tuple[float, float] | None = Field(default=None, strict=False)

    @model_validator(mode="after")
    def _check(self) -> Parameter:
        low, high = self.limits
        if not low <= self.value <= high:
            raise ValueError(f"must lie between {low:g} and {high:g}, got {self.value:g}")
        return self

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest value allowed."""
        if self.range is not None:
            return self.range
        return (0.0, 1.0) if self.unit == "proportion" else (-math.inf, math.inf)


class SimulationConfig(BaseModel):
    """All parameters of the simulator by dotted name, such as ``pain.placebo``.

    Parameters
    ----------
    parameters : dict of str to Parameter
        The parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: dict[str, Parameter]

    @model_validator(mode="after")
    def _check(self) -> SimulationConfig:
        for name in self.parameters:
            stem = name.removesuffix("_first")
            if stem != name and self[name] > self[f"{stem}_last"]:
                raise ValueError(f"{name} lies after {stem}_last")
        return self

    def __getitem__(self, name: str) -> float:
        return self.parameters[name].value

    def section(self, name: str) -> Section:
        """Return the parameters whose names begin with ``name.``, by the rest of their names."""
        return Section(self, name)

    def with_overrides(self, overrides: Mapping[str, float]) -> SimulationConfig:
        """Return a configuration with other values.

        Parameters
        ----------
        overrides : mapping of str to float
            New values by parameter name.

        Returns
        -------
        SimulationConfig
            The changed configuration; the source of a changed value is ``override``.

        Raises
        ------
        ConfigError
            A name is unknown (the message lists names near it) or a value makes no sense.
        """
        changed: dict[str, Any] = {k: v.model_dump() for k, v in self.parameters.items()}
        for name, value in overrides.items():
            if name not in changed:
                raise ConfigError(_unknown(name, list(changed)))
            changed[name] |= {"value": value, "source": "override"}
        return _build({"parameters": changed}, "overrides")

    def digest(self) -> str:
        """Return the sha256 over names and values."""
        values = {name: float(parameter.value) for name, parameter in self.parameters.items()}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


class Section(Mapping[str, float]):
    """Parameters of one section, read through their configuration.

    Parameters
    ----------
    config : SimulationConfig
        The configuration.
    name : str
        First part of the dotted names.
    """

    def __init__(self, config: SimulationConfig, name: str) -> None:
        self._config = config
        self._prefix = f"{name}."

    def __getitem__(self, name: str) -> float:
        return self._config[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        for name in self._config.parameters:
            if name.startswith(self._prefix):
                yield name.removeprefix(self._prefix)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def load_simulation(name: str | Path = "simulation") -> SimulationConfig:
    """Read and check the parameters of the simulator.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name or path.

    Returns
    -------
    SimulationConfig
        Parameters by dotted name.

    Raises
    ------
    ConfigError
        An entry lacks its value, source or reason, or lies outside its range.
    """
    return _build({"parameters": _flatten(load_config(name), str(name))}, str(name))


def _flatten(content: Mapping[str, Any], origin: str, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, entry in content.items():
        if not isinstance(entry, Mapping):
            raise ConfigError(f"{origin}: {prefix}{key} needs value, source and reason")
        if prefix or "value" in entry:
            flat[f"{prefix}{key}"] = entry
        else:
            flat |= _flatten(entry, origin, f"{key}.")
    return flat


def _build(content: object, origin: str) -> SimulationConfig:
    try:
        return SimulationConfig.model_validate(content)
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{origin}: {'; '.join(lines)}") from error


def _unknown(name: str, known: list[str]) -> str:
    by_end: dict[str, list[str]] = {}
    for full in known:
        by_end.setdefault(full.rsplit(".", 1)[-1], []).append(full)
    near = get_close_matches(name, known, n=3) or [
        full
        for end in get_close_matches(name.rsplit(".", 1)[-1], list(by_end), n=3)
        for full in by_end[end]
    ]
    hint = f"; did you mean {', '.join(near)}?" if near else "; see configs/simulation.yaml"
    return f"no simulation parameter is called {name!r}{hint}"
