"""What leaves the machine: nothing. Seen in processes that no CI variable protects."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Variables by which MLflow takes a process for a test and stays silent of its own accord.
CI = {"CI", "GITHUB_ACTIONS", "CIRCLECI", "GITLAB_CI", "JENKINS_URL", "TRAVIS", "TF_BUILD"}
CI |= {"BITBUCKET_BUILD_NUMBER", "CODEBUILD_BUILD_ARN", "BUILDKITE", "TEAMCITY_VERSION"}
CI |= {"CLOUD_RUN_EXECUTION", "RUNBOT_HOST_URL", "RUNBOT_BUILD_NAME", "RUNBOT_WORKER_ID"}


def in_process(
    script: str, *, cwd: Path = ROOT, **variables: str
) -> subprocess.CompletedProcess[str]:
    hidden = CI | {"PYTEST_CURRENT_TEST", "DO_NOT_TRACK"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in hidden and not name.startswith(("MLFLOW", "_MLFLOW"))
    }
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=kept | {"PYTHONPATH": str(ROOT)} | variables,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_the_package_does_not_import_mlflow() -> None:
    done = in_process(
        """
        import sys
        import vfprog.tracking, vfprog.tracking.send, vfprog.tracking.registry
        print(sorted({"mlflow", "pandas", "matplotlib", "sqlalchemy"} & sys.modules.keys()))
        """
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_choice_of_the_user_is_left_alone() -> None:
    done = in_process(
        "import os, vfprog.tracking; print(os.environ['MLFLOW_DISABLE_TELEMETRY'])",
        MLFLOW_DISABLE_TELEMETRY="false",
    )
    assert done.stdout.strip() == "false", done.stderr


@pytest.mark.slow
def test_sending_and_registering_report_to_nobody_and_say_nothing(tmp_path: Path) -> None:
    script = f"""
        import socket, sys, threading
        from pathlib import Path

        calls = []
        def refuse(*arguments, **options):
            calls.append(arguments[1:] if arguments else options)
            raise OSError("no network in this test")
        socket.socket.connect = socket.socket.connect_ex = refuse
        socket.getaddrinfo = socket.create_connection = refuse

        from tests.tracking.samples import hand_bundle, training
        from vfprog.tracking.registry import promote, register_bundle
        from vfprog.tracking.send import send
        from vfprog.tracking.store import resolve_store

        root = Path({str(tmp_path)!r})
        uri = resolve_store(root / "runs")
        sent = send(training(), uri=uri)
        bundle = hand_bundle(root / "bundle")
        version = register_bundle(
            bundle, ["age_years"], run_id=sent.run_id, uri=uri, pip_requirements=["vfprog"]
        )
        promote(version, uri)

        from mlflow.telemetry import get_telemetry_client, utils
        assert not utils._IS_IN_CI_ENV_OR_TESTING, "this process must look like a user's"
        assert utils.is_telemetry_disabled()
        assert get_telemetry_client() is None
        names = [thread.name for thread in threading.enumerate()]
        assert names == ["MainThread"], names
        assert calls == [], calls
        assert sorted(p.name for p in Path.cwd().iterdir()) == ["bundle", "runs"]
    """
    done = in_process(script, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
