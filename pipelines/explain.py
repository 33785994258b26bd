"""Write what a bundle's models rely on: python pipelines/explain.py BUNDLE REGISTRY OUT."""

import argparse
from pathlib import Path

from vfprog.cli.tables import show_importance
from vfprog.workflows.explain import explain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("registry", type=Path)
    parser.add_argument("out", type=Path, help="folder to create")
    parser.add_argument("--mapping")
    parser.add_argument("--max-rows", type=int, default=2000)
    parser.add_argument("--force", action="store_true")
    given = parser.parse_args()
    done = explain(
        given.bundle, given.registry, given.out, mapping=given.mapping, force=given.force,
        max_rows=given.max_rows,
    )  # fmt: skip
    print("\n".join(done.notes))
    show_importance(done.importance, simulated=done.simulated, top=10)
    print(f"Tables and figures: {done.folder}")


if __name__ == "__main__":
    main()
