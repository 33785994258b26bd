import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.cohorts import registry_tables, write_registry
from tests.workflows.test_inputs import changed
from vfprog.errors import ConfigError, InputError, TrainingError
from vfprog.records import Figure, Table
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict
from vfprog.validation.heterogeneity import by_site
from vfprog.validation.moderate_calibration import calibration_test
from vfprog.workflows.evidence_figures import DRAWN_BY_SITE
from vfprog.workflows.inputs import open_for
from vfprog.workflows.report import write_report
from vfprog.workflows.validate import site_records, validate


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    tables = registry_tables(seed=9)
    return write_registry(tmp_path_factory.mktemp("elsewhere") / "theirs", tables), tables


def test_risks_are_those_every_other_door_gives(training, elsewhere):
    source, tables = elsewhere
    result = validate(training.bundle, source)
    risks = result.risks["response_preprocedure"].set_index("episode_id")["risk"]
    assert len(risks) == len(tables["visits"])
    episodes = tables["episodes"].set_index("episode_id")
    bundle = load_bundle(training.bundle)
    of_type = tables["vertebrae"].groupby("episode_id")
    for name in risks.index[:5]:
        row = episodes.loc[name].drop(["patient_id", "site_id", "index_date"])
        row = row.drop(["treatment", "follow_up_end_day"])
        patient = {k: v for k, v in row.items() if not pd.isna(v)}
        vertebrae = of_type.get_group(name)[["level", "height_loss_pct"]].to_dict("records")
        found = predict(bundle, {**patient, "vertebrae": vertebrae}).prognoses[0]
        assert found.risk == pytest.approx(risks[name], abs=1e-9)


def test_performance_is_that_of_these_risks(training, elsewhere):
    result = validate(str(training.bundle), elsewhere[0])
    table = result.performance
    assert set(table["model"]) == {"response_preprocedure", "response_postprocedure"}
    for name, judged in result.risks.items():
        row = table[(table["model"] == name) & (table["metric"] == "c_statistic")].iloc[0]
        expected = roc_auc_score(judged["outcome"], judged["risk"], sample_weight=judged["weight"])
        assert row["estimate"] == pytest.approx(expected)
        assert row["n"] == len(judged)
    flow = result.flows["response"].set_index("step")["n"]
    assert flow["outcome observed"] == len(result.risks["response_preprocedure"])
    assert not result.simulated


def test_a_postprocedure_model_is_judged_where_the_procedure_is_known(training, elsewhere):
    source, tables = elsewhere
    known = tables["vertebrae"].dropna(subset="cement_volume_ml")["episode_id"].unique()
    seen = set(validate(training.bundle, source).risks["response_postprocedure"]["episode_id"])
    assert seen == set(known) & set(tables["visits"]["episode_id"])


def test_a_registry_without_procedure_values_leaves_a_note(training, elsewhere, tmp_path):
    tables = dict(elsewhere[1])
    tables["vertebrae"] = tables["vertebrae"].drop(columns="cement_volume_ml")
    result = validate(training.bundle, write_registry(tmp_path / "bare", tables))
    assert set(result.performance["model"]) == {"response_preprocedure"}
    assert "response: 2 of 9 predictors are not recorded at all: " in result.notes[0]
    assert result.notes[-1] == (
        "response_postprocedure: not judged: no episode with a known outcome"
    )


def test_one_class_leaves_a_note_and_nothing_to_judge_is_an_error(training, tmp_path):
    tables = registry_tables(40)
    tables["visits"]["vas"] = 0.0
    source = write_registry(tmp_path / "all_well", tables)
    with pytest.raises(TrainingError, match="no model can be judged on this registry") as caught:
        validate(training.bundle, source)
    assert "response_preprocedure: not judged" in str(caught.value)
    assert "response_postprocedure: not judged" in str(caught.value)


