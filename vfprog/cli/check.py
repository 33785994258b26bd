"""``vfprog check``: everything wrong with a registry at once."""
# Typer reads the annotations when the command is built: they are no strings here.

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfprog.cli.app import WRONG_INPUT
from vfprog.cli.console import bars, note, say
from vfprog.cli.options import Force, Format, MappingName, OutputFormat, RegistrySource

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.workflows.check import CheckReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    registry: RegistrySource,
    mapping: MappingName = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write every failure to a .csv, .parquet or .json.",
        ),
    ] = None,
    output: OutputFormat = Format.text,
    force: Force = False,
) -> None:
    """Check a registry and list all its faults.

    The exit code is 2 if anything in it is in error.
    """
    from vfprog.workflows.check import check as check_registry
    from vfprog.workflows.files import check_target, write_table

    if out is not None:
        check_target(out, force=force)
    with bars("checking"):
        report = check_registry(registry, mapping=mapping)
    if out is not None:
        write_table(_as_words(report.table), out, force=force)
        note(f"{len(report.table)} failures written to {out}")
    if output is Format.json:
        say(json.dumps(as_json(report), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _show(report, out)
    if report.n_errors:
        raise typer.Exit(WRONG_INPUT)


def as_json(report: "CheckReport") -> dict[str, Any]:
    """Return a report as plain types.

    Parameters
    ----------
    report : CheckReport
        What the check found.

    Returns
    -------
    dict
        Counts, failures, participant flow and endpoints that cannot be derived.
    """
    flows = {
        name: json.loads(flow.to_json(orient="records")) for name, flow in report.flows.items()
    }
    return {
        "source": report.registry.source,
        "simulated": report.registry.simulated,
        "n_episodes": len(report.registry.episodes),
        "n_errors": report.n_errors,
        "n_warnings": report.n_warnings,
        "failures": _as_words(report.table).to_dict("records"),
        "flows": flows,
        "refused": report.refused,
    }


def _show(report: "CheckReport", out: Path | None) -> None:
    from vfprog.cli.failures import describe
    from vfprog.cli.tables import show_flows

    registry = report.registry
    data = "SIMULATED DATA: " if registry.simulated else ""
    counts = f"{_counted(report.n_errors, 'error')}, {_counted(report.n_warnings, 'warning')}"
    say(f"{data}{registry.source}: {len(registry.episodes)} episodes, {counts}")
    if report.failures:
        where = f"see {out}" if out else "--out FILE writes all"
        say(f"\n{describe(report.failures, where_all=where)}")
    for name, why in report.refused.items():
        say(f"\n{name} cannot be derived: {why}")
    if report.flows:
        say()
        show_flows(report.flows)


def _as_words(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return failures with row and value as text: a column of one type suits every file format."""
    words = table.copy()
    for name in ("row", "value"):
        words[name] = [None if v is None else str(v) for v in table[name]]
    return words


def _counted(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
