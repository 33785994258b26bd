import numpy as np
import pytest

from tests.cohorts import make_cohort
from vfprog.data.cohort import build_cohort
from vfprog.explain.attribution import attribution_table
from vfprog.records import Figure, Table
from vfprog.schema.endpoints import load_endpoint
from vfprog.validation.utility import decision_curve
from vfprog.workflows.figures import explained_figures, flow_figure, judged_figures, line_labels


@pytest.fixture(scope="module")
def judged():
    cohort = make_cohort(200, seed=1)
    risk = np.random.default_rng(0).uniform(0.1, 0.6, 200)
    return cohort, np.ones(200), risk


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_tables_come_before_what_is_drawn_from_them(judged):
    records = list(judged_figures(*judged, title="Of our patients"))
    assert [(type(r), r.name) for r in records] == [
        (Table, "risk_distribution"),
        (Table, "decision_curve"),
        (Figure, "decision_curve"),
        (Table, "calibration_curve"),
        (Figure, "calibration"),
    ]
    assert "Of our patients" in words(records[2].figure)


def test_the_decision_curve_ends_where_risks_end(judged):
    cohort, _, risk = judged
    table = next(r.frame for r in judged_figures(*judged, title="") if r.name == "decision_curve")
    assert table["threshold"].max() <= np.quantile(risk, 0.99) < table["threshold"].max() + 0.021
    expected = decision_curve(cohort.outcome.event.astype(float), risk, [0.3])
    ours = table[np.isclose(table["threshold"], 0.3)]
    assert ours["net_benefit"].to_numpy() == pytest.approx(expected["net_benefit"].to_numpy())


def test_an_undefined_calibration_curve_is_left_out(judged):
    cohort, weight, _ = judged
    names = [r.name for r in judged_figures(cohort, weight, np.full(200, 0.4), title="")]
    assert names == ["risk_distribution", "decision_curve", "decision_curve"]


def test_simulated_cohorts_are_marked_on_every_figure(training):
    model = training.fitted["response_preprocedure"].model
    cohort = training.cohorts["response"]
    labels = line_labels(model, cohort.dictionary)
    for simulated in (False, True):
        object.__setattr__(cohort, "simulated", simulated)
        drawn = [*explained_figures(model, cohort, cohort.dictionary, labels, max_rows=20)]
        drawn.append(flow_figure(cohort))
        figures = [r.figure for r in drawn if isinstance(r, Figure)]
        assert len(figures) == 3
        for figure in figures:
            assert ("simulated" in words(figure).lower()) is simulated
    object.__setattr__(cohort, "simulated", False)


def test_explained_participants_are_a_sample_of_all(training):
    model = training.fitted["response_preprocedure"].model
    cohort = training.cohorts["response"]
    labels = line_labels(model, cohort.dictionary)
    table = next(iter(explained_figures(model, cohort, cohort.dictionary, labels, max_rows=25)))
    chosen = table.frame["episode_id"].unique()
    assert len(chosen) == 25
    whole = attribution_table(model, cohort.arrays, cohort.dictionary, cohort.episode_id)
    kept = whole[whole["episode_id"].isin(chosen)].reset_index(drop=True)
    assert table.frame["log_odds"].to_numpy() == pytest.approx(kept["log_odds"].to_numpy())


def test_labels_are_words_for_people(training):
    model = training.fitted["response_postprocedure"].model
    labels = line_labels(model, training.registry.dictionary)
    assert labels["vas_baseline"] == "Pain before the procedure (VAS 0-10)"
    assert labels["cement_volume_ml"] == "Cement volume"
    assert set(labels) == {line.predictor for line in model.lines}


def test_the_flow_ends_in_those_with_the_event(training):
    cohort = build_cohort(training.registry, load_endpoint("response"))
    text = words(flow_figure(cohort).figure)
    assert "with the event" in text
    assert "99" in text
    assert "without the event" in text
    assert "121" in text  # 220 known, 99 with
    assert "of these, died first" not in text
