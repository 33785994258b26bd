from __future__ import annotations

from vfprog.cli.app import DONE, WRONG_INPUT, run


def test_a_page_and_a_card_are_written_and_named(bundle, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert run(["report", str(bundle), "--out", str(out)]) == DONE
    said = capsys.readouterr().out
    assert said.startswith(f"SIMULATED DATA: report {out}")
    assert str(tmp_path / "report.card.md") in said
    assert out.is_file()
    assert run(["report", str(bundle), "--out", str(out)]) == WRONG_INPUT
    assert "--force" in capsys.readouterr().err
    assert run(["report", str(bundle), "--out", str(out), "--force"]) == DONE


def test_a_real_bundle_is_not_called_simulated(real_bundle, tmp_path, capsys):
    assert run(["report", str(real_bundle), "--out", str(tmp_path / "r.html")]) == DONE
    assert capsys.readouterr().out.startswith("report ")


def test_what_is_no_bundle_is_wrong_input(tmp_path, capsys):
    assert run(["report", str(tmp_path), "--out", str(tmp_path / "r.html")]) == WRONG_INPUT
    assert "manifest.json" in capsys.readouterr().err
