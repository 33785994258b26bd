"""Training looks at whole columns and rows first: it refuses copies, and tells of leaks."""

import pandas as pd
import pytest

from vfprog.data.cohort import build_cohort
from vfprog.data.readers import read_for_screening, read_registry
from vfprog.errors import InputError
from vfprog.schema.endpoints import load_endpoint
from vfprog.simulate import simulate, write
from vfprog.workflows.screening import observed_events, screen_before_training
from vfprog.workflows.train import train


def test_only_outcomes_that_are_known_are_events(registry):
    cohort = build_cohort(read_registry(registry)[0], load_endpoint("response"))
    events = observed_events(cohort)
    assert events.index.tolist() == cohort.episode_id[cohort.outcome.observed].tolist()
    assert events.sum() == cohort.n_events


def test_a_clean_registry_passes_without_a_word(tmp_path):
    read = read_for_screening(write(simulate(300, seed=2), tmp_path / "clean"))
    cohort = build_cohort(read.registry, load_endpoint("response"))
    assert screen_before_training(read, {"response": cohort}) == ()


def test_a_column_that_seems_wrong_is_a_warning_of_training(tmp_path):
    folder = write(simulate(300, seed=2), tmp_path / "odd")
    episodes = pd.read_parquet(folder / "episodes.parquet")
    episodes["bmi_kg_m2"] = 25.0
    episodes.to_parquet(folder / "episodes.parquet")
    read = read_for_screening(folder)
    found = screen_before_training(read, {})
    assert [(f.column, f.rule) for f in found] == [("bmi_kg_m2", "constant")]


def test_persons_who_stand_there_twice_are_refused_before_anything_is_fitted(tmp_path):
    folder = write(simulate(300, seed=2), tmp_path / "stacked")
    for path in folder.glob("*.parquet"):
        frame = pd.read_parquet(path)
        ids = [name for name in ("episode_id", "patient_id") if name in frame]
        twin = frame.assign(**{name: frame[name] + "b" for name in ids})
        pd.concat([frame, twin]).to_parquet(path)
    with pytest.raises(InputError, match="622 rows are 311 different"):
        train(folder, tmp_path / "bundle", endpoints=["response"], resamples=0)
    assert not (tmp_path / "bundle").exists()
