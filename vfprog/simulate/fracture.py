"""The index vertebrae of an episode: levels, deformity and what the MRI shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from vfprog.schema.dictionary import LEVELS
from vfprog.simulate.draws import choose, cut, flip, flip_logit, normal

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.simulate.config import Section, SimulationConfig
    from vfprog.simulate.draws import Columns

TOP, BOTTOM = 0, len(LEVELS) - 1
FIRST_JUNCTION, LAST_JUNCTION = LEVELS.index("T10"), LEVELS.index("L2")
# The three regions whose shares are published: T4-T9, T10-L2, L3-L5.
_REGIONS = (LEVELS[:FIRST_JUNCTION], LEVELS[FIRST_JUNCTION : LAST_JUNCTION + 1],
            LEVELS[LAST_JUNCTION + 1 :])  # fmt: skip
# Height losses are read to this many percentage points.
HEIGHT_STEP = 0.1


def draw_vertebrae(
    rng: np.random.Generator, episodes: Columns, config: SimulationConfig
) -> tuple[Columns, IntArray]:
    """Return the index vertebrae of each episode and the episode each belongs to.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    episodes : dict of str to ndarray
        Columns of the episodes; the fracture age is used.
    config : SimulationConfig
        Parameters.

    Returns
    -------
    vertebrae : dict of str to ndarray
        Columns, ordered by episode.
    owner : ndarray of int
        Position of the episode.
    """
    v = config.section("vertebra")
    owner, level = _levels(rng, len(episodes["age_years"]), v)
    log_age, m = episodes["log_fracture_age"][owner], len(owner)
    junction = (level >= FIRST_JUNCTION) & (level <= LAST_JUNCTION)
    z = normal(rng, m)
    share = v["height_logit"] + v["height_logit_sd"] * z + v["height_fracture_age"] * log_age
    loss = v["height_least"] + v["height_span"] * expit(share)
    oedema = v["oedema_logit"] + v["oedema_fracture_age"] * log_age
    cleft = v["cleft_logit"] + v["cleft_fracture_age"] * log_age
    cleft = (
        cleft
        + v["cleft_thoracolumbar"] * junction
        + v["cleft_height_loss"] * (loss - config["reference.height_loss_pct"])
    )
    deformed = v["of_height"] * z + np.sqrt(1 - v["of_height"] ** 2) * normal(rng, m)
    vertebrae = {
        "level": level.astype(np.float64),
        "is_thoracic": (level < FIRST_JUNCTION).astype(np.float64),
        "is_junction": junction.astype(np.float64),
        "is_lumbar": (level > LAST_JUNCTION).astype(np.float64),
        "true_height_loss": loss,
        "height_loss_pct": read_height(loss, v["height_error"] * normal(rng, m)),
        "mri_oedema": flip_logit(rng, oedema),
        "intravertebral_cleft": flip_logit(rng, cleft),
        "adjacent_oedema": flip(rng, v["adjacent_oedema"], m),
        "of_type": cut(deformed, [v["of_1"], v["of_2"], v["of_3"], v["of_4"]]),
    }
    return vertebrae, owner


def read_height(loss: FloatArray, error: FloatArray) -> FloatArray:
    """Return true height losses as films show them, each with its error, in percent to a tenth."""
    return np.asarray(np.round(np.clip(loss + error, 0, 100), 1), dtype=np.float64)


def region_shares(v: Section) -> FloatArray:
    """Return the share of each level, from head to tail."""
    lumbar = max(1 - v["thoracic"] - v["thoracolumbar"], 0.0)
    within = [np.array([v[f"within_{level}"] for level in region]) for region in _REGIONS]
    shares = zip((v["thoracic"], v["thoracolumbar"], lumbar), within, strict=True)
    return np.concatenate([share * w / w.sum() for share, w in shares])


def _levels(rng: np.random.Generator, n: int, v: Section) -> tuple[IntArray, IntArray]:
    """Return owner and level; further fractures lie within two levels, never twice at one."""
    count = 1 + choose(rng, [max(1 - v["two"] - v["three"], 0.0), v["two"], v["three"]], n)
    first = choose(rng, region_shares(v).tolist(), n)
    second = _neighbour(first, rng.choice(np.array([-2, -1, 1, 2]), n))
    upper, lower = np.minimum(first, second), np.maximum(first, second)
    up = rng.random(n) < 0.5
    third = np.where((up & (upper > TOP)) | (lower == BOTTOM), upper - 1, lower + 1)
    table = np.stack([first, second, third], axis=1)
    used = np.arange(3) < count[:, None]
    owner = np.repeat(np.arange(n), count)
    return owner, table[used].astype(np.intp)


def _neighbour(level: IntArray, offset: IntArray) -> IntArray:
    there = level + offset
    return np.where((there < TOP) | (there > BOTTOM), level - offset, there)
