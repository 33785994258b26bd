from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bundles import AFTER, PATIENT, hand_bundle, hand_parts
from tests.scoring.models import random_patient
from vfprog.errors import BundleError, InputError
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.predict import predict

SEEDS = st.integers(0, 2**32 - 1)
ABSENT = object()
MISSING = [ABSENT, None, float("nan"), np.nan, np.float32("nan"), pd.NA, pd.NaT, "", "  "]


def codes(prediction):
    return [(w.code, w.predictor) for w in prediction.warnings]


def close(one, other):
    """Whether two predictions are equal, numbers to 1e-12."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(v, other[k]) for k, v in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=0, abs_tol=1e-12)
    return one == other


# --- numbers by hand


def test_a_risk_and_its_explanation_by_hand(hand):
    # linear .4 + .3 (8 - 7.5) + .41 (1 - .3) - .02 (65 - 75), weight .75; one tree +.25, weight .25
    prognosis = predict(hand, {"vas_baseline": 8, "bed_rest": True, "age_years": 65})["response"]
    expected = {
        "vas_baseline": 0.75 * 0.15 + 0.25 * 0.25, "bed_rest": 0.75 * 0.287, "age_years": 0.75 * 0.2
    }  # fmt: skip
    found = {c.predictor: c.log_odds for c in prognosis.contributions if c.log_odds}
    assert prognosis.base_log_odds == pytest.approx(0.3)
    assert found == pytest.approx(expected)
    assert list(found) == ["bed_rest", "vas_baseline", "age_years"]  # largest first
    assert prognosis.risk == pytest.approx(1 / (1 + math.exp(-(0.3 + 0.175 + 0.21525 + 0.15))))
    assert prognosis.concepts() == pytest.approx(
        {"pain": 0.39025, "frailty": 0.15, "fracture": 0, "bone": 0, "alignment": 0}
    )
    shown = {c.predictor: c.value for c in prognosis.contributions}
    assert (shown["vas_baseline"], shown["bed_rest"], shown["t_score"]) == (8, True, None)
    assert (prognosis.horizon_days, prognosis.prediction_time) == (30, "preprocedure")
    assert prognosis.definition.startswith("VAS fall of at least 3 points at 30 days")


def test_the_instability_interval_by_hand(hand):
    # three members: log-odds -.4, 0 and .3 off; their 5th percentile lies .1 of the first step up
    prognosis = predict(hand, {"vas_baseline": 8})["response"]
    low, middle, high = (1 / (1 + math.exp(-0.475 - shift)) for shift in (-0.4, 0, 0.3))
    assert prognosis.instability_interval == pytest.approx(
        (low + 0.1 * (middle - low), high - 0.1 * (high - middle))
    )
    assert prognosis.instability_level == 0.9


def test_what_no_model_uses_is_said_when_it_is_given(hand):
    # the hand models know pain, bed rest, age and T-score; PI is derived where PT and SS are given
    given = {"vas_baseline": 8, "smoker": True, "vertebrae": [{"level": "L1", "of_type": "OF2"}]}
    silent = predict(hand, {"vas_baseline": 8, "smoker": None, "neurological_signs": True})
    assert codes(silent) == [("trained_on_simulated", None)]
    assert codes(predict(hand, given))[1:] == [("not_used", "smoker"), ("not_used", "of_type")]


def test_without_members_there_is_no_interval(tmp_path):
    bare = hand_bundle(tmp_path / "bare", members=False, simulated=False)
    prediction = predict(bare, PATIENT)  # a folder will do
    assert prediction["response"].instability_interval is None
    assert prediction.warnings == ()
    assert prediction.model.trained_on == "registry"


def test_what_is_missing_is_named_in_the_dictionarys_order(hand):
    assert predict(hand, PATIENT).missing == (
        "bmi_kg_m2", "n_prevalent_fractures", "glucocorticoids",
    )  # fmt: skip
    after = PATIENT | {"vertebrae": [{"level": "L1", "treated": True}]}
    assert "cement_volume_ml" in predict(hand, after).missing


# --- doors


def test_a_dict_a_list_and_a_table_say_the_same(bundle):
    rng = np.random.default_rng(0)
    records = [random_patient(rng) for _ in range(6)]
    together = predict(bundle, records)
    from_table = predict(bundle, pd.DataFrame(records))
    from_tuple = predict(bundle, tuple(records))
    for record, *answers in zip(records, together, from_table, from_tuple, strict=True):
        alone = predict(bundle, record)
        assert all(close(alone.as_dict(), answer.as_dict()) for answer in answers)


def test_a_table_of_nullable_types(hand):
    frame = pd.DataFrame(
        {
            "age_years": pd.array([79, None], dtype="Int64"),
            "bed_rest": pd.array([True, None], dtype="boolean"),
            "sex": pd.Categorical(["female", "male"]),
            "index_date": pd.to_datetime(["2024-01-31", None]),
        }
    )
    plain = [{"age_years": 79, "bed_rest": True, "sex": "female"}, {"sex": "male"}]
    for answer, record in zip(predict(hand, frame), plain, strict=True):
        assert close(answer.as_dict(), predict(hand, record).as_dict())


def test_nobody_gives_nothing(hand):
    assert predict(hand, []) == []
    assert predict(hand, pd.DataFrame()) == []


@pytest.mark.parametrize("thing", [None, 5, "age_years", b"x", {1}, iter([])])
def test_what_is_no_patient_is_a_type_error(hand, thing):
    with pytest.raises(TypeError, match="expected a mapping, a list of mappings or a DataFrame"):
        predict(hand, thing)


def test_a_folder_without_a_bundle(tmp_path):
    with pytest.raises(BundleError, match="no vfprog bundle"):
        predict(tmp_path, PATIENT)


def test_failures_of_a_patient_reach_the_caller(hand):
    with pytest.raises(InputError, match=r"patient\[1\]\.vas_baseline: must lie between 0 and 10"):
        predict(hand, [PATIENT, {"vas_baseline": 70}])


# --- what must not matter


@given(seed=SEEDS, data=st.data())
def test_every_way_to_leave_a_value_out_is_the_same(bundle, seed, data):
    rng = np.random.default_rng(seed)
    patient = random_patient(rng, known=0.9)
    drawn = data.draw(
        st.lists(st.sampled_from(sorted(patient.keys() - {"age_years"})), unique=True)
    )
    without = {k: v for k, v in patient.items() if k not in drawn}
    fill = data.draw(st.lists(st.sampled_from(MISSING), min_size=len(drawn), max_size=len(drawn)))
    given = without | {k: v for k, v in zip(drawn, fill, strict=True) if v is not ABSENT}
    assert predict(bundle, given).as_dict() == predict(bundle, without).as_dict()


@given(seed=SEEDS, data=st.data())
def test_every_way_to_leave_a_finding_of_a_vertebra_out_is_the_same(bundle, seed, data):
    rng = np.random.default_rng(seed)
    patient = random_patient(rng, known=0.8, vertebrae=3)
    cut, filled = [], []
    for vertebra in patient["vertebrae"]:
        drawn = data.draw(st.lists(st.sampled_from(sorted(vertebra.keys())), unique=True))
        cut.append({k: v for k, v in vertebra.items() if k not in drawn})
        blanks = {k: data.draw(st.sampled_from(MISSING)) for k in drawn}
        filled.append(cut[-1] | {k: v for k, v in blanks.items() if v is not ABSENT})
    given = predict(bundle, patient | {"vertebrae": filled})
    assert given.as_dict() == predict(bundle, patient | {"vertebrae": cut}).as_dict()


@given(SEEDS)
def test_the_order_of_predictors_does_not_matter(bundle, seed):
    rng = np.random.default_rng(seed)
    patient = random_patient(rng)
    names = rng.permutation(list(patient))
    shuffled = {str(name): patient[name] for name in names}
    assert predict(bundle, shuffled).as_dict() == predict(bundle, patient).as_dict()


@given(SEEDS)
def test_the_order_of_vertebrae_does_not_matter(bundle, seed):
    rng = np.random.default_rng(seed)
    patient = random_patient(rng, vertebrae=4)
    turned = patient | {"vertebrae": patient["vertebrae"][::-1]}
    for one, other in zip(
        predict(bundle, patient).prognoses, predict(bundle, turned).prognoses, strict=True
    ):
        assert close(other.risk, one.risk)
        assert close(other.instability_interval, one.instability_interval)
        lines = {c.predictor: (c.log_odds, c.value) for c in other.contributions}
        for line in one.contributions:
            value = line.value[::-1] if isinstance(line.value, list) else line.value
            assert close(lines[line.predictor], (line.log_odds, value))


@given(SEEDS)
def test_a_patient_alone_is_the_patient_among_others(bundle, seed):
    rng = np.random.default_rng(seed)
    records = [random_patient(rng, known=rng.random()) for _ in range(5)]
    for record, answer in zip(records, predict(bundle, records), strict=True):
        assert close(answer.as_dict(), predict(bundle, record).as_dict())


@given(SEEDS)
def test_base_and_contributions_are_the_log_odds_shown(bundle, seed):
    rng = np.random.default_rng(seed)
    for prognosis in predict(bundle, random_patient(rng)).prognoses:
        total = prognosis.base_log_odds + sum(c.log_odds for c in prognosis.contributions)
        assert total == pytest.approx(
            math.log(prognosis.risk) - math.log1p(-prognosis.risk), abs=1e-6
        )
        low, high = prognosis.instability_interval
        assert 0 <= low <= high <= 1
        assert sum(prognosis.concepts().values()) == pytest.approx(
            total - prognosis.base_log_odds, abs=1e-9
        )


# --- choice and warnings


@given(SEEDS)
def test_the_postprocedure_model_answers_if_and_only_if_a_procedure_value_is_there(bundle, seed):
    rng = np.random.default_rng(seed)
    patient = random_patient(rng)
    late = {"cement_volume_ml", "cement_leakage"}
    after = any(
        (late & v.keys() or v.get("treated")) and v.get("treated") is not False
        for v in patient["vertebrae"]
    )
    times = {prognosis.prediction_time for prognosis in predict(bundle, patient).prognoses}
    assert times == {"postprocedure" if after else "preprocedure"}


def test_cement_counts_after_the_procedure_only(hand):
    before, after = predict(hand, [PATIENT, PATIENT | {"vertebrae": [AFTER]}])
    assert "cement_volume_ml" not in {c.predictor for c in before["response"].contributions}
    (line,) = [
        c for c in after["response"].contributions if c.predictor == "cement_volume_ml"
    ]  # fmt: skip
    assert line.log_odds == pytest.approx(0.75 * 0.05 * (6.5 - 5))
    assert (line.value, line.concept) == ([6.5], "procedure")


def test_warnings_reach_the_patient_they_are_about(hand):
    odd = {
        "age_years": 101, "pelvic_incidence_deg": 60, "pelvic_tilt_deg": 20, "sacral_slope_deg": 20,
        "vertebrae": [{"level": "L1"}, {"level": "L2", "cement_volume_ml": 15}],
    }  # fmt: skip
    fine, warned = predict(hand, [{"age_years": 70}, odd])
    assert codes(fine) == [("trained_on_simulated", None)]
    assert codes(warned) == [
        ("trained_on_simulated", None),
        ("outside_usual_range", "age_years"),
        ("outside_usual_range", "cement_volume_ml"),
        ("pelvic_identity", "pelvic_incidence_deg"),
    ]
    assert "between 50 and 97 in years, got 101" in warned.warnings[1].message
    assert "differs from pelvic tilt + sacral slope by 20 degrees" in warned.warnings[3].message


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        ({"treated": False}, [("not_counted", "treated")]),
        ({"treated": False, "cement_leakage": "none"}, [("not_counted", "treated")]),
        (
            {"treated": False, "cement_volume_ml": 5},
            [("untreated_cement", "cement_volume_ml"), ("not_counted", "treated")],
        ),
        ({"cement_volume_ml": 6.5}, []),
    ],
)
def test_a_vertebra_without_cement_is_no_procedure_and_says_so(hand, finding, told):
    without = {"vas_baseline": 8, "vertebrae": [{"level": "L1"}]}
    given = {"vas_baseline": 8, "vertebrae": [{"level": "L1", **finding}]}
    plain, asked = predict(hand, [without, given])
    of_procedure = {"not_counted", "untreated_cement"}
    assert [code for code in codes(asked) if code[0] in of_procedure] == told
    assert (asked["response"].risk == plain["response"].risk) is bool(told)


def test_pain_too_low_has_no_risk_of_response_but_a_reason(hand):
    low, just, unknown = predict(
        hand, [{"vas_baseline": 2.9}, {"vas_baseline": 3}, {"sex": "male"}]
    )
    assert [p.endpoint for p in low.prognoses] == ["new_fracture"]
    assert codes(low)[-1] == ("not_applicable", "vas_baseline")
    assert "at least 3" in low.warnings[-1].message
    with pytest.raises(KeyError, match="there is: new_fracture"):
        low["response"]
    for other in (just, unknown):
        assert [p.endpoint for p in other.prognoses] == ["response", "new_fracture"]
        assert "not_applicable" not in dict(codes(other))


def test_the_identity_of_the_bundle_is_told(hand):
    model = predict(hand, PATIENT).model
    assert (model.name, model.version, model.trained_on) == ("hand", "1", "simulated")
    assert len(model.sha256) == 64


def test_a_bundle_says_the_same_each_time_it_is_loaded(tmp_path):
    folder = hand_bundle(tmp_path / "b")
    assert predict(load_bundle(folder), PATIENT).as_dict() == predict(folder, PATIENT).as_dict()


def test_without_a_preprocedure_model_nobody_is_answered_before_the_procedure(tmp_path):
    parts = hand_parts()
    kept = {n: m for n, m in parts.models.items() if n != "response_preprocedure"}
    boosters = {n: b for n, b in parts.boosters.items() if n in kept}
    members = {n: m for n, m in parts.members.items() if n in kept}
    folder = write_bundle(
        replace(parts, models=kept, boosters=boosters, members=members), tmp_path / "b"
    )
    before = predict(folder, {"vas_baseline": 8, "vertebrae": [{"treated": False}]})
    assert "response" not in [p.endpoint for p in before.prognoses]
    assert "no_model" in [w.code for w in before.warnings]
    after = predict(folder, {"vas_baseline": 8, "vertebrae": [{"treated": True}]})
    assert after["response"].prediction_time == "postprocedure"
    assert "no_model" not in [w.code for w in after.warnings]


def test_every_prediction_says_whom_the_models_learned_from(tmp_path):
    parts = hand_parts()
    assert predict(load_bundle(write_bundle(parts, tmp_path / "a")), PATIENT).population_note == ""
    parts.provenance["population_note"] = "Women of a cohort."
    noted = load_bundle(write_bundle(parts, tmp_path / "b"))
    for panel in (True, False):
        content = predict(noted, PATIENT, panel=panel).as_dict()
        assert content["population_note"] == "Women of a cohort."