def test_a_registry_without_the_outcome_is_refused(training, tmp_path):
    tables = {k: v for k, v in registry_tables(40).items() if k != "visits"}
    with pytest.raises(TrainingError, match="no model can be judged"):
        validate(training.bundle, write_registry(tmp_path / "unseen", tables))


def test_the_table_is_written_and_never_over_another(training, elsewhere, tmp_path):
    out = tmp_path / "p.csv"
    result = validate(training.bundle, elsewhere[0], out=out)
    read = pd.read_csv(out)
    assert read["estimate"].to_numpy() == pytest.approx(
        result.performance["estimate"].to_numpy(dtype=float), nan_ok=True
    )
    assert set(read["bundle_sha256"]) == {load_bundle(training.bundle).identity.sha256}
    assert set(read["registry_sha256"]) == {
        open_for(load_bundle(training.bundle), elsewhere[0], None).registry.digest
    }
    page = write_report(training.bundle, tmp_path / "r.html", validations=[out]).page
    assert "Frozen models on p," in page.read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match=r"p\.csv exists"):
        validate(training.bundle, "not even read", out=out)
    validate(training.bundle, elsewhere[0], out=out, force=True)


def test_levels_in_another_order_are_refused(training, elsewhere):
    registry = training.registry
    swapped = changed(registry.dictionary, "sex", levels=("male", "female"))
    with pytest.raises(InputError, match=r"episodes\.sex: is .*'male', 'female'"):
        validate(training.bundle, replace(registry, dictionary=swapped))


def test_errors_in_the_data_are_refused(training, tmp_path):
    tables = registry_tables(40)
    tables["episodes"].loc[[1, 2], "age_years"] = 200
    with pytest.raises(InputError) as caught:
        validate(training.bundle, write_registry(tmp_path / "wrong", tables))
    assert len(caught.value.failures) == 2


def test_simulated_patients_are_marked(training):
    result = validate(training.bundle, replace(training.registry, simulated=True))
    assert result.simulated
    assert np.isfinite(result.performance["estimate"]).any()


def test_what_differs_from_the_development_data_is_said(registry, training, tmp_path):
    same = validate(training.bundle, registry)
    assert any("the figures are too good" in note for note in same.notes)
    frame = pd.read_csv(registry / "episodes.csv")
    dropped = "t_score" if "t_score" in frame else frame.columns[-1]
    other = tmp_path / "other"
    shutil.copytree(registry, other)
    frame.drop(columns=[dropped]).to_csv(other / "episodes.csv", index=False)
    notes = validate(training.bundle, other).notes
    assert not any("too good" in note for note in notes)
    used = training.fitted["response_preprocedure"].model.parents
    assert any(dropped in note for note in notes) == (dropped in used)


def resited(tables, site):
    """The same registry, its episodes at other sites."""
    return {**tables, "episodes": tables["episodes"].assign(site_id=site)}


def test_each_site_is_judged_on_its_own_risks(training, elsewhere):
    source, tables = elsewhere
    result = validate(training.bundle, source)
    found = result.by_site
    assert list(found["model"].unique()) == ["response_preprocedure", "response_postprocedure"]
    risks = result.risks["response_preprocedure"]
    episodes = tables["episodes"].set_index("episode_id").loc[risks["episode_id"]]
    expected = by_site(
        risks["outcome"], risks["risk"], episodes["site_id"], sample_weight=risks["weight"],
        groups=episodes["patient_id"],
    )  # fmt: skip
    ours = found[found["model"] == "response_preprocedure"].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours[list(expected.columns)], expected)
    assert list(ours.columns[:3]) == ["model", "endpoint", "prediction_time"]
    assert set(ours["site"]) == {"s0", "s1", "s2", ""}
    row = ours[(ours["metric"] == "c_statistic") & (ours["site"] == "s1")].iloc[0]
    part = risks[(episodes["site_id"] == "s1").to_numpy()]
    judged = roc_auc_score(part["outcome"], part["risk"], sample_weight=part["weight"])
    assert row["estimate"] == pytest.approx(judged)
    assert row["n"] == len(part)


