import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.cohorts import registry_tables, write_registry
from tests.workflows.test_inputs import changed
from vfprog.errors import ConfigError, InputError
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict
from vfprog.workflows.score import score


def test_every_episode_gets_the_risk_predict_gives(training, tmp_path):
    result = score(training.bundle, training.registry, tmp_path / "s.parquet")
    table = pd.read_parquet(result.path)
    assert table["episode_id"].tolist() == training.registry.episodes["episode_id"].tolist()
    assert set(table["trained_on"]) == {"registry"}
    tables = registry_tables()
    bundle, by_id = load_bundle(training.bundle), table.set_index("episode_id")
    times = set()
    for number in range(8):
        row = tables["episodes"].iloc[number]
        names = ["age_years", "vas_baseline", "t_score", "n_prevalent_fractures", "inpatient"]
        mine = tables["vertebrae"][tables["vertebrae"]["episode_id"] == row["episode_id"]]
        patient = {name: None if pd.isna(row[name]) else row[name] for name in names}
        patient["vertebrae"] = mine.drop(columns="episode_id").to_dict("records")
        expected = predict(bundle, patient).prognoses[0]
        found = by_id.loc[row["episode_id"]]
        assert found["response_risk"] == pytest.approx(expected.risk, abs=1e-9)
        assert found["response_prediction_time"] == expected.prediction_time
        times.add(expected.prediction_time)
    assert times == {"preprocedure", "postprocedure"}


def test_a_table_with_nested_vertebrae_and_nothing_else(training, tmp_path):
    path = tmp_path / "patients.csv"
    vertebrae = [{"level": "L1", "height_loss_pct": 30}]
    frame = {"age_years": [80, 70], "vas_baseline": [8, 1], "vertebrae": json.dumps(vertebrae)}
    pd.DataFrame({"episode_id": ["a", "b"], **frame}).to_csv(path, index=False)
    scores = score(training.bundle, path, tmp_path / "out.csv").scores
    patient = {"age_years": 80, "vas_baseline": 8, "vertebrae": vertebrae}
    expected = predict(training.bundle, patient).prognoses[0].risk
    assert scores["response_risk"].iloc[0] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(scores["response_risk"].iloc[1])  # pain of 1 cannot fall by 3


def test_contributions_add_up_to_the_risks(training, tmp_path):
    result = score(training.bundle, training.registry, tmp_path / "s.csv", contributions=True)
    assert result.contributions == tmp_path / "s_contributions.csv"
    written = pd.read_csv(result.contributions)
    assert set(written["trained_on"]) == {"registry"}
    long = written.groupby("episode_id")
    total = long["log_odds"].sum() + long["base_log_odds"].first()
    risk = result.scores.set_index("episode_id")["response_risk"].dropna()
    assert len(total) == len(risk) == 240
    assert (1 / (1 + np.exp(-total)))[risk.index].to_numpy() == pytest.approx(risk.to_numpy())


def test_contributions_of_nobody_are_an_empty_table(training, tmp_path):
    path = tmp_path / "patients.csv"
    pd.DataFrame({"episode_id": ["a"], "vas_baseline": [1]}).to_csv(path, index=False)
    result = score(training.bundle, path, tmp_path / "s.csv", contributions=True)
    assert result.scores["response_risk"].isna().all()
    written = pd.read_csv(result.contributions)
    assert len(written) == 0
    assert "trained_on" in written


@pytest.mark.parametrize("there", ["s.csv", "s_contributions.csv"])
def test_neither_file_is_overwritten_unless_asked(training, tmp_path, there):
    (tmp_path / there).write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="exists"):
        score(training.bundle, training.registry, tmp_path / "s.csv", contributions=True)
    assert [p.name for p in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text(encoding="utf-8") == "mine"
    score(training.bundle, training.registry, tmp_path / "s.csv", contributions=True, force=True)
    assert (tmp_path / there).read_text(encoding="utf-8") != "mine"


def test_errors_are_listed_and_nothing_is_written(training, tmp_path):
    tables = registry_tables(20)
    tables["episodes"].loc[[1, 2], "age_years"] = 200
    source = write_registry(tmp_path / "wrong", tables)
    with pytest.raises(InputError) as caught:
        score(training.bundle, source, tmp_path / "s.csv")
    assert [f.row for f in caught.value.failures] == ["e1", "e2"]
    assert not (tmp_path / "s.csv").exists()


def test_a_row_without_predictors_has_no_risk_but_a_reason(training, tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("episode_id,vas_baseline,bed_rest\na,,\nb,8,yes\nc,1,\n", encoding="utf-8")
    result = score(training.bundle, path, tmp_path / "s.csv", contributions=True)
    read = pd.read_csv(result.path).set_index("episode_id")
    assert read["response_risk"].isna().tolist() == [True, False, True]
    assert read["response_prediction_time"].isna().tolist() == [True, False, True]
    assert read["response_reason"].fillna("").tolist() == ["empty", "", "not_applicable"]
    assert set(pd.read_csv(result.contributions)["episode_id"]) == {"b"}


def test_a_table_of_which_nothing_is_known_is_refused_as_predict_does(training, tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("episode_id,Age_Years,bed_rest\na,79,\nb,80,\n", encoding="utf-8")
    with pytest.raises(InputError, match="no predictor is given") as caught:
        score(training.bundle, path, tmp_path / "s.csv")
    assert [f.row for f in caught.value.failures] == ["a", "b"]
    assert not (tmp_path / "s.csv").exists()


def test_levels_in_another_order_are_refused(training, tmp_path):
    swapped = changed(training.registry.dictionary, "sex", levels=("male", "female"))
    with pytest.raises(InputError, match="the bundle was trained on"):
        score(training.bundle, replace(training.registry, dictionary=swapped), tmp_path / "s.csv")
    assert not list(tmp_path.iterdir())


def test_the_source_is_never_replaced(tmp_path):
    source, long = tmp_path / "k.csv", tmp_path / "k_contributions.csv"
    for path in (source, long):
        path.write_text("episode_id,age_years\n1,70\n")
    with pytest.raises(ConfigError, match="is the source"):
        score(tmp_path / "bundle", source, source, force=True)
    with pytest.raises(ConfigError, match="is the source"):
        score(tmp_path / "bundle", long, source, force=True, contributions=True)
