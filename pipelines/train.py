"""Train, judge, track and register a bundle: python pipelines/train.py REGISTRY BUNDLE."""

import argparse
from pathlib import Path

from vfprog.cli.tables import show_performance
from vfprog.models.settings import load_settings
from vfprog.workflows.publish import publish
from vfprog.workflows.train import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--mapping")
    parser.add_argument("--endpoint", action="append")
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mlruns", type=Path, default=Path("mlruns"))
    given = parser.parse_args()
    done = train(
        given.registry, given.bundle, mapping=given.mapping, endpoints=given.endpoint,
        settings=load_settings(outer_folds=given.folds, outer_repeats=given.repeats),
        resamples=given.resamples, seed=given.seed,
    )  # fmt: skip
    print("\n".join(done.notes))
    title = f"cross-validated performance, {given.repeats} x {given.folds} folds"
    show_performance(done.performance, title=title, simulated=done.registry.simulated)
    published = publish(done, root=given.mlruns)
    print(f"Bundle {given.bundle}, version {published.version}: {published.run.how_to_open}")


if __name__ == "__main__":
    main()
