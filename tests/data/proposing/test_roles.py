from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.proposing.dialects import HELD_OUT, TUNED
from tests.data.proposing.measure import proposed_for

FOLDERS = [build for build in (*TUNED, *HELD_OUT) if build.__name__.endswith("folder")]


@pytest.mark.parametrize("build", FOLDERS, ids=lambda build: build.__name__)
def test_foreign_tables_have_the_right_roles(build, tmp_path: Path) -> None:
    dialect = build(n=200)
    found = proposed_for(dialect, tmp_path)
    assert {t.file: t.role for t in found.tables} == {
        f"{file}.csv": role for file, role in dialect.roles.items()
    }


def test_roles_by_columns_alone(tmp_path: Path) -> None:
    """Tables called a, b, c ... are told by what stands in them; a table of wards has no role."""
    dialect = TUNED[-1](n=200)
    names = dict(zip(dialect.tables, "edcba", strict=True))
    dialect.tables = {names[name]: frame for name, frame in dialect.tables.items()}
    dialect.tables["z"] = dialect.tables["e"][["ziekenhuis"]].drop_duplicates()
    found = proposed_for(dialect, tmp_path)
    assert {t.file: t.role for t in found.tables} == {
        f"{names[file]}.csv": role for file, role in dialect.roles.items()
    }
    assert found.unplaced == ("z.csv",)
