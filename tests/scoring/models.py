"""Random models with splines and trees over all features, random patients, and their bundle."""

from __future__ import annotations

import numpy as np

from tests.scoring.forests import random_trees
from vfprog.features.design import usable_features
from vfprog.features.encoder import Encoding
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.endpoints import DEFAULT_ENDPOINTS, load_endpoint
from vfprog.scoring.bundle_writer import BundleParts
from vfprog.scoring.linear import LinearPart
from vfprog.scoring.members import stack_members
from vfprog.scoring.model import Blend, PrognosticModel

TIMES = ("preprocedure", "postprocedure")


def features_at(time):
    """All features a model of this prediction time may have."""
    dictionary = load_dictionary()
    return usable_features(dictionary, time, {p.name for p in dictionary.predictors})


def random_linear(rng, width):
    """A linear part with knots in most columns and indicators in some."""
    knots = np.sort(rng.uniform(-3, 100, (width, 4)), axis=1)
    knots[rng.random(width) < 0.3] = np.nan
    encoding = Encoding(knots, rng.uniform(0, 60, width), rng.random(width) < 0.6)
    coef = rng.normal(0, [0.004, 0.002, 0.002, 0.3], (width, 4))
    center = rng.uniform(0, 50, (width, 4)) * (coef != 0)
    center[:, 3] = rng.random(width)
    return LinearPart(encoding, coef, center, float(rng.normal()))


def random_model(seed, endpoint="response", time="preprocedure", *, n_trees=6):
    """A model of all features; without trees if their number is 0."""
    rng = np.random.default_rng(seed)
    features = features_at(time)
    width = len(features)
    share = float(rng.uniform(0.2, 0.8)) if n_trees else 1.0
    blend = Blend(share, 1 - share, float(rng.normal(0, 0.3)), float(rng.uniform(0.7, 1.3)))
    fill = np.where(rng.random(width) < 0.3, rng.uniform(-2, 2, width), np.nan)
    return PrognosticModel(
        load_endpoint(endpoint), time, features, blend, random_linear(rng, width),
        random_trees(rng, n_trees, width) if n_trees else None, fill,
    )  # fmt: skip


def random_parts(seed=0, *, members=4):
    """Parts of a bundle of the three default endpoints at both times."""
    models = [
        random_model(seed + place, endpoint, time)
        for place, (endpoint, time) in enumerate(
            (e, t) for e in DEFAULT_ENDPOINTS for t in TIMES
        )
    ]  # fmt: skip
    refits = {
        m.name: stack_members(
            [
                random_model(seed + 100 + i, m.endpoint.name, m.prediction_time, n_trees=i % 3)
                for i in range(members)
            ]
        )
        for m in models
        if members
    }
    return BundleParts(
        "random", "1", False, load_dictionary(), {m.name: m for m in models}, {}, refits, [], {}
    )


def random_patient(rng, *, after=None, known=0.6, vertebrae=None):
    """A patient with legal values; after the procedure or before it, or either by chance."""
    dictionary = load_dictionary()
    after = bool(rng.integers(2)) if after is None else after
    patient = {
        p.name: random_value(rng, p)
        for p in dictionary.of_table("episodes")
        if rng.random() < known
    }
    patient["age_years"] = float(rng.uniform(50, 95))
    count = int(rng.integers(0, 4)) if vertebrae is None else vertebrae
    levels = rng.choice(dictionary["level"].levels, count, replace=False)
    patient["vertebrae"] = [
        {"level": str(level), **_findings(rng, dictionary, known, after)} for level in levels
    ]
    return patient


def _findings(rng, dictionary, known, after):
    return {
        p.name: random_value(rng, p)
        for p in dictionary.of_table("vertebrae")
        if p.name != "level" and rng.random() < known and (after or p.known_at != "procedure")
    }


def random_value(rng, predictor):
    """A legal value as a person would write it."""
    if predictor.kind == "binary":
        return bool(rng.integers(2))
    if predictor.levels:
        return str(rng.choice(predictor.levels))
    low, high = predictor.usual_range or predictor.hard_range
    return int(rng.integers(low, high + 1)) if predictor.kind == "count" else rng.uniform(low, high)
