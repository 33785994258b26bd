"""Simulate registries and trials from published figures, with the true risks known."""

from vfprog.simulate.conduct import simulate_trial
from vfprog.simulate.config import Parameter, SimulationConfig, load_simulation
from vfprog.simulate.generate import SimulatedRegistry, simulate
from vfprog.simulate.write import simulate_to, write

__all__ = [
    "Parameter",
    "SimulatedRegistry",
    "SimulationConfig",
    "load_simulation",
    "simulate",
    "simulate_to",
    "simulate_trial",
    "write",
]
