"""The ``vfprog`` command; ``python -m vfprog`` is the same."""

from __future__ import annotations

import gc
import os

# Start-up makes many objects that stay. To look for garbage among them time and again, and once
# more when the process ends, took a sixth of the time of a clinician's call.
OBJECTS_BEFORE_COLLECTION = 200_000


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    # Plugins of pydantic would see every patient, and are long to look for: there are to be none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from vfprog.cli.app import run

    code = run()
    gc.freeze()
    raise SystemExit(code)


if __name__ == "__main__":
    main()
