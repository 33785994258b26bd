from __future__ import annotations

import io

import pytest

from vfprog.cli import console


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_results_go_to_stdout_and_remarks_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("result")
    console.notes(["remark", "another"])
    captured = capsys.readouterr()
    assert captured.out == "result\n"
    assert captured.err == "note: remark\nnote: another\n"


def test_bars_are_silent_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with console.bars("working") as progress:
        progress("folds", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_bars_show_each_stage_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with console.bars("working") as progress:
        progress("models", 1, 6)
        progress("models", 6, 6)
        progress("refits", 3, 40)
    last = terminal.getvalue()
    assert "6/6" in last
    assert "3/40" in last


@pytest.mark.parametrize(
    ("environment", "colour"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_on_a_terminal_unless_refused(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], colour: bool
) -> None:
    monkeypatch.setattr("sys.stdout", _Terminal())
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert console.text_style().colour is colour


def test_plain_80_columns_off_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    style = console.text_style()
    assert (style.width, style.colour) == (80, False)


def test_ascii_where_the_encoding_knows_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert console.text_style().fancy is False


def test_a_table_fits_80_columns_and_loses_no_word(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("Title", ("step", "why", "n"), [("a", "because " * 20, "12")], left=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Title"
    assert max(map(len, lines)) <= 80
    assert sum(line.count("because") for line in lines) == 20


def test_brackets_in_a_cell_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("[red]", ("x",), [("[bold]y[/bold]",)])
    assert "[bold]y[/bold]" in capsys.readouterr().out
