"""The command: which subcommands there are, and what becomes of their errors."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from vfprog import __version__
from vfprog.cli.console import note, say
from vfprog.data.reading.address import without_password
from vfprog.errors import InputError, VfprogError

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, FAULT, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
COMMANDS = (
    "demo", "simulate", "map", "check", "train", "validate", "update", "explain", "report",
    "predict", "score", "config",
)  # fmt: skip
TRACEBACK = "VFPROG_TRACEBACK"
# What is wrong with the arguments; typer names only the class below it.
_UsageError: Any = typer.BadParameter.__mro__[1]


class _Group(TyperGroup):
    """Subcommands; one stopped from the keyboard or by a closed pipe ends without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except _UsageError as error:
            error.message = without_password(error.message)
            raise
        except KeyboardInterrupt:
            note("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader has gone; what is left in the buffer must not fail again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE) from None


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; default those of the process.

    Returns
    -------
    int
        0 done, 1 a fault of ours, 2 the input is wrong, 130 interrupted.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        typer.main.get_command(build_app(args))(args=args, prog_name="vfprog")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else DONE
    except VfprogError as error:
        note(without_password(_explain(error)))
        return WRONG_INPUT
    except OSError as error:
        said = f"{error.filename}: {error.strerror}" if error.filename else f"{error}"
        note(without_password(f"Error: {said}"))
        return WRONG_INPUT
    except ModuleNotFoundError as error:
        return _missing(error)
    except Exception as error:  # noqa: BLE001  # the last door: any other fault is ours
        return _fault(error)
    return DONE


def build_app(args: Sequence[str] = ()) -> typer.Typer:
    """Return the application with the subcommand asked for, or with all.

    Parameters
    ----------
    args : sequence of str
        Arguments; one that begins with a subcommand needs no other to be loaded.

    Returns
    -------
    typer.Typer
        The application.
    """
    app = typer.Typer(
        name="vfprog", cls=_Group, add_completion=False, rich_markup_mode=None,
        no_args_is_help=True, pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    app.callback()(_root)
    asked = args[0] if args else ""
    for name in [asked] if asked in COMMANDS else COMMANDS:
        import_module(f"vfprog.cli.{name}").register(app)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        say(f"vfprog {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Prognosis after vertebroplasty: calibrated, validated, tracked, explained.

    A research tool, not a medical device: a prognosis is never a recommendation.
    """


def _explain(error: VfprogError) -> str:
    if not isinstance(error, InputError):
        return f"Error: {error}"
    from vfprog.cli.failures import describe

    n = len(error.failures)
    head = "Error: the input is wrong." if n == 1 else f"Error: the input is wrong in {n} places."
    of_tables = any(failure.table != "patient" for failure in error.failures)
    where_all = "`vfprog check --out FILE` writes all" if of_tables else ""
    # Before the lines are folded: a password may be longer than one.
    masked = [replace(f, message=without_password(f.message)) for f in error.failures]
    return f"{head}\n{describe(masked, where_all=where_all)}"


def _missing(error: ModuleNotFoundError) -> int:
    if (error.name or "vfprog").split(".")[0] == "vfprog":
        return _fault(error)
    note(
        f'Error: this command needs {error.name}, which is not installed: pip install "vfprog[all]"'
    )
    return WRONG_INPUT


def _fault(error: Exception) -> int:
    """Say that the fault is ours; its own message may hold values of a patient and is kept back."""
    if os.environ.get(TRACEBACK):
        note(without_password("".join(traceback.format_exception(error))))
    frames = [f for f, _ in traceback.walk_tb(error.__traceback__)]
    ours = [f for f in frames if str(f.f_globals.get("__name__", "")).startswith("vfprog")]
    where = f" in {ours[-1].f_globals['__name__']}" if ours else ""
    note(
        f"vfprog stopped on a fault of its own: {type(error).__name__}{where}.\n"
        f"{TRACEBACK}=1 shows the details; they may hold values of the data."
    )
    return FAULT
