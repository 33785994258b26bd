"""Small cohorts and registries whose true risks are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.cohort import Cohort
from vfprog.data.outcomes import Outcome
from vfprog.features.arrays import EpisodeArrays, FloatArray
from vfprog.models.settings import TrainingSettings, load_settings
from vfprog.schema.dictionary import LEVELS, load_dictionary
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.model import expit

if TYPE_CHECKING:
    from pathlib import Path

FEW = ("age_years", "vas_baseline", "t_score", "n_prevalent_fractures", "inpatient")


def quick_settings(**changes: Any) -> TrainingSettings:
    """Return settings that fit in a tenth of a second."""
    few = {"inner_folds": 3, "copies": 1, "penalties": (0.01, 0.1), "rounds": (10, 20)}
    return load_settings(**{**few, "outer_folds": 3, "warn_class": 20, **changes})


def make_arrays(n: int, *, seed: int = 0, missing: float = 0.1, names=FEW) -> EpisodeArrays:
    """Draw episodes of five predictors, with one or two vertebrae each."""
    rng = np.random.default_rng(seed)
    episodes = {
        "age_years": rng.normal(75, 8, n).clip(50, 97),
        "vas_baseline": rng.uniform(3, 10, n),
        "t_score": rng.normal(-2.5, 1.2, n).clip(-6, 2),
        "n_prevalent_fractures": rng.poisson(1.2, n).clip(0, 6).astype(float),
        "inpatient": (rng.random(n) < 0.4).astype(float),
    }
    for values in episodes.values():
        values[rng.random(n) < missing] = np.nan
    owner = np.repeat(np.arange(n), rng.integers(1, 3, n))
    m = len(owner)
    vertebrae = {
        "height_loss_pct": rng.uniform(5, 60, m),
        "intravertebral_cleft": (rng.random(m) < 0.3).astype(float),
        "cement_volume_ml": rng.uniform(2, 8, m),
    }
    return EpisodeArrays(n, {name: episodes[name] for name in names}, vertebrae, owner)


def true_log_odds(arrays: EpisodeArrays) -> FloatArray:
    """Return the log-odds outcomes are drawn from; a missing value is one at the middle."""
    middle = {"age_years": 75, "vas_baseline": 6.5, "t_score": -2.5, "n_prevalent_fractures": 1}
    get = {
        name: np.where(np.isnan(values), middle.get(name, 0.4), values)
        for name, values in arrays.episodes.items()
    }
    pain = get.get("vas_baseline", np.full(arrays.n, 6.5))
    old = get.get("age_years", np.full(arrays.n, 75.0)) > 75
    bone = get.get("t_score", np.full(arrays.n, -2.5)) < -3
    return -1.2 + 0.5 * (pain - 6.5) + 1.2 * old - 0.4 * bone + 1.0 * (old & bone)


def make_cohort(
    n: int = 300,
    *,
    seed: int = 0,
    endpoint: str = "response",
    arrays: EpisodeArrays | None = None,
    event: Any = None,
    unseen: float = 0.0,
    per_patient: int = 1,
    sites: int = 5,
    missing: float = 0.1,
) -> Cohort:
    """Draw a cohort; ``unseen`` is the share without a known outcome."""
    rng = np.random.default_rng(seed + 10_000)
    arrays = make_arrays(n, seed=seed, missing=missing) if arrays is None else arrays
    drawn = rng.random(n) < expit(true_log_odds(arrays))
    y = drawn if event is None else np.asarray(event, dtype=bool)
    observed = rng.random(n) >= unseen
    y = y & observed
    outcome = Outcome(np.full(n, 30.0), observed, y, np.where(y, 1, 0), assessed_kind=True)
    ids = np.array([f"e{i:05d}" for i in range(n)], dtype=object)
    patients = np.array([f"p{i // per_patient:05d}" for i in range(n)], dtype=object)
    site = np.array([f"s{i % sites}" for i in range(n)], dtype=object)
    day = np.full(n, np.datetime64("2020-01-01", "s"))
    flow = pd.DataFrame(
        {"step": ["all episodes", "outcome observed"], "n": [n, int(observed.sum())],
         "excluded": [0, int((~observed).sum())], "reason": ["", "not assessed"]}
    )  # fmt: skip
    return Cohort(
        load_endpoint(endpoint), load_dictionary(), arrays, outcome, ids, patients, site, day, flow
    )


def registry_tables(n: int = 240, *, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Draw a registry: pain at 30 days and fractures by a year, cement in all but a third."""
    rng = np.random.default_rng(seed + 20_000)
    arrays = make_arrays(n, seed=seed, missing=0.08)
    ids = [f"e{i}" for i in range(n)]
    risk = expit(true_log_odds(arrays))
    episodes = pd.DataFrame({"episode_id": ids, "patient_id": [f"p{i // 2}" for i in range(n)]})
    episodes["site_id"] = [f"s{i % 3}" for i in range(n)]
    episodes["index_date"] = "2020-03-01"
    episodes["treatment"] = "vertebroplasty"
    episodes["follow_up_end_day"] = 500
    for name, values in arrays.episodes.items():
        episodes[name] = values
    episodes["inpatient"] = episodes["inpatient"].map({1.0: True, 0.0: False}).astype("boolean")
    episodes["vas_baseline"] = episodes["vas_baseline"].fillna(7.0).round(1)
    after = rng.random(n) < 2 / 3
    owner = arrays.owner
    vertebrae = pd.DataFrame({"episode_id": [ids[i] for i in owner]})
    vertebrae["level"] = [LEVELS[4 + k % 8] for k in range(len(owner))]
    vertebrae["height_loss_pct"] = arrays.vertebrae["height_loss_pct"].round(1)
    vertebrae["cement_volume_ml"] = np.where(
        after[owner], arrays.vertebrae["cement_volume_ml"].round(1), np.nan
    )
    vertebrae = vertebrae.drop_duplicates(["episode_id", "level"])
    fall = np.where(rng.random(n) < risk, 3.5, 0.5)
    vas = (episodes["vas_baseline"] - fall).clip(lower=0)
    visits = pd.DataFrame({"episode_id": ids, "day": 30, "vas": vas.round(1)})
    visits = visits[rng.random(n) < 0.9]
    old = np.nan_to_num(arrays.episodes["age_years"], nan=70) > 75
    broke = np.flatnonzero(rng.random(n) < np.where(old, 0.32, 0.03))
    events = pd.DataFrame(
        {"episode_id": [ids[i] for i in broke], "day": rng.integers(20, 360, len(broke)),
         "event": "new_fracture", "level": "T8"}
    )  # fmt: skip
    return {"episodes": episodes, "vertebrae": vertebrae, "visits": visits, "events": events}


def write_registry(folder: Path, tables: dict[str, pd.DataFrame] | None = None) -> Path:
    """Write tables as CSV files."""
    folder.mkdir(parents=True)
    for name, table in (tables or registry_tables()).items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder
