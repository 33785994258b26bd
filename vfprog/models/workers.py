"""Worker processes: one thread each, deaf to Ctrl-C, and gone when their parent is."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from joblib import parallel_config

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS_BETWEEN_LOOKS = 1.0


@contextmanager
def worker_processes() -> Iterator[None]:
    """Have `joblib.Parallel` use processes that end with this one.

    A terminal sends Ctrl-C to the workers, too: each would print a traceback of its own while this
    process ends them anyway. Nobody ends them where this process was killed, so each looks.

    Yields
    ------
    None
        While calls of `joblib.Parallel` are made.
    """
    with parallel_config(
        backend="loky", inner_max_num_threads=1, initializer=begin_worker, initargs=(os.getpid(),)
    ):
        yield


def begin_worker(parent: int) -> None:
    """Make this process a worker: called once in each.

    Parameters
    ----------
    parent : int
        Process without which there is nothing to work for.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)
