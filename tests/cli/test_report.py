from __future__ import annotations

from types import SimpleNamespace

from vfprog.cli.app import DONE, WRONG_INPUT, run


def test_a_page_and_a_card_are_written_and_named(bundle, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert run(["report", str(bundle), "--out", str(out), "--no-track"]) == DONE
    said = capsys.readouterr().out
    assert said.startswith(f"SIMULATED DATA: report {out}")
    assert str(tmp_path / "report.card.md") in said
    assert out.is_file()
    assert run(["report", str(bundle), "--out", str(out), "--no-track"]) == WRONG_INPUT
    assert "--force" in capsys.readouterr().err
    assert run(["report", str(bundle), "--out", str(out), "--force", "--no-track"]) == DONE


def test_a_real_bundle_is_not_called_simulated(real_bundle, tmp_path, capsys):
    assert (
        run(["report", str(real_bundle), "--out", str(tmp_path / "r.html"), "--no-track"]) == DONE
    )
    assert capsys.readouterr().out.startswith("report ")


def test_what_is_no_bundle_is_wrong_input(tmp_path, capsys):
    assert (
        run(["report", str(tmp_path), "--out", str(tmp_path / "r.html"), "--no-track"])
        == WRONG_INPUT
    )
    assert "manifest.json" in capsys.readouterr().err


def test_a_report_is_sent_unless_it_is_not_to_be(bundle, tmp_path, capsys, monkeypatch):
    sent = []

    def publish(records):
        sent.append(records.name)
        return SimpleNamespace(name=records.name, how_to_open="mlflow ui")

    monkeypatch.setattr("vfprog.workflows.publish_evidence.publish", publish)
    assert run(["report", str(bundle), "--out", str(tmp_path / "r.html")]) == DONE
    assert sent == ["report hand 1"]
    assert "Tracked as run 'report hand 1'; to see it: mlflow ui" in capsys.readouterr().err
    assert run(["report", str(bundle), "--out", str(tmp_path / "s.html"), "--no-track"]) == DONE
    assert len(sent) == 1
