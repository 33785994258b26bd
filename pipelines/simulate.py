"""Simulate a registry: python pipelines/simulate.py OUT [--participants N] [--seed S]."""

import argparse
from pathlib import Path

from vfprog.simulate import simulate, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--participants", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--force", action="store_true")
    given = parser.parse_args()
    write(simulate(given.participants, seed=given.seed), given.out, force=given.force)
    print(f"SIMULATED DATA of {given.participants} participants in {given.out}")


if __name__ == "__main__":
    main()
