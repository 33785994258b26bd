from __future__ import annotations

import pandas as pd
import pytest
import yaml

from vfprog.data.readers import read_registry
from vfprog.data.reading.columnar import read_parquet
from vfprog.errors import InputError
from vfprog.simulate import parts, simulate, simulate_to, write

TABLES = ("episodes", "vertebrae", "visits", "heights", "events", "truth")


def test_what_is_written_says_it_is_simulated_and_reads_back(small, tmp_path):
    folder = write(small, tmp_path / "registry")
    about = yaml.safe_load((folder / "registry.yaml").read_text())
    assert about["simulated"] is True
    assert (about["seed"], about["n_participants"]) == (11, 1500)
    assert about["config_sha256"] == small.digest
    assert {p.name for p in folder.iterdir()} == {"registry.yaml"} | {
        f"{t}.parquet" for t in TABLES
    }
    for name in TABLES:
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / f"{name}.parquet"), getattr(small, name)
        )


@pytest.mark.slow
def test_the_reader_accepts_it_without_an_error(small, tmp_path):
    registry, failures = read_registry(write(small, tmp_path / "registry"))
    assert registry.simulated
    assert len(registry.episodes) == len(small.episodes)
    assert {(f.column, f.rule) for f in failures if f.rule != "usual_range"} == set()
    assert len(failures) < 0.1 * len(small.episodes)


@pytest.mark.parametrize("lost", [["registry.yaml"], ["registry.yaml", "truth.parquet"]])
def test_the_mark_of_simulation_is_not_lost_with_a_file(tmp_path, lost):
    folder = write(simulate(20, seed=1), tmp_path / "registry")
    for name in lost:
        (folder / name).unlink()
    assert read_registry(folder)[0].simulated
    for name in TABLES:
        path = folder / f"{name}.parquet"
        assert not path.is_file() or read_parquet(name, path).simulated


def test_overrides_are_written_down(tmp_path):
    folder = write(simulate(20, seed=1, overrides={"dropout": 0}), tmp_path / "a" / "b")
    assert yaml.safe_load((folder / "registry.yaml").read_text())["overrides"] == {"dropout": 0.0}


def test_an_existing_folder_is_replaced_only_by_force(small, tmp_path):
    target = tmp_path / "registry"
    write(small, target)
    with pytest.raises(InputError, match="already exists; force replaces it"):
        write(small, target)
    write(simulate(20, seed=1), target, force=True)
    assert yaml.safe_load((target / "registry.yaml").read_text())["seed"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["registry"]


@pytest.mark.parametrize("about", [None, "simulated: false", "site: Leiden"])
def test_a_folder_of_other_things_is_never_replaced(small, tmp_path, about):
    target = tmp_path / "thesis"
    target.mkdir()
    (target / "chapter.txt").write_text("years of work")
    if about is not None:
        (target / "registry.yaml").write_text(about)
    with pytest.raises(InputError, match="no simulated registry"):
        write(small, target, force=True)
    assert (target / "chapter.txt").read_text() == "years of work"


def test_an_empty_folder_may_be_used(small, tmp_path):
    write(small, tmp_path / "empty")
    (tmp_path / "made").mkdir()
    assert (write(small, tmp_path / "made") / "registry.yaml").is_file()


def test_a_failed_write_leaves_nothing_behind(small, tmp_path, monkeypatch):
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        write(small, tmp_path / "registry")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of forty participants, so that a small registry has several."""
    monkeypatch.setattr(parts, "PART_SIZE", 40)


def test_a_folder_holds_what_is_drawn_in_memory_part_by_part(small_parts, tmp_path):
    stages = []
    folder = simulate_to(tmp_path / "r", 100, seed=5, overrides={"site_sd": 0.5},
                         progress=lambda *told: stages.append(told))  # fmt: skip
    whole = simulate(100, seed=5, overrides={"site_sd": 0.5})
    for name in TABLES:
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / f"{name}.parquet"), getattr(whole, name)
        )
    assert whole.episodes["episode_id"].is_unique
    assert whole.episodes["patient_id"].nunique() == 100
    assert stages == [("simulating", done, 3) for done in (1, 2, 3)]
    about = yaml.safe_load((folder / "registry.yaml").read_text())
    assert about["overrides"] == {"site_sd": 0.5}


def test_one_part_is_written_as_before(tmp_path):
    one = simulate_to(tmp_path / "one", 60, seed=3)
    other = write(simulate(60, seed=3), tmp_path / "other")
    assert {f.name: f.read_bytes() for f in one.iterdir()} == {
        f.name: f.read_bytes() for f in other.iterdir()
    }


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_the_number_of_workers(tmp_path):
    n = 2 * parts.PART_SIZE + 1000
    one, two = (simulate_to(tmp_path / f"{jobs}", n, seed=9, n_jobs=jobs) for jobs in (1, 2))
    assert {f.name: f.read_bytes() for f in one.iterdir()} == {
        f.name: f.read_bytes() for f in two.iterdir()
    }


def test_an_interrupted_simulation_leaves_nothing_behind(small_parts, tmp_path):
    def stop(stage, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_to(tmp_path / "r", 100, seed=5, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_no_registry(tmp_path):
    with pytest.raises(ValueError, match="at least 1, got 0"):
        simulate_to(tmp_path / "r", 0, seed=1)
