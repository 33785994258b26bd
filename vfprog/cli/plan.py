"""``vfprog plan``: what a registry of a given size would find, by repeated simulation."""
# Typer reads the annotations when the command is built: they are no strings here.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vfprog.cli.console import bars, say, table
from vfprog.cli.options import Force, Seed
from vfprog.cli.simulate import read_changes

if TYPE_CHECKING:
    import pandas as pd

# Figure, row heading, decimals.
_SHOWN = (
    ("n", "participants analysed", 0),
    ("n_events", "events", 0),
    ("riley_met", "share meeting Riley's sample size", 2),
    ("c_statistic", "c-statistic, fresh patients", 3),
    ("calibration_slope", "calibration slope, fresh patients", 2),
    ("c_interval_width", "width of the interval of c", 3),
    ("slope_interval_width", "width of that of the slope", 2),
    ("power_prognosis", "power: alignment and outcome", 2),
    ("false_positive_prognosis", "  rejected without effect", 2),
    ("power_benefit", "power: alignment and benefit", 2),
    ("false_positive_benefit", "  rejected without effect", 2),
)
# Headings of rows that have no row of power above them: without an effect there is none.
_ALONE = {
    "false_positive_prognosis": "rejected: alignment and outcome",
    "false_positive_benefit": "rejected: alignment and benefit",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


def plan(
    participants: Annotated[
        list[int] | None,
        typer.Option(
            "--participants", "-n", metavar="N", show_default="500 1000 2000",
            help="Participants of the registry; may be repeated.",
        ),
    ] = None,
    more: Annotated[
        list[int] | None, typer.Argument(metavar="[N]...", help="Further sizes.", hidden=True)
    ] = None,
    endpoint: Annotated[str, typer.Option(metavar="NAME|FILE", help="Endpoint.")] = "response",
    effect: Annotated[
        float, typer.Option(help="alignment_effect of the simulator whose power is wanted.")
    ] = 1.0,
    repeats: Annotated[int, typer.Option(min=2, help="Studies trained per size.")] = 20,
    power_repeats: Annotated[int, typer.Option(min=2, help="Tests made per size.")] = 200,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", show_default=False,
                     help="Change a figure of configs/simulation.yaml; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", show_default=False, help="Folder for tables and figure."),
    ] = None,
    seed: Seed = 1,
    force: Force = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, show_default="one per core", help="Worker processes.")
    ] = None,
) -> None:  # fmt: skip
    """Plan a study: what registries of several sizes would find.

    Registries are simulated; on each, the whole procedure is trained, cross-validated and judged on
    fresh patients. Power is that of a joint test of spinopelvic alignment.
    """
    sizes = [*(participants or ()), *(more or ())] or [500, 1000, 2000]
    from vfprog.workflows.files import check_folder
    from vfprog.workflows.plan import plan as plan_study
    from vfprog.workflows.plan import write_plan

    if out is not None:
        check_folder(out, force=force)
    with bars("simulating") as progress:
        planned = plan_study(
            sizes, endpoint=endpoint, effect=effect, repeats=repeats, power_repeats=power_repeats,
            overrides=read_changes(changes or []), seed=seed, n_jobs=jobs, progress=progress,
        )  # fmt: skip
    _show(planned.table, f"SIMULATED DATA: studies of {planned.endpoint.label.lower()}", repeats)
    told = "Power" if effect else "Rejected"
    say(
        "\nMean over the studies trained and the range of nine in ten; shares with their\n"
        f"exact 95 % limits. {told} at alignment_effect={effect:g}: {power_repeats} tests per size "
        "at 5 %."
    )
    failed = planned.table[planned.table["reason"] != ""]
    for row in failed.drop_duplicates(["participants", "reason"]).itertuples():
        say(f"{row.participants:,} participants: {row.reason}.")
    if out is not None:
        say(f"\nTables and figure: {write_plan(planned, out, force=force)}")


def _show(long: "pd.DataFrame", title: str, asked: int) -> None:
    sizes = sorted(int(n) for n in long["participants"].unique())
    present = set(long["figure"])
    rows = [
        [_heading(figure, heading, present), *(_cell(long, n, figure, decimals) for n in sizes)]
        for figure, heading, decimals in _SHOWN
        if figure in present
    ]
    trained = [_trained(long, n, asked) for n in sizes]
    rows.insert(0, ["studies trained, of those simulated", *trained])
    table(title, ["participants", *(f"{n:,}" for n in sizes)], rows)


def _heading(figure: str, heading: str, present: set[str]) -> str:
    power = figure.replace("false_positive", "power")
    return heading if power in present else _ALONE[figure]


def _trained(long: "pd.DataFrame", n: int, asked: int) -> str:
    """Return over how many studies a mean is taken: those of a size that were not refused."""
    rows = long[(long["participants"] == n) & (long["figure"] == "c_statistic")]
    return f"{int(rows['repeats'].max()) if len(rows) else 0} of {asked}"


def _cell(long: "pd.DataFrame", n: int, figure: str, decimals: int) -> str:
    row = long[(long["participants"] == n) & (long["figure"] == figure)]
    if row.empty:
        return "none trained"
    values = row[["estimate", "lower", "upper"]].to_numpy(dtype=float)[0]
    estimate, low, high = (f"{value:.{decimals}f}" for value in values)
    return f"{estimate}\n{low} to {high}"
