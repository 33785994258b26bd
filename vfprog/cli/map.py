"""``vfprog map``: propose how a foreign registry becomes ours."""
# Typer reads the annotations when the command is built: they are no strings here.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vfprog.cli.console import bars, note, say, table
from vfprog.cli.options import Force

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.proposing.proposal import Proposed
    from vfprog.workflows.mapping import MappingProposal

_ORDER = ("high", "medium", "low")
_MANY = 15


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="map")(map_registry)


def map_registry(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Flat table, folder of tables, workbook, or URL of a database.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="FILE.yaml", show_default=False, help="Mapping to write."),
    ],
    force: Force = False,
) -> None:
    """Propose how a foreign registry becomes ours.

    Names, units, codes, missing codes and dates, each with its evidence and a confidence. The file
    is there to be read and edited; what is not sure stands in it as a comment.
    """
    from vfprog.workflows.mapping import propose_mapping

    with bars("looking at the columns"):
        made = propose_mapping(source, out=out, force=force)
    _show(made)
    # A URL may hold a password; it is not printed again.
    shown = "SOURCE" if "://" in source else source
    note(f"Next: read {out}, then: vfprog check {shown} --mapping {out}")


def _show(made: "MappingProposal") -> None:
    proposed = made.proposed
    rows = sorted(_rows(proposed), key=lambda row: _ORDER.index(row[0]))
    counts = ", ".join(f"{sum(row[0] == grade for row in rows)} {grade}" for grade in _ORDER)
    table(f"{made.path.name}: {counts}", ("", "ours", "theirs", "how"), rows, left=4)
    if not proposed.is_flat:
        say()
        cells = [(t.confidence, t.role, t.file, f"{t.n_rows} rows") for t in proposed.tables]
        table("tables", ("", "ours", "theirs", ""), cells, left=4)
    open_columns = [column.column for column in proposed.open] + list(proposed.unplaced)
    if open_columns:
        shown = ", ".join(open_columns[:_MANY])
        more = len(open_columns) - _MANY
        say(
            f"\nStill open ({len(open_columns)}): {shown}"
            + (f" and {more} more" if more > 0 else "")
        )
    for text in proposed.notes:
        note(f"note: {text}")


def _rows(proposed: "Proposed") -> "Iterator[tuple[str, str, str, str]]":
    for p in proposed.columns:
        how = [p.fit.unit or "", "codes" if p.fit.recode else ""]
        how += [f"missing {', '.join(p.fit.missing)}" if p.fit.missing else ""]
        how += [p.fit.date_format or "", "" if p.fit.sure else "decide"]
        yield p.confidence, _place(proposed, p.table, p.ours), p.column, _joined(how)
    for w in proposed.wide:
        theirs = w.pattern or ", ".join(w.columns)
        yield w.confidence, f"{w.table}.{w.ours}", theirs, _joined([w.fit.unit or ""])
    for o in proposed.outcomes:
        yield o.confidence, f"outcome {o.endpoint}", o.column, "is this what it means?"
    for word, columns in (
        ("identifier", proposed.identifiers), ("post_baseline", proposed.post_baseline),
    ):  # fmt: skip
        for c in columns:
            yield c.confidence, word, c.column, c.evidence


def _place(proposed: "Proposed", place: str, ours: str) -> str:
    return ours if proposed.is_flat else f"{place}.{ours}"


def _joined(parts: list[str]) -> str:
    return "; ".join(part for part in parts if part)
