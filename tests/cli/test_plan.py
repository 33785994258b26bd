from __future__ import annotations

import pandas as pd
import pytest

from vfprog.cli.app import run
from vfprog.schema.endpoints import load_endpoint
from vfprog.workflows import plan as workflow
from vfprog.workflows.plan import COLUMNS, Planned


@pytest.fixture
def planned(monkeypatch):
    """Answer with a small plan at once, and remember what was asked."""
    asked = {}

    def answer(sizes, **given):
        asked.update(given, sizes=sizes)
        rows = [
            (
                n,
                figure,
                0.7,
                0.65,
                0.75,
                0.01,
                17 if n == 1000 else 20,
                "" if n > 100 else "3 of 20 studies failed",
            )
            for n in sizes
            for figure in ("c_statistic", "power_prognosis")
        ]
        rows = [row for row in rows if row[:2] != (100, "c_statistic")]
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        return Planned(table, table, table, given["effect"], load_endpoint("response"))

    monkeypatch.setattr(workflow, "plan", answer)
    return asked


def test_sizes_follow_the_option_as_a_list(planned, capsys) -> None:
    assert run(["plan", "--participants", "100", "1000", "2000", "--effect", "0.5",
                "--set", "dropout=0"]) == 0  # fmt: skip
    out = capsys.readouterr().out
    assert planned["sizes"] == [100, 1000, 2000]
    assert planned["effect"] == 0.5
    assert planned["overrides"] == {"dropout": 0.0}
    assert "SIMULATED DATA" in out
    assert "none trained" in out
    (line,) = (line for line in out.splitlines() if line.startswith("studies trained"))
    assert line.split()[-9:] == ["0", "of", "20", "17", "of", "20", "20", "of", "20"]
    assert "Mean over the studies trained" in out
    assert out.count("0.700") == 2  # none of 100
    assert "100 participants: 3 of 20 studies failed." in out
    assert max(map(len, out.splitlines())) <= 80


def test_three_sizes_are_the_default_and_a_folder_holds_the_result(
    planned, capsys, tmp_path
) -> None:
    assert run(["plan", "--out", str(tmp_path / "p")]) == 0
    assert planned["sizes"] == [500, 1000, 2000]
    assert (tmp_path / "p" / "plan.csv").is_file()
    assert run(["plan", "--out", str(tmp_path / "p")]) == 2
    assert "exists" in capsys.readouterr().err


def test_a_size_that_is_no_number_is_refused(planned, capsys) -> None:
    assert run(["plan", "--participants", "many"]) == 2
    assert "'--participants'" in capsys.readouterr().err


def test_without_an_effect_each_test_has_a_name_of_its_own(planned, capsys, monkeypatch) -> None:
    asked = workflow.plan

    def without(sizes, **given):
        done = asked(sizes, **given)
        rows = done.table[done.table["figure"] == "power_prognosis"]
        renamed = [rows.assign(figure=f"false_positive_{q}") for q in ("prognosis", "benefit")]
        return Planned(pd.concat(renamed), done.table, done.table, 0.0, done.endpoint)

    assert run(["plan", "1000"]) == 0
    assert "Power at alignment_effect=1" in capsys.readouterr().out
    monkeypatch.setattr(workflow, "plan", without)
    assert run(["plan", "1000", "--effect", "0"]) == 0
    out = capsys.readouterr().out
    assert out.count("rejected: alignment and outcome") == 1
    assert out.count("rejected: alignment and benefit") == 1
    assert "rejected without effect" not in out
    assert "Rejected at alignment_effect=0" in out
    assert max(map(len, out.splitlines())) <= 80
