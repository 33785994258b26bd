"""Update a bundle on another registry: python pipelines/update.py BUNDLE REGISTRY NEW."""

import argparse
from pathlib import Path

from vfprog.cli.update import show_before_and_after, show_decisions
from vfprog.workflows.publish import publish
from vfprog.workflows.update import update


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("registry", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--mapping")
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mlruns", type=Path, default=Path("mlruns"))
    given = parser.parse_args()
    done = update(
        given.bundle, given.registry, given.new, mapping=given.mapping, alpha=given.alpha,
        resamples=given.resamples, seed=given.seed,
    )  # fmt: skip
    print("\n".join(done.notes))
    show_decisions(done.decisions, simulated=done.parts.simulated)
    show_before_and_after(done.performance, simulated=done.parts.simulated)
    published = publish(done, root=given.mlruns)
    print(f"Bundle {given.new}, version {published.version}: {published.run.how_to_open}")


if __name__ == "__main__":
    main()
