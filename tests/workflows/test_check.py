from tests.cohorts import registry_tables, write_registry
from vfprog.data.cohort import build_cohort
from vfprog.data.readers import read_registry
from vfprog.schema.endpoints import load_endpoint
from vfprog.workflows.check import check


def test_a_clean_registry_shows_who_takes_part(registry):
    report = check(registry)
    assert (report.n_errors, report.n_warnings, len(report.table)) == (0, 0, 0)
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
    assert (report.n_errors, report.n_warnings) == (2, 1)
    assert report.table["severity"].tolist() == ["error", "error", "warning"]
    assert report.table["row"].tolist() == ["e3", "e5", "e4"]
    assert report.flows == {}


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
