"""``vfprog config``: the configuration files a user reads, copies and edits."""
# Typer reads the annotations when the command is built: they are no strings here.

import shutil
from pathlib import Path
from typing import Annotated

import typer

from vfprog.cli.console import say
from vfprog.cli.options import Force

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name, such as response, or a path.")]


def register(app: typer.Typer) -> None:
    """Add the command with its three subcommands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_names)
    group.command()(show)
    group.command()(copy)
    app.add_typer(group, name="config", help="List, show or copy the configuration files.")


def list_names() -> None:
    """List the configurations."""
    from vfprog.config import list_configs

    say("\n".join(list_configs()))


def show(name: Name) -> None:
    """Show a configuration."""
    from vfprog.config import find_config

    say(find_config(name).read_text(encoding="utf-8").rstrip("\n"))


def copy(
    name: Name,
    destination: Annotated[
        Path, typer.Argument(metavar="[DEST]", show_default=False, help="File or folder.")
    ] = Path(),
    force: Force = False,
) -> None:
    """Copy a configuration, to be edited and given by its path."""
    from vfprog.config import find_config
    from vfprog.errors import ConfigError

    source = find_config(name)
    target = destination / source.name if destination.is_dir() else destination
    if target.exists() and not force:
        raise ConfigError(f"{target} exists; choose another place or give --force to replace it")
    beside = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, beside)
    beside.replace(target)
    say(str(target))
