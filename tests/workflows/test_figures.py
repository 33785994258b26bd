import numpy as np
import pytest

from tests.cohorts import make_cohort
from vfprog.data.cohort import build_cohort
from vfprog.explain.attribution import attribution_table
from vfprog.records import Figure
from vfprog.schema.endpoints import load_endpoint
from vfprog.workflows.curves import judged_curves
from vfprog.workflows.figures import curve_figures, explained_figures, flow_figure, line_labels


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_curves_are_drawn_from_their_tables():
    cohort, rng = make_cohort(200, seed=1), np.random.default_rng(0)
    kept = judged_curves(cohort, np.ones(200), rng.uniform(0.1, 0.6, 200))
    tables = {table.name: table.frame for table in kept}
    drawn = list(curve_figures(tables, title="Of our patients", simulated=True))
    assert [(type(r), r.name) for r in drawn] == [
        (Figure, "decision_curve"),
        (Figure, "calibration"),
    ]
    for record in drawn:
        assert "Of our patients" in words(record.figure)
        assert "SIMULATED" in words(record.figure)
    none = tables | {"calibration_curve": tables["calibration_curve"].iloc[:0]}
    drawn = list(curve_figures(none, title="", simulated=False))
    assert [record.name for record in drawn] == ["decision_curve"]
    assert "SIMULATED" not in words(drawn[0].figure)


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