def test_figures_by_site_are_written_in_a_folder_beside_the_table(training, elsewhere, tmp_path):
    out = tmp_path / "p.csv"
    result = validate(training.bundle, elsewhere[0], out=out)
    folder = tmp_path / "p_by_site"
    assert result.by_site_folder == folder
    read = pd.read_csv(folder / "by_site.csv")
    assert read["estimate"].to_numpy() == pytest.approx(result.by_site["estimate"].to_numpy())
    drawn = {f"{m}_{metric}.png" for m in result.risks for metric in DRAWN_BY_SITE}
    assert {path.name for path in folder.glob("*.png")} == drawn
    out.unlink()
    with pytest.raises(ConfigError, match="p_by_site exists"):
        validate(training.bundle, "not even read", out=out)
    (folder / "by_site.csv").write_text("stale")
    validate(training.bundle, elsewhere[0], out=out, force=True)
    assert (folder / "by_site.csv").read_text() != "stale"


def test_simulated_forest_plots_are_marked(training, elsewhere):
    result = validate(training.bundle, elsewhere[0])
    for simulated in (False, True):
        result.simulated = simulated
        first, *figures = site_records(result)
        assert isinstance(first, Table)
        assert len(figures) == 6
        for record in figures:
            assert isinstance(record, Figure)
            stamps = [text.get_text() for text in record.figure.texts]
            assert stamps == (["SIMULATED DATA"] if simulated else [])


def test_one_site_is_not_compared_and_nothing_is_written(training, elsewhere, tmp_path):
    tables = elsewhere[1]
    alone = write_registry(tmp_path / "alone", resited(tables, "only"))
    result = validate(training.bundle, alone, out=tmp_path / "p.csv")
    assert result.by_site.empty
    assert list(site_records(result)) == []
    assert result.by_site_folder is None
    assert not (tmp_path / "p_by_site").exists()
    assert not any("by site" in note for note in result.notes)


def test_an_earlier_folder_is_no_result_of_this_validation(training, elsewhere, tmp_path):
    (tmp_path / "p_by_site").mkdir()
    alone = write_registry(tmp_path / "alone", resited(elsewhere[1], "only"))
    result = validate(training.bundle, alone, out=tmp_path / "p.csv", force=True)
    assert result.notes[-1].endswith("is of an earlier validation: now no sites are compared")


def test_small_sites_are_named_and_a_site_without_events_does_no_harm(
    training, elsewhere, tmp_path
):
    tables = dict(elsewhere[1])
    n = len(tables["episodes"])
    site = np.array(["big", "other"], dtype=object)[np.arange(n) % 2]
    site[:8], site[8:16], site[16:20] = "calm", "tiny", None
    tables["visits"] = tables["visits"].copy()
    unwell = tables["visits"]["episode_id"].isin([f"e{i}" for i in range(8)])
    tables["visits"].loc[unwell, "vas"] = 10.0
    result = validate(training.bundle, write_registry(tmp_path / "r", resited(tables, site)))
    assert (
        "response_preprocedure: by site, left out: calm, tiny, (no site recorded)" in result.notes
    )
    rows = result.by_site[result.by_site["model"] == "response_preprocedure"]
    rows = rows[(rows["metric"] == "c_statistic") & (rows["role"] == "site")].set_index("site")
    assert rows.loc["calm", "n_events"] == 0
    assert rows["estimate"].notna().to_dict() == {
        "big": True, "calm": False, "other": True, "tiny": False, "(no site recorded)": False
    }  # fmt: skip


def test_sites_too_small_to_compare_leave_a_note(training, elsewhere, tmp_path):
    site = [f"s{i % 60}" for i in range(len(elsewhere[1]["episodes"]))]
    result = validate(training.bundle, write_registry(tmp_path / "r", resited(elsewhere[1], site)))
    assert result.by_site.empty
    assert "response_preprocedure: not judged by site: too few with, or without, the event" in (
        result.notes
    )


