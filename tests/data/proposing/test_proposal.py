from __future__ import annotations

from vfprog.data.proposing.proposal import Proposal, Proposed, SetAside, TableProposal
from vfprog.data.proposing.reading import Fit


def test_columns_and_open_ones_of_all_tables() -> None:
    column = Proposal("episodes", "age_years", "a", "high", Fit(1.0), ())
    left = SetAside("x", "low", "")
    tables = (TableProposal("episodes", "e", 1, "high", (column,), (left,)),
              TableProposal("events", "v", 1, "high", (), (left, left)))  # fmt: skip
    assert Proposed(False, tables).columns == [column]
    assert len(Proposed(False, tables).open) == 3
