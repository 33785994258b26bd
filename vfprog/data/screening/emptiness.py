"""Tables that are there and hold nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.errors import Failure
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened


def check_emptiness(screened: Screened) -> list[Failure]:
    """Find tables of the follow-up or of vertebrae that came without a row.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        ``empty``, a warning of the whole table, where the source has the table. Without episodes
        there is nothing to read at all, which is an error found elsewhere.
    """
    text = "the table is there but has no rows"
    return [
        Failure(name, None, "*", None, "empty", text, "warning")
        for name in REGISTRY
        if name != "episodes" and name in screened.source
        and name in screened.raw and not len(screened.raw[name])
    ]  # fmt: skip
