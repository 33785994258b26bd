from dataclasses import replace

import pytest

from tests.bundles import hand_bundle, hand_parts
from tests.cohorts import registry_tables, write_registry
from vfprog.data.cohort import build_cohort
from vfprog.data.readers import read_registry
from vfprog.errors import BundleError, ConfigError, Failure
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.simulate import simulate, write
from vfprog.workflows.check import check, write_report


def test_a_clean_registry_has_notes_alone(tmp_path):
    report = check(write(simulate(300, seed=2), tmp_path / "clean"))
    assert (report.n_errors, report.n_warnings, report.n_notes) == (0, 0, len(report.table))
    assert report.n_notes > 0


def test_a_sound_registry_shows_who_takes_part(registry):
    report = check(registry)
    assert report.n_errors == 0
    assert list(report.flows) == ["response", "new_fracture"]
    assert report.refused == {}
    expected = build_cohort(read_registry(registry)[0], load_endpoint("response")).flow
    assert report.flows["response"].equals(expected)


def test_errors_and_warnings_are_counted_and_nothing_is_raised(tmp_path):
    tables = registry_tables(30)
    tables["episodes"].loc[3, "age_years"] = 200
    tables["episodes"].loc[4, "age_years"] = 40
    tables["episodes"].loc[5, "t_score"] = 7
    report = check(write_registry(tmp_path / "wrong", tables))
    assert (report.n_errors, report.n_notes) == (2, 1)
    values = report.table[report.table["row"].notna()]
    assert values["severity"].tolist() == ["error", "error", "note"]
    assert values["row"].tolist() == ["e3", "e5", "e4"]
    assert report.flows == {}
    ages = report.profile.columns.set_index("column").loc["age_years"]
    assert (ages["n_errors"], ages["n_notes"]) == (1, 1)


def test_rows_beyond_a_list_that_was_cut_are_counted(tmp_path):
    tables = registry_tables(1200)
    tables["episodes"]["age_years"] = 200.0
    report = check(write_registry(tmp_path / "old", tables))
    wrong = report.table[report.table["column"] == "age_years"]
    assert len(wrong[wrong["rule"] == "hard_range"]) == 1001
    assert report.n_errors == 1200


def test_whole_columns_are_screened_with_the_outcomes(registry, monkeypatch):
    seen = {}

    def look(read, events):
        seen.update(events)
        return [Failure("episodes", None, "sex", None, "code_shift", "is coded otherwise")]

    monkeypatch.setattr("vfprog.workflows.check.screen", look)
    report = check(registry)
    cohort = build_cohort(report.registry, load_endpoint("response"))
    observed = cohort.outcome.observed
    assert seen["response"].index.tolist() == cohort.episode_id[observed].tolist()
    assert seen["response"].sum() == cohort.n_events
    assert len(seen["response"]) == observed.sum() < cohort.n
    assert [f.rule for f in report.failures if f.severity == "error"] == ["code_shift"]
    assert report.n_errors == 1
    assert set(report.flows) == set(seen)


def test_what_was_read_as_what_is_told(registry, monkeypatch):
    note = Failure("episodes", None, "*", None, "read_as", "as Parquet", "note")
    monkeypatch.setattr("vfprog.workflows.check.screen", lambda read, events: [note])
    report = check(registry)
    assert note in report.read_as
    assert {failure.rule for failure in report.read_as} == {"read_as"}


def test_a_report_becomes_a_page(registry, tmp_path):
    report = check(registry)
    page = write_report(report, tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "Intake report: <span" in page
    with pytest.raises(ConfigError, match="exists"):
        write_report(report, tmp_path / "page.html")


def test_an_endpoint_that_cannot_be_derived_is_named(tmp_path):
    tables = registry_tables(30)
    tables["episodes"]["vas_baseline"] = 2.5
    report = check(write_registry(tmp_path / "mild", tables))
    assert list(report.flows) == ["new_fracture"]
    assert "30 excluded: vas_baseline below 3" in report.refused["response"]


def test_a_registry_without_outcomes_is_still_checked(tmp_path):
    tables = {k: v for k, v in registry_tables(30).items() if k in {"episodes", "vertebrae"}}
    tables["episodes"].loc[4, "age_years"] = 40
    report = check(write_registry(tmp_path / "bare", tables))
    assert report.n_errors == 0
    assert [f.column for f in report.failures if f.rule == "usual_range"] == ["age_years"]
    assert report.flows == {}
    assert "holds no outcome" in report.refused["outcomes"]


def test_a_registry_is_compared_with_what_a_bundle_was_trained_on(registry, monkeypatch, tmp_path):
    seen = []

    def look(typed, dictionary, bundle_dictionary, kept):
        seen.append((len(typed["episodes"]), sorted(kept), bundle_dictionary.version))
        return [Failure("episodes", None, "sex", 0.9, "reference_shift", "shifted", "warning")]

    monkeypatch.setattr("vfprog.workflows.check.check_reference", look)
    bundle = hand_bundle(tmp_path / "bundle")
    report = check(registry, reference=bundle)
    ((n, kept, version),) = seen
    assert (n, version) == (len(report.registry.episodes), load_bundle(bundle).dictionary.version)
    assert "opioids" in kept
    assert "reference_shift" in set(report.table["rule"])
    assert "reference_shift" not in set(check(registry).table["rule"])
    assert len(seen) == 1


def test_a_bundle_that_is_not_there_is_said_before_anything_is_read(tmp_path):
    with pytest.raises(BundleError, match="nowhere"):
        check(tmp_path / "no registry either", reference=tmp_path / "nowhere")


def test_a_predictor_coded_otherwise_than_the_bundle_knows_is_an_error(registry, tmp_path):
    parts = hand_parts()
    other = [
        p.model_copy(update={"levels": p.levels[::-1]}) if p.name == "sex" else p
        for p in parts.dictionary.predictors
    ]
    dictionary = parts.dictionary.model_copy(update={"predictors": tuple(other)})
    bundle = write_bundle(replace(parts, dictionary=dictionary), tmp_path / "bundle")
    found = [f for f in check(registry, reference=bundle).failures if f.rule == "code_mismatch"]
    assert [(f.column, f.severity) for f in found] == [("sex", "error")]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("days", [["9999-12-31"], ["0001-01-01"], ["9999-12-31", "0001-01-01"]])
def test_dates_beyond_the_reach_of_nanoseconds_are_reported(tmp_path, days):
    tables = registry_tables(60)
    dates = tables["episodes"]["index_date"].astype(str).str[:10]
    dates.iloc[: len(days)] = days
    tables["episodes"]["index_date"] = dates
    report = check(write_registry(tmp_path / "far", tables))
    line = report.profile.columns.set_index("column").loc["index_date"]
    assert set(days) <= {line["first"], line["last"]}
    histogram = report.profile.histograms
    assert histogram.loc[histogram["column"] == "index_date", "count"].sum() == 60
    rules = {"9999-12-31": "future_date", "0001-01-01": "early_date"}
    assert {rules[day] for day in days} <= set(report.table["rule"])
    page = write_report(report, tmp_path / "far.html").read_text(encoding="utf-8")
    assert all(day in page for day in days)
