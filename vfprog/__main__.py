"""The ``vfprog`` command; ``python -m vfprog`` is the same."""

from __future__ import annotations


def main() -> None:
    """Run the command line and leave with its exit code."""
    from vfprog.cli.app import run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
