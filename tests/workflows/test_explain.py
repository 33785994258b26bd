from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.cohorts import registry_tables, write_registry
from tests.workflows.test_inputs import changed
from vfprog.errors import ConfigError, InputError, TrainingError
from vfprog.workflows.explain import explain
from vfprog.workflows.validate import validate

TABLES = {"contributions.parquet"}
FIGURES = {"shap_importance.png", "shap_beeswarm.png"}


@pytest.fixture(scope="module")
def explained(training, tmp_path_factory):
    out = tmp_path_factory.mktemp("explained") / "out"
    return explain(training.bundle, training.registry, out)


def test_the_folder_holds_tables_and_figures(explained):
    names = {p.name for p in explained.folder.iterdir()}
    assert names >= {"importance.csv", "importance_concepts.csv", "response_preprocedure",
                     "response_postprocedure"}  # fmt: skip
    for model in ("response_preprocedure", "response_postprocedure"):
        files = {p.name for p in (explained.folder / model).iterdir()}
        assert files == TABLES | FIGURES
        assert (explained.folder / model / "shap_beeswarm.png").read_bytes()[1:4] == b"PNG"


def test_every_table_says_what_the_model_was_trained_on(explained):
    tables = [pd.read_csv(path) for path in explained.folder.glob("*.csv")]
    tables += [pd.read_parquet(path) for path in explained.folder.glob("*/*.parquet")]
    assert len(tables) == 4
    assert all(set(table["trained_on"]) == {"registry"} for table in tables)


def test_contributions_add_up_to_the_risk(training, explained):
    path = explained.folder / "response_preprocedure" / "contributions.parquet"
    table = pd.read_parquet(path)
    assert table["episode_id"].nunique() == 240
    total = table.groupby("episode_id")["log_odds"].sum() + table["base_log_odds"].iloc[0]
    judged = validate(training.bundle, training.registry).risks["response_preprocedure"]
    risk = judged.set_index("episode_id")["risk"]
    assert (1 / (1 + np.exp(-total)))[risk.index].to_numpy() == pytest.approx(risk.to_numpy())


def test_importance_is_the_mean_size_of_the_contributions(explained):
    ranked = explained.importance
    contributions = pd.read_parquet(
        explained.folder / "response_postprocedure" / "contributions.parquet"
    )
    pain = contributions[contributions["predictor"] == "vas_baseline"]["log_odds"].abs().mean()
    row = ranked[(ranked["prediction_time"] == "postprocedure")
                 & (ranked["predictor"] == "vas_baseline")].iloc[0]  # fmt: skip
    assert row["mean_abs_log_odds"] == pytest.approx(pain)
    for _, part in ranked.groupby("prediction_time"):
        assert part["share"].sum() == pytest.approx(1)
        assert part["mean_abs_log_odds"].is_monotonic_decreasing
        assert part["predictor"].iloc[0] in {"vas_baseline", "age_years"}
    assert set(explained.concepts["concept"]) >= {"pain", "bone", "frailty"}
    written = pd.read_csv(explained.folder / "importance.csv")
    assert written["mean_abs_log_odds"].to_numpy() == pytest.approx(
        ranked["mean_abs_log_odds"].to_numpy()
    )


def test_many_participants_are_sampled(training, tmp_path):
    out = explain(training.bundle, training.registry, tmp_path / "out", max_rows=30).folder
    table = pd.read_parquet(out / "response_preprocedure" / "contributions.parquet")
    assert table["episode_id"].nunique() == 30
    assert set(table["episode_id"]) <= set(training.registry.episodes["episode_id"])


def test_results_are_replaced_only_when_asked(training, explained, tmp_path):
    mark = explained.folder / "importance.csv"
    before = mark.stat().st_mtime_ns
    with pytest.raises(ConfigError, match="exists"):
        explain(training.bundle, training.registry, explained.folder)
    assert mark.stat().st_mtime_ns == before
    theirs = tmp_path / "thesis"
    theirs.mkdir()
    with pytest.raises(ConfigError, match="not written by vfprog"):
        explain(training.bundle, training.registry, theirs, force=True)


@pytest.mark.parametrize("force", [False, True])
def test_a_failure_leaves_no_folder_and_old_results_alone(training, tmp_path, force):
    out = tmp_path / "out"
    if force:
        explain(training.bundle, training.registry, out, max_rows=20)
    sham = training.registry.episodes.assign(treatment="sham")
    with pytest.raises(TrainingError, match="nothing to explain:\nresponse_preprocedure: not"):
        explain(training.bundle, replace(training.registry, episodes=sham), out, force=force)
    assert [p.name for p in tmp_path.iterdir()] == (["out"] if force else [])
    assert (out / "importance.csv").is_file() is force


def test_a_model_nobody_needs_is_noted(training, tmp_path):
    tables = registry_tables(60)
    tables["vertebrae"] = tables["vertebrae"].drop(columns="cement_volume_ml")
    source = write_registry(tmp_path / "bare", tables)
    steps = []
    result = explain(
        training.bundle, source, tmp_path / "out", progress=lambda *step: steps.append(step)
    )
    assert result.notes == ["response_postprocedure: not explained: no participant"]
    assert set(result.importance["prediction_time"]) == {"preprocedure"}
    assert steps == [("explanations", 1, 2)]


def test_levels_in_another_order_are_refused(training, tmp_path):
    swapped = changed(training.registry.dictionary, "asa_class", levels=("5", "4", "3", "2", "1"))
    with pytest.raises(InputError, match="asa_class"):
        explain(training.bundle, replace(training.registry, dictionary=swapped), tmp_path / "out")
    assert not list(tmp_path.iterdir())
