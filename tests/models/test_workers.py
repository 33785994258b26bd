"""Worker processes say nothing on Ctrl-C, and none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PARENT = """
import os, sys, time
from pathlib import Path
from joblib import Parallel, delayed
from vfprog.models.workers import worker_processes

def work(folder, i):
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)

try:
    with worker_processes():
        Parallel(n_jobs=2)(delayed(work)(sys.argv[1], i) for i in range(2))
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.fixture
def parent(tmp_path):
    """A process whose two workers have begun, the folder that names them, and its output."""
    folder, script = tmp_path / "workers", tmp_path / "parent.py"
    folder.mkdir()
    script.write_text(PARENT)
    # Files, no pipes: a worker left over would hold a pipe open for ever.
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, str(script), str(folder)], stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    assert until(lambda: len(list(folder.iterdir())) == 2)
    yield process, [int(path.name) for path in folder.iterdir()], tmp_path / "out"
    if process.poll() is None:
        process.kill()
        process.wait()


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def runs(pid):
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
def test_workers_end_when_their_parent_was_killed(parent):
    process, pids, _ = parent
    assert all(runs(pid) for pid in pids)
    process.kill()
    process.wait()
    assert until(lambda: not any(runs(pid) for pid in pids))


@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    reason="a job of the background has no Ctrl-C",
)
def test_a_ctrl_c_that_reaches_all_of_them_is_answered_by_the_parent_alone(parent):
    process, _, out = parent
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=60)
    assert out.read_text() == "stopped\n"
