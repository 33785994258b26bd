"""Where output goes: results to stdout, everything else to stderr, bars only on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vfprog.cli.waterfall import Style

DEFAULT_WIDTH = 80
_WIDEST_TEXT = 100


def say(text: str = "") -> None:
    """Write a result to stdout."""
    typer.echo(text)


def note(text: str) -> None:
    """Write a remark to stderr, where it disturbs no pipe."""
    typer.echo(text, err=True)


@contextmanager
def until_closed() -> Iterator[None]:
    """Write until a reader such as head has gone; what is left is dropped."""
    try:
        yield
    except BrokenPipeError:
        _drop_closed()


def _drop_closed() -> None:
    """Send what a closed pipe did not take nowhere: it must not fail again at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def notes(remarks: Iterable[str]) -> None:
    """Write remarks to stderr, each on a line of its own."""
    for remark in remarks:
        note(f"note: {remark}")


def text_style() -> Style:
    """Return the style stdout allows: colours and width of a terminal, else plain 80 columns."""
    from vfprog.cli.waterfall import Style

    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    fancy = encoding.replace("-", "").startswith("utf")
    on_terminal = sys.stdout.isatty()
    colour = on_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Style(min(_width(), _WIDEST_TEXT), colour, fancy)


@contextmanager
def bars(text: str = "") -> Iterator[Callable[[str, int, int], None]]:
    """Show progress bars on stderr for as long as work goes on.

    Parameters
    ----------
    text : str
        Shown until the work reports a stage of its own.

    Yields
    ------
    callable
        To be called with stage, steps done and steps in all; does nothing off a terminal.
    """
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as drawn:
        tasks: dict[str, Any] = {}
        waiting = drawn.add_task(text, total=None) if text else None

        def report(stage: str, done: int, total: int) -> None:
            if waiting is not None:
                drawn.update(waiting, visible=False)
            if stage not in tasks:
                tasks[stage] = drawn.add_task(stage, total=total)
            drawn.update(tasks[stage], completed=done, total=total)

        yield report


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1
) -> None:
    """Write a table to stdout, within the width of the terminal, or 80 columns off one.

    Parameters
    ----------
    title : str
        Heading.
    columns : sequence of str
        Heads of the columns.
    rows : iterable of sequence of str
        Cells; a line feed within a cell starts another line of it.
    left : int
        Columns, from the first, that are set flush left; the others are flush right.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False,
        padding=0, show_edge=False,
    )  # fmt: skip
    for place, column in enumerate(columns):
        drawn.add_column(column, justify="left" if place < left else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console = Console(width=_width(), highlight=False)
    with console.capture() as captured:
        console.print(drawn)
    say("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _width() -> int:
    if sys.stdout is None or not sys.stdout.isatty():  # None where it was closed
        return DEFAULT_WIDTH
    return shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns


def _silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""
