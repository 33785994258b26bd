"""The truth table of exit codes, and what is written to stderr with each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tests.bundles import PATIENT
from vfprog import __version__
from vfprog.cli import app as cli
from vfprog.errors import BundleError, ConfigError, Failure, InputError, TrainingError

ROOT = Path(__file__).resolve().parents[2]
FAILURE = Failure("visits", 7, "vas", 70, "hard_range", "must lie between 0 and 10, got 70")


def _main(*args: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vfprog", *args]
    options = {"capture_output": True, "text": True, "cwd": ROOT, **options}
    return subprocess.run(command, **options)


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Put in place of the subcommands one that raises."""

    def build(args: object = ()) -> typer.Typer:
        app = typer.Typer(cls=cli._Group, rich_markup_mode=None)

        @app.callback()
        def root() -> None:
            """Do nothing."""

        @app.command()
        def fail() -> None:
            raise error

        return app

    monkeypatch.setattr(cli, "build_app", build)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError([FAILURE]), 2, "visits[7].vas: must lie between 0 and 10, got 70"),
        (ConfigError("no such name"), 2, "Error: no such name"),
        (BundleError("altered"), 2, "Error: altered"),
        (TrainingError("too few events"), 2, "Error: too few events"),
        (FileNotFoundError(2, "No such file or directory", "x.json"), 2, "Error: x.json: No such"),
        (PermissionError(13, "Permission denied", "x.json"), 2, "Error: x.json: Permission denied"),
        (ModuleNotFoundError("no", name="xgboost.core"), 2, 'pip install "vfprog[all]"'),
        (ModuleNotFoundError("no", name="vfprog.gone"), 1, "fault of its own: ModuleNotFoundError"),
        (ValueError("79 years"), 1, "fault of its own: ValueError"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_every_error_has_its_exit_code_and_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    message: str,
) -> None:
    _raising(monkeypatch, error)
    assert cli.run(["fail"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_a_fault_of_ours_keeps_its_message_back_unless_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(monkeypatch, ValueError("could not convert '79 years'"))
    cli.run(["fail"])
    quiet = capsys.readouterr().err
    assert "79" not in quiet
    assert "VFPROG_TRACEBACK=1" in quiet
    monkeypatch.setenv("VFPROG_TRACEBACK", "1")
    assert cli.run(["fail"]) == 1
    assert "ValueError: could not convert '79 years'" in capsys.readouterr().err


def test_all_failures_are_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [Failure("visits", 7, f"c{i}", i, "r", "is wrong") for i in range(30)]
    _raising(monkeypatch, InputError([FAILURE, *others]))
    cli.run(["fail"])
    err = capsys.readouterr().err
    assert err.startswith("Error: the input is wrong in 31 places.")
    assert "... and 11 more, `vfprog check --out FILE` writes all" in err


@pytest.mark.parametrize(
    "args", [["predict"], ["nonsense"], ["train", "x"], ["predict", "a", "b", "--format", "xml"]]
)
def test_wrong_usage_is_wrong_input(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(args) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Usage: vfprog" in captured.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"vfprog {__version__}\n"


def test_help_lists_every_command_and_no_line_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    out = capsys.readouterr().out
    listed = [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines()]
    assert tuple(listed) == cli.COMMANDS
    assert "..." not in out.partition("Commands:\n")[2]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([name, "--help"]) == 0
    assert f"Usage: vfprog {name}" in capsys.readouterr().out


@pytest.mark.slow
def test_predict_and_help_load_nothing_heavy(bundle: Path, patient: Path) -> None:
    heavy = {"pandas", "scipy", "sklearn", "xgboost", "matplotlib", "mlflow", "rich"}
    for args in (["--help"], ["predict", str(bundle), str(patient)]):
        code = (
            "import json, sys; from vfprog.cli.app import run; "
            f"code = run({args!r}); print(json.dumps([code, *sys.modules]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        )
        code, *modules = json.loads(done.stdout.splitlines()[-1])
        assert code == 0
        assert {name.partition(".")[0] for name in modules} & heavy == set()


@pytest.mark.slow
def test_a_reader_who_leaves_early_leaves_no_traceback(bundle: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.json"
    many.write_text(json.dumps([PATIENT] * 60))
    command = [sys.executable, "-m", "vfprog", "predict", str(bundle), str(many)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    reason="a job of the background has no Ctrl-C",
)
def test_interrupted_from_the_keyboard(bundle: Path) -> None:
    command = [sys.executable, "-m", "vfprog", "predict", str(bundle), "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)  # it waits for a patient
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "Interrupted.\n"
    assert process.returncode == 130


@pytest.mark.parametrize(
    "args",
    [
        ["check", "postgresql://reg:s3/cr#t@host/db"],
        ["check", "postgresql:/reg:s3/cr#t@host/db"],
        ["check", "postgresql:/reg:s3/cr#t" + 90 * "x" + "@host/db"],
        ["check", "host=host password=s3/cr#t dbname=reg"],
        ["check", "host=host", "password=s3/cr#t"],
        ["check", "x.csv", "--mapping", "postgresql://reg:s3/cr#t@host/db"],
        ["check", "x.csv", "--mapping", "postgresql://reg:s3/cr#t@host/db.yaml"],
        ["check", "x.csv", "--bundle", "postgresql://reg:s3/cr#t@host/db"],
        ["score", "postgresql://reg:s3/cr#t@host/db", "x.csv", "y.csv"],
        ["postgresql://reg:s3/cr#t@host/db"],
    ],
)
def test_no_error_holds_a_password(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(args) == 2
    captured = capsys.readouterr()
    assert captured.err
    for part in ("s3", "cr#t", "xxx"):
        assert part not in captured.out + captured.err
