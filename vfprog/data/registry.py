"""A checked registry: typed tables, predictors as numbers, ready for cohorts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vfprog.features.arrays import EpisodeArrays

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.schema.dictionary import Dictionary
    from vfprog.schema.endpoints import Endpoint


@dataclass(frozen=True)
class Registry:
    """Five typed tables that passed their checks.

    Identifiers are strings; days and predictors are float (NaN = missing; binary 0/1, levels as
    their place in the dictionary); dates are datetime64; words (treatment, event) are strings.

    Parameters
    ----------
    episodes, vertebrae, visits, heights, events : pandas.DataFrame
        The tables of ``vfprog.schema.registry.REGISTRY``; a table the source lacks is empty.
    dictionary : Dictionary
        The dictionary the predictors follow, with the registry's own predictors.
    source : str
        Name of the folder or file.
    digest : str
        sha256 over the content of what was read.
    simulated : bool
        Whether the registry says it was simulated.
    outcomes : pandas.DataFrame, optional
        Outcomes a flat table had coded already: episode_id, endpoint, event (0/1).
    all_episodes : bool
        Whether the mapping takes every episode as the population, whatever its treatment.
    notes : tuple of str
        What every report of this registry must say.
    own_endpoints : tuple of Endpoint
        Endpoints the mapping defines by outcomes coded already, or calls by a label of its own.
    """

    episodes: pd.DataFrame
    vertebrae: pd.DataFrame
    visits: pd.DataFrame
    heights: pd.DataFrame
    events: pd.DataFrame
    dictionary: Dictionary
    source: str
    digest: str
    simulated: bool = False
    outcomes: pd.DataFrame | None = None
    all_episodes: bool = False
    notes: tuple[str, ...] = field(default=())
    own_endpoints: tuple[Endpoint, ...] = ()

    def arrays(self) -> EpisodeArrays:
        """Return the predictors of all episodes, in the order of ``episodes``."""
        position = {key: i for i, key in enumerate(self.episodes["episode_id"])}
        owner = self.vertebrae["episode_id"].map(position).to_numpy(dtype=np.intp)
        return EpisodeArrays(
            len(self.episodes),
            {p.name: self.episodes[p.name].to_numpy(dtype=np.float64)
             for p in self.dictionary.of_table("episodes") if p.name in self.episodes},
            {p.name: self.vertebrae[p.name].to_numpy(dtype=np.float64)
             for p in self.dictionary.of_table("vertebrae") if p.name in self.vertebrae},
            owner,
        )  # fmt: skip
