from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest

from tests.bundles import AFTER, PATIENT
from vfprog.cli.app import run
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict
from vfprog.scoring.what_if import what_if

_KEYS = {
    "model", "prognoses", "missing", "warnings", "applicability", "evidence", "of_score",
    "alignment_flags", "population_note",
}  # fmt: skip
_PROGNOSIS = {
    "endpoint", "definition", "horizon_days", "prediction_time", "risk", "instability_interval",
    "instability_level", "base_log_odds", "contributions", "instability_label",
    "instability_coverage", "gaps", "peers",
}  # fmt: skip


def _stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_text_is_the_rendered_prediction(bundle, patient, capsys) -> None:
    from vfprog.cli.text import render

    assert run(["predict", str(bundle), str(patient)]) == 0
    captured = capsys.readouterr()
    loaded = load_bundle(bundle)
    assert captured.out == render(predict(loaded, PATIENT), loaded) + "\n"
    assert captured.err == ""


def test_json_follows_the_schema_at_full_precision(bundle, patient, capsys) -> None:
    assert run(["predict", str(bundle), str(patient), "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert set(content) == _KEYS
    assert set(content["model"]) == {"name", "version", "trained_on", "sha256"}
    first = content["prognoses"][0]
    assert set(first) == _PROGNOSIS
    assert set(first["contributions"][0]) == {"predictor", "concept", "value", "log_odds"}
    assert first["risk"] == predict(bundle, PATIENT)["response"].risk
    shown = first["base_log_odds"] + sum(c["log_odds"] for c in first["contributions"])
    assert shown == pytest.approx(math.log(first["risk"] / (1 - first["risk"])), abs=1e-6)
    assert content["warnings"][0]["code"] == "trained_on_simulated"


def test_a_bundle_without_members_has_a_null_interval(real_bundle, patient, capsys) -> None:
    run(["predict", str(real_bundle), str(patient), "--format", "json"])
    content = json.loads(capsys.readouterr().out)
    assert content["prognoses"][0]["instability_interval"] is None
    assert content["model"]["trained_on"] == "registry"


def test_a_patient_from_stdin_may_begin_with_a_byte_order_mark(
    bundle, patient, capsys, monkeypatch
) -> None:
    run(["predict", str(bundle), str(patient)])
    from_file = capsys.readouterr().out
    _stdin(monkeypatch, b"\xef\xbb\xbf" + patient.read_bytes())
    assert run(["predict", str(bundle), "-"]) == 0
    assert capsys.readouterr().out == from_file


def test_a_list_in_gives_a_list_out(bundle, capsys, monkeypatch) -> None:
    after = PATIENT | {"vertebrae": [AFTER]}
    _stdin(monkeypatch, json.dumps([PATIENT, after]).encode())
    assert run(["predict", str(bundle), "-", "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    times = [one["prognoses"][0]["prediction_time"] for one in content]
    assert times == ["preprocedure", "postprocedure"]
    _stdin(monkeypatch, json.dumps([PATIENT, after]).encode())
    assert run(["predict", str(bundle), "-"]) == 0
    assert "Patient 2 of 2" in capsys.readouterr().out


def test_a_list_of_one_is_a_list(bundle, capsys, monkeypatch) -> None:
    _stdin(monkeypatch, json.dumps([PATIENT]).encode())
    run(["predict", str(bundle), "-", "--format", "json"])
    assert len(json.loads(capsys.readouterr().out)) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"age_years": 79,}', "stdin: is not JSON: "),
        (b"", "stdin: is not JSON: Expecting value at line 1, column 1"),
        (b"\xff\xfe", "stdin: is not UTF-8 text"),
        (b"79", "stdin: expected an object or a list of objects, got int"),
        (b"[79]", "patient[0]: expected an object of predictors, got int"),
        (b"{}", "patient[0]: no predictor is given"),
        (b'{"age_years": ' + b"9" * 5000 + b"}", "a number too long or objects too deep"),
        (b"[" * 100_000, "a number too long or objects too deep"),
        (b'{"age_years": 79, "age_years": 97}', "stdin: gives age_years twice"),
        (b'{"vas_baselin": 8, "age_years": 79}', "did you mean vas_baseline?"),
        (b'{"vas_baseline": 70}', "[0].vas_baseline: must lie between 0 and 10 in points, got 70"),
        (b'{"sex": "unknown sex"}', "patient[0].sex: "),
        (b'{"age_years": "old"}', "patient[0].age_years: "),
        (b'{"age_years": 79, "vertebrae": [{"level": "L7"}]}', "patient[0].vertebrae[0].level: "),
    ],
)  # fmt: skip
def test_wrong_input(bundle, capsys, monkeypatch, content: bytes, message: str) -> None:
    _stdin(monkeypatch, content)
    assert run(["predict", str(bundle), "-", "--format", "json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in " ".join(captured.err.split())


def test_every_failure_is_named_and_no_other_field_is_shown(bundle, capsys, monkeypatch) -> None:
    wrong = PATIENT | {"vas_baseline": 70, "t_score": -31, "age_years": 83.25}
    _stdin(monkeypatch, json.dumps(wrong).encode())
    assert run(["predict", str(bundle), "-"]) == 2
    err = capsys.readouterr().err
    assert "wrong in 2 places" in err
    assert "70" in err
    assert "-31" in err
    assert "83.25" not in err
    assert "40.5" not in err


def test_no_bundle_and_no_patient(bundle, patient, tmp_path, capsys) -> None:
    assert run(["predict", str(tmp_path), str(patient)]) == 2
    assert "is no vfprog bundle" in capsys.readouterr().err
    assert run(["predict", str(bundle), str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file" in capsys.readouterr().err
    assert run(["predict", str(bundle), str(tmp_path)]) == 2
    assert "Is a directory" in capsys.readouterr().err


@pytest.mark.slow
def test_an_altered_bundle_is_refused(bundle, patient, tmp_path, capsys) -> None:
    import shutil

    altered = Path(shutil.copytree(bundle, tmp_path / "altered"))
    target = altered / "models" / "response_preprocedure.npz"
    target.write_bytes(target.read_bytes() + b"x")
    assert run(["predict", str(altered), str(patient)]) == 2
    assert "was altered" in capsys.readouterr().err


# --- what if


def test_what_if_in_text_and_json(bundle, patient, capsys) -> None:
    command = ["predict", str(bundle), str(patient), "--what-if", "age_years=60",
               "--what-if", " L2.height_loss_pct = 40", "--what-if", "opioids="]  # fmt: skip
    assert run(command) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "What if: Age 79 → 60, Height loss 12.5 → 40, Takes opioids no → not given" in shown
    assert "not the effect of changing it" in shown
    assert run([*command, "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    changes = {"age_years": 60, "L2.height_loss_pct": 40, "opioids": None}
    answered = what_if(bundle, PATIENT, changes).as_dict()
    assert content["what_if"]["endpoints"] == answered["endpoints"]
    assert content["what_if"]["label"] == answered["label"]


def test_without_a_change_there_is_no_what_if(bundle, patient, capsys) -> None:
    run(["predict", str(bundle), str(patient), "--format", "json"])
    assert "what_if" not in json.loads(capsys.readouterr().out)


def test_cement_is_refused_unless_asked_for(bundle, capsys, monkeypatch) -> None:
    after = json.dumps(PATIENT | {"vertebrae": [AFTER]}).encode()
    command = ["predict", str(bundle), "-", "--what-if", "cement_volume_ml=3"]
    _stdin(monkeypatch, after)
    assert run(command) == 2
    assert "by procedure: true or --procedure" in capsys.readouterr().err
    _stdin(monkeypatch, after)
    assert run([*command, "--procedure"]) == 0
    assert "Cement volume 6.5 → 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("age_years", "--what-if age_years: expected INPUT=VALUE"),
        ("=60", "--what-if : expected INPUT=VALUE"),
        ("age_years=sixty", "age_years: expected a number in years, got 'sixty'"),
        ("age=60", "what_if.age: is no predictor of this model"),
        ("L4.height_loss_pct=6", "means a vertebra that is not given"),
    ],
)
def test_a_wrong_what_if(bundle, patient, capsys, change, message) -> None:
    assert run(["predict", str(bundle), str(patient), "--what-if", change]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_what_if_is_of_one_patient_and_names_an_input_once(bundle, patient, capsys, monkeypatch):
    _stdin(monkeypatch, json.dumps([PATIENT, PATIENT]).encode())
    assert run(["predict", str(bundle), "-", "--what-if", "age_years=60"]) == 2
    assert "--what-if is for one patient, not for a list" in capsys.readouterr().err
    twice = ["--what-if", "age_years=60", "--what-if", "age_years=70"]
    assert run(["predict", str(bundle), str(patient), *twice]) == 2
    assert "--what-if changes age_years twice" in capsys.readouterr().err


def test_fhir_is_a_valid_assessment_at_full_precision(bundle, patient, capsys) -> None:
    from fhir.resources.R4B.riskassessment import RiskAssessment

    assert run(["predict", str(bundle), str(patient), "--format", "fhir"]) == 0
    content = json.loads(capsys.readouterr().out)
    RiskAssessment.model_validate(content)
    assert [p["probabilityDecimal"] for p in content["prediction"]] == [
        100 * p.risk for p in predict(bundle, PATIENT).prognoses
    ]


def test_fhir_of_several_patients_is_a_bundle(bundle, capsys, monkeypatch) -> None:
    from fhir.resources.R4B.bundle import Bundle

    _stdin(monkeypatch, json.dumps([PATIENT, PATIENT]).encode())
    assert run(["predict", str(bundle), "-", "--format", "fhir"]) == 0
    content = json.loads(capsys.readouterr().out)
    Bundle.model_validate(content)
    assert len(content["entry"]) == 2


def test_a_what_if_is_no_assessment(bundle, patient, capsys) -> None:
    arguments = ["--format", "fhir", "--what-if", "age_years=60"]
    assert run(["predict", str(bundle), str(patient), *arguments]) == 2
    assert "has no place in a RiskAssessment" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "fhir"])
def test_a_list_of_nobody_is_refused_as_the_service_refuses_it(bundle, capsys, monkeypatch, form):
    _stdin(monkeypatch, b"[]")
    assert run(["predict", str(bundle), "-", "--format", form]) == 2
    assert "the list holds no patient" in capsys.readouterr().err
