"""Cohorts of simulated registries beside the true risks of their episodes, for studies of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vfprog.data.cohort import Cohort, build_cohort
from vfprog.data.readers import registry_of_frames, require_clean
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.schema.endpoints import Endpoint

# Fresh episodes are followed to the end, so that every outcome is known.
FULLY_FOLLOWED = {"dropout": 0.0}


@dataclass(frozen=True)
class Judged:
    """A cohort and the true risks of its episodes.

    Parameters
    ----------
    cohort : Cohort
        Episodes of one endpoint.
    truth : ndarray of float, shape (n,)
        Their true risks under the treatment received.
    vertebroplasty : ndarray of bool, shape (n,)
        Whether that was vertebroplasty.
    """

    cohort: Cohort
    truth: FloatArray
    vertebroplasty: BoolArray


def simulated_cohorts(
    n: int, endpoints: Iterable[Endpoint], *, seed: int, overrides: Mapping[str, float]
) -> dict[str, Judged]:
    """Simulate a registry and return the cohort of each endpoint with its true risks.

    Parameters
    ----------
    n : int
        Participants of the registry.
    endpoints : iterable of Endpoint
        Endpoints of the three default families.
    seed : int
        Seed of the simulation.
    overrides : mapping of str to float
        Values of single parameters of the simulator by name.

    Returns
    -------
    dict of str to Judged
        By name of the endpoint.
    """
    simulated = simulate(n, seed=seed, overrides=overrides)
    tables = {name: getattr(simulated, name) for name in REGISTRY}
    registry, failures = registry_of_frames(tables, simulated=True)
    require_clean(failures)
    truth = simulated.truth.set_index("episode_id")
    treated = simulated.episodes.set_index("episode_id")["treatment"] == "vertebroplasty"
    found = {}
    for endpoint in endpoints:
        cohort = build_cohort(registry, endpoint)
        risk = truth[f"risk_{endpoint.family}"].reindex(cohort.episode_id)
        received = treated.reindex(cohort.episode_id)
        found[endpoint.name] = Judged(cohort, risk.to_numpy(), received.to_numpy(dtype=bool))
    return found