def test_populations_and_case_mix_stand_beside_development(training, elsewhere, tmp_path):
    result = validate(training.bundle, elsewhere[0], out=tmp_path / "p.csv")
    assert result.details_folder == tmp_path / "p_details"
    kept = pd.read_csv(tmp_path / "p_details" / "population.csv", keep_default_na=False)
    assert len(kept) == len(result.population)
    age = result.population.set_index(["predictor", "statistic"]).loc["age_years"]
    ours = training.tables["characteristics_response"].set_index(["predictor", "statistic"])
    assert age.loc["mean", "development"] == ours.loc[("age_years", "mean"), "overall"]
    there = result.flows["response"].set_index("step")["n"]["baseline recorded"]
    mix = result.case_mix[result.case_mix["model"] == "response_preprocedure"]
    mix = mix.set_index("statistic")
    assert mix.loc["n", "here"] == there
    assert mix.loc["n", "development"] == training.cohorts["response"].n
    risks = result.risks["response_preprocedure"]
    frequency = np.average(risks["outcome"], weights=risks["weight"])
    assert mix.loc["outcome_frequency", "here"] == pytest.approx(frequency)
    assert "a bundle holds no patient" in mix.loc["membership_c_statistic", "reason"]
    assert result.warnings == ()
    assert not (tmp_path / "p_details" / "warnings.csv").exists()
    assert result.time_to_event.empty  # a response has no date


def test_codes_and_ranges_that_do_not_match_are_named(training, elsewhere, tmp_path):
    tables = dict(elsewhere[1])
    episodes = tables["episodes"].copy()
    episodes["age_years"] = (episodes["age_years"] - 22).clip(lower=19)
    episodes["t_score"] = (episodes["t_score"] * 2 + 2).clip(-9, 6)
    tables["episodes"] = episodes
    source = write_registry(tmp_path / "young", tables)
    result = validate(training.bundle, source, out=tmp_path / "p.csv")
    rules = {failure.column: failure.rule for failure in result.warnings}
    assert rules == {"age_years": "reference_shift", "t_score": "reference_range"}
    written = pd.read_csv(tmp_path / "p_details" / "warnings.csv")
    assert set(written["column"]) == set(rules)
    largest = result.population.set_index("predictor")["standardised_difference"].abs().idxmax()
    assert largest == "age_years"


def test_subgroups_and_the_calibration_test_are_of_these_risks(training, elsewhere, tmp_path):
    result = validate(training.bundle, elsewhere[0], out=tmp_path / "p.csv")
    judged = result.risks["response_preprocedure"]
    test = result.calibration_tests.set_index("model").loc["response_preprocedure"]
    expected = calibration_test(
        judged["outcome"], judged["risk"], sample_weight=judged["weight"],
        groups=judged["episode_id"].map(elsewhere[1]["episodes"].set_index("episode_id")["patient_id"]),
    )  # fmt: skip
    assert test["p_value"] == pytest.approx(expected.p_value)
    inside = elsewhere[1]["episodes"].set_index("episode_id")["inpatient"]
    rows = judged[judged["episode_id"].map(inside).fillna(False).astype(bool)]
    found = result.subgroups[
        (result.subgroups["model"] == "response_preprocedure")
        & (result.subgroups["grouping"] == "inpatient") & (result.subgroups["group"] == "yes")
    ].set_index("metric")  # fmt: skip
    c = roc_auc_score(rows["outcome"], rows["risk"], sample_weight=rows["weight"])
    assert found.loc["c_statistic", "estimate"] == pytest.approx(c)
    for name in ("subgroups", "calibration_tests"):
        assert (tmp_path / "p_details" / f"{name}.csv").exists()
