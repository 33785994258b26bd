"""Models fitted in seconds on drawn episodes, for tests against second implementations."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from vfprog.data.cohort import Cohort
from vfprog.data.outcomes import Outcome
from vfprog.features.arrays import EpisodeArrays
from vfprog.models.procedure import fit_procedure
from vfprog.models.settings import load_settings
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.bundle_writer import BundleParts

_ALWAYS_KNOWN = ("age_years", "vas_baseline", "sex")


def drawn_arrays(n, seed):
    """Episodes with one to three vertebrae; a tenth of the values of the patient missing."""
    rng, dictionary = np.random.default_rng(seed), load_dictionary()
    owner = np.repeat(np.arange(n), rng.integers(1, 4, n))
    usable = dictionary.usable_at("postprocedure")
    episodes = {p.name: _column(rng, p, n) for p in usable if p.table == "episodes"}
    for name, values in episodes.items():
        if name not in _ALWAYS_KNOWN:
            values[rng.random(n) < 0.1] = np.nan
    vertebrae = {p.name: _column(rng, p, len(owner)) for p in usable if p.table == "vertebrae"}
    return EpisodeArrays(n, episodes, vertebrae, owner)


def _column(rng, predictor, n):
    if predictor.kind == "continuous":
        return rng.uniform(*predictor.usual_range, n)
    if predictor.kind == "count":
        return rng.poisson(1.5, n).clip(0, 5).astype(float)
    return rng.integers(0, max(2, len(predictor.levels)), n).astype(float)


@cache
def drawn_cohort(n=4500, seed=0, endpoint="response"):
    """A cohort with every outcome observed, curved and interacting in its predictors."""
    arrays, rng = drawn_arrays(n, seed), np.random.default_rng(seed + 1)
    x = arrays.episodes
    curve = -0.15 * (np.nan_to_num(x["t_score"], nan=-2) + 2) ** 2
    both = 1.5 * ((x["age_years"] > 75) & (x["vas_baseline"] > 6))
    y = rng.random(n) < 1 / (1 + np.exp(1 - 0.3 * (x["vas_baseline"] - 6) - curve - both))
    outcome = Outcome(np.full(n, 30.0), np.ones(n, bool), y, np.where(y, 1, 0), True)
    ids = np.array([f"e{i}" for i in range(n)], dtype=object)
    sites = np.array([f"s{i % 5}" for i in range(n)], dtype=object)
    return Cohort(
        load_endpoint(endpoint), load_dictionary(), arrays, outcome, ids, ids, sites,
        np.full(n, np.datetime64("2020-01-01")), pd.DataFrame(),
    )  # fmt: skip


@cache
def fitted_procedure(endpoint="response", time="postprocedure"):
    """The whole procedure with one penalty and twenty rounds."""
    settings = load_settings(copies=1, inner_folds=2, penalties=(0.1,), rounds=(20,))
    cohort = replace(drawn_cohort(), endpoint=load_endpoint(endpoint))
    fitted = fit_procedure(cohort, time, settings, seed=1)
    assert fitted.booster is not None
    return fitted


@cache
def fitted_parts():
    """Parts of a bundle of two endpoints at both prediction times."""
    fitted = [
        fitted_procedure(endpoint, time)
        for endpoint in ("response", "new_fracture")
        for time in ("preprocedure", "postprocedure")
    ]
    return BundleParts(
        name="fitted", version="1", simulated=True, dictionary=load_dictionary(),
        models={f.model.name: f.model for f in fitted},
        boosters={f.model.name: f.booster for f in fitted}, members={},
        performance=[], provenance={},
    )  # fmt: skip
