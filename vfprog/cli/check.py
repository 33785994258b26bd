"""``vfprog check``: everything wrong with a registry at once."""
# Typer reads the annotations when the command is built: they are no strings here.

import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfprog.cli.app import WRONG_INPUT
from vfprog.cli.console import DEFAULT_WIDTH, bars, note, say, until_closed
from vfprog.cli.options import Force, Format, MappingName, OutputFormat, RegistrySource
from vfprog.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.data.quarantine import Quarantined
    from vfprog.workflows.check import CheckReport

BundleReference = Annotated[
    Path | None,
    typer.Option(
        "--bundle", metavar="BUNDLE", show_default=False,
        help="Compare codes, units and spread with what a model was trained on.",
    ),
]  # fmt: skip
OutFile = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", show_default=False,
        help="Write everything found to a .csv, .parquet or .json.",
    ),
]  # fmt: skip
HtmlFile = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", show_default=False,
        help="Write a page with figures, column by column.",
    ),
]  # fmt: skip
QuarantineFolder = Annotated[
    Path | None,
    typer.Option(
        "--quarantine", metavar="DIR", show_default=False,
        help="Set the rows in error aside, with their reasons, and write the rest.",
    ),
]  # fmt: skip
Strict = Annotated[bool, typer.Option("--strict", help="Let warnings fail, too.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    registry: RegistrySource,
    mapping: MappingName = None,
    bundle: BundleReference = None,
    out: OutFile = None,
    html: HtmlFile = None,
    quarantine: QuarantineFolder = None,
    strict: Strict = False,
    output: OutputFormat = Format.text,
    force: Force = False,
) -> None:
    """Check a registry and list all its faults.

    The exit code is 2 if anything in it is in error; with --strict, also if anything is suspect.
    """
    from vfprog.data.quarantine import Quarantined
    from vfprog.workflows.check import check as check_registry

    _check_not_inputs((out, html), quarantine, registry, bundle, mapping)
    _check_targets(out, html, quarantine, force=force)
    with bars("checking"):
        report = check_registry(registry, mapping=mapping, reference=bundle)
    # A reader may close the pipe at any time: every file is written before a word is printed.
    written = _write(report, out, html, force=force)
    aside = _set_aside(registry, mapping, quarantine, force=force)
    if isinstance(aside, Quarantined):
        written.append(f"rows set aside and rows kept written to {quarantine}")
    with until_closed():
        for remark in written:
            note(remark)
        _print(report, aside, out, html, output)
    if isinstance(aside, InputError):
        raise aside
    if report.n_errors or (strict and report.n_warnings):
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
        Counts, failures, participant flow, endpoints that cannot be derived, models a training
        would refuse, and the registry column by column.
    """
    profile = report.profile
    return {
        "source": report.registry.source,
        "simulated": report.registry.simulated,
        "n_episodes": len(report.registry.episodes),
        "n_errors": report.n_errors,
        "n_warnings": report.n_warnings,
        "n_notes": report.n_notes,
        "failures": _records(_as_words(report.table)),
        "flows": {name: _records(flow) for name, flow in report.flows.items()},
        "refused": report.refused,
        "untrained": report.untrained,
        "columns": _records(profile.columns),
        "histograms": _records(profile.histograms),
        "missing_together": {name: _records(frame) for name, frame in profile.patterns.items()},
        "missing_by": {name: _records(frame) for name, frame in profile.missing_by.items()},
    }


def _check_not_inputs(
    outs: Iterable[Path | None],
    folder: Path | None,
    registry: str,
    bundle: Path | None,
    mapping: str | None,
) -> None:
    """Refuse to write over, into or around what is read."""
    from vfprog.workflows.files import check_not_around, check_not_input

    if folder is not None:
        check_not_around(folder, registry, bundle, mapping=mapping)

    for out in outs:
        if out is not None:
            check_not_input(out, registry, bundle, mapping=mapping)


def _check_targets(
    out: Path | None, html: Path | None, quarantine: Path | None, *, force: bool
) -> None:
    """Refuse before long work what could not be written after it."""
    from vfprog.workflows.files import check_folder, check_target

    if quarantine is not None:
        check_folder(quarantine, force=force)
    if out is not None:
        check_target(out, force=force)
    if html is not None:
        from vfprog.reports.files import check_page

        check_page(html, force=force)


def _write(report: "CheckReport", out: Path | None, html: Path | None, *, force: bool) -> list[str]:
    """Write what was found; return what to say about it."""
    from vfprog.workflows.check import write_report
    from vfprog.workflows.files import without_formulas, write_table

    written = []
    if out is not None:
        words = _as_words(report.table)
        table = without_formulas(words) if out.suffix == ".csv" else words
        write_table(table, out, force=force)
        written.append(f"{len(table)} failures written to {out}")
    if html is not None:
        write_report(report, html, force=force)
        written.append(f"report written to {html}")
    return written


def _print(
    report: "CheckReport",
    aside: "Quarantined | InputError | None",
    out: Path | None,
    html: Path | None,
    output: Format,
) -> None:
    from vfprog.data.quarantine import Quarantined

    if output is Format.json:
        say(json.dumps(as_json(report), indent=2, ensure_ascii=False, allow_nan=False))
        return
    _show(report, out, html)
    if isinstance(aside, Quarantined):
        _show_aside(aside)


def _show(report: "CheckReport", out: Path | None, html: Path | None) -> None:
    from vfprog.cli.failures import overview
    from vfprog.cli.tables import show_flows

    registry = report.registry
    data = "SIMULATED DATA: " if registry.simulated else ""
    counts = ", ".join(
        _counted(n, word)
        for n, word in (
            (report.n_errors, "error"), (report.n_warnings, "warning"), (report.n_notes, "note"),
        )
    )  # fmt: skip
    say(f"{data}{registry.source}: {len(registry.episodes)} episodes, {counts}")
    if report.groups:
        where = f"see {out}" if out else "--out FILE writes all"
        say(f"\n{overview(report.groups, where_all=where)}")
    for name, why in report.refused.items():
        say(f"\n{name} cannot be derived: {why}")
    if report.flows:
        say()
        show_flows(report.flows)
    else:
        say()
    _show_refusals(report.untrained)
    say(_next_step(report, out, html))


def _show_refusals(untrained: dict[str, str]) -> None:
    """Write which models vfprog train would refuse, and why; nothing where there are enough."""
    lines = [f"vfprog train would refuse {n}: {why}" for n, why in untrained.items() if why]
    for line in lines:
        say(_folded(line))
    if lines:
        say()


def _folded(words: str) -> str:
    return "\n".join(textwrap.wrap(words, DEFAULT_WIDTH, subsequent_indent="  "))


def _next_step(report: "CheckReport", out: Path | None, html: Path | None) -> str:
    """Return what to do now, as the last lines."""
    if report.n_errors:
        step = "mend the errors in the source or the mapping, and check again."
    elif report.n_warnings:
        step = "decide about each warning, then vfprog train."
    else:
        step = "vfprog train."
    offers = [
        offer
        for file, offer in ((out, "--out FILE lists all rows"), (html, "--html FILE draws all"))
        if file is None and report.failures
    ]
    return f"Next: {step}" + (f"\n{', '.join(offers)}." if offers else "")


def _set_aside(
    registry: str, mapping: str | None, folder: Path | None, *, force: bool
) -> "Quarantined | InputError | None":
    """Set rows aside; a refusal is returned, as the report is to be shown before it."""
    from vfprog.workflows.quarantine import quarantine

    if folder is None:
        return None
    try:
        with bars("setting rows aside"):
            return quarantine(registry, mapping, out=folder, force=force)
    except InputError as error:
        return error


def _show_aside(done: "Quarantined") -> None:
    from vfprog.cli.console import table

    say()
    heads = ("table", "rows_in", "kept", "set_aside")
    rows = [[str(cell) for cell in row] for row in done.reconciliation[list(heads)].to_numpy()]
    table("Quarantine: rows", ("table", "rows in", "kept", "set aside"), rows)


def _as_words(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return failures with row and value as text: a column of one type suits every file format."""
    words = table.copy()
    for name in ("row", "value"):
        words[name] = [None if v is None else str(v) for v in table[name]]
    words["line"] = words["line"].astype("Int64")
    return words


def _records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return rows as plain types; what is missing is null."""
    text = frame.to_json(orient="records", double_precision=15, date_format="iso")
    records: list[dict[str, Any]] = json.loads(text)
    return records


def _counted(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
