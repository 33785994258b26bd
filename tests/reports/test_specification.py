from __future__ import annotations

import math
import re

import pytest

from vfprog.reports.grid import NONE
from vfprog.reports.specification import six, specification, typical_patient
from vfprog.scoring.predict import predict


def spline(x, knots, j):
    """Return a term of a restricted cubic spline, by the formula on the page."""
    t1, t2, t3, t4 = knots
    tj = (t1, t2)[j]

    def above(t):
        return max(x - t, 0) ** 3

    bent = above(t3) * (t4 - tj) / (t4 - t3) - above(t4) * (t3 - tj) / (t4 - t3)
    return (above(tj) - bent) / (t4 - t1) ** 2


def added(coefficients, worked):
    """Return what one feature adds, from the printed rows alone."""
    _, value, fill, if_missing, knots, first, second = coefficients
    _, given, x, s1, s2, missing, _ = worked
    assert (given == "missing") == (missing == "1") or if_missing == NONE
    if given == "missing":
        assert x == fill
    total = float(x) * float(value)
    if missing == "1":
        total += float(if_missing)
    if knots != NONE:
        places = [float(knot) for knot in knots.split(", ")]
        for j, (weight, printed) in enumerate(((first, s1), (second, s2))):
            term = spline(float(x), places, j)
            assert term == pytest.approx(float(printed), abs=1e-4 * max(1, abs(term)))
            total += term * float(weight)
    return total


def by_hand(spec):
    """Return linear part and risk of the worked patient, from what is printed alone."""
    parts = dict(spec.combination.rows)
    pairs = zip(spec.coefficients.rows, spec.worked.rows, strict=True)
    linear = float(parts["Intercept of the linear part"])
    linear += sum(added(coefficients, worked) for coefficients, worked in pairs)
    trees = [float(m[1]) for s in spec.steps if (m := re.search(r"arrays: (-?[\d.]+)\.$", s))]
    mixed = float(parts["Weight of the linear part, w1"]) * linear
    mixed += float(parts["Weight of the trees, w2"]) * (trees[0] if trees else 0.0)
    log_odds = float(parts["Calibration intercept, a"])
    log_odds += float(parts["Calibration slope, b"]) * mixed
    return linear, 1 / (1 + math.exp(-log_odds))


def printed(spec):
    linear = re.search(r"= (-?[\d.]+)\.$", spec.steps[0])
    risk = re.search(r"= ([\d.]+) %\.$", spec.steps[-1])
    return float(linear[1]), float(risk[1]) / 100


@pytest.mark.slow
@pytest.mark.parametrize("which", ["trained", "with_trees"])
def test_a_reader_computes_the_risk_from_the_printed_tables(which, request):
    evidence = request.getfixturevalue(which)
    for name, model in evidence.models.items():
        spec = specification(evidence.bundle, name)
        linear, risk = by_hand(spec)
        assert (linear, risk) == pytest.approx(printed(spec), abs=6e-4)
        patient = typical_patient(evidence.bundle, model.prediction_time)
        answers = predict(evidence.bundle, patient).prognoses
        shown = [p for p in answers if p.endpoint == model.endpoint.name
                 and p.prediction_time == model.prediction_time]  # fmt: skip
        if shown:  # else the other prediction time answers
            assert risk == pytest.approx(shown[0].risk, abs=1e-4)


@pytest.mark.slow
def test_splines_trees_and_a_missing_value_are_among_what_is_worked_out(with_trees, trained):
    name = "response_preprocedure"
    spec = specification(with_trees.bundle, name)
    assert any(row[4] != NONE for row in spec.coefficients.rows)
    assert any("Trees, from their arrays" in step for step in spec.steps)
    worked = specification(trained.bundle, name).worked
    missing = [row for row in worked.rows if row[1] == "missing"]
    assert 0 < len(missing) < len(worked.rows)


@pytest.mark.slow
def test_trees_are_summarised_by_what_xgboost_gained(with_trees):
    import xgboost

    name = "response_preprocedure"
    model = with_trees.models[name]
    grid = specification(with_trees.bundle, name).trees
    assert grid.caption.startswith(f"{model.trees.n_trees} trees, at most 3 splits deep")
    booster = xgboost.Booster()
    booster.load_model(bytearray(with_trees.bundle.booster(name)))
    gains = booster.get_score(importance_type="total_gain")
    counts = booster.get_score(importance_type="weight")
    places = {f.label: place for place, f in enumerate(model.features)}
    total = sum(gains.values())
    for label, splits, share in grid.rows:
        key = (
            f"f{places[label]}"
            if f"f{places[label]}" in gains
            else model.features[places[label]].name
        )
        assert splits == f"{counts[key]:.0f}"
        assert share == f"{100 * gains[key] / total:.1f} %"


def test_without_a_summary_of_the_predictors_nobody_is_worked_out(bare):
    assert typical_patient(bare.bundle, "preprocedure") == {}  # knows of one, often missing
    spec = specification(bare.bundle, "response_preprocedure")
    assert (spec.worked, spec.steps) == (None, ())
    assert dict(spec.combination.rows)["Weight of the trees, w2"] == "0.25"


def test_a_tree_without_its_xgboost_file_is_summarised_by_its_splits(bare):
    grid = specification(bare.bundle, "response_preprocedure").trees
    assert grid.caption == "1 tree, at most 1 split deep, 1 split"
    assert grid.rows == (("Pain before the procedure (VAS 0-10)", "1", NONE),)


def test_numbers_have_six_figures():
    assert [six(x) for x in (0.012345678, 74.80, 1.0, -2e-7)] == [
        "0.0123457", "74.8", "1", "-2e-07",
    ]  # fmt: skip
