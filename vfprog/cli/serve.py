"""``vfprog serve``: the model behind REST, FHIR, CDS Hooks and a page."""
# Typer reads the annotations when the command is built: they are no strings here.

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from vfprog.cli.console import note, say
from vfprog.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    bundle: Annotated[
        Path | None,
        typer.Argument(metavar="[BUNDLE]", show_default=False, help="Folder of a model bundle."),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(
            metavar="models:/NAME@ALIAS",
            show_default=False,
            help="Serve a model registered in MLflow instead, and follow its alias.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    api_keys: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Ask for one of these keys; VFPROG_API_KEYS does the same.",
        ),
    ] = None,
    new_key: Annotated[
        str | None,
        typer.Option(metavar="NAME", show_default=False, help="Make a key for a client and end."),
    ] = None,
    max_batch: Annotated[int, typer.Option(min=1, help="Most patients of a request.")] = 1000,
    max_body: Annotated[int, typer.Option(min=1, help="Longest body in bytes.")] = 2_000_000,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a request may take.")] = 30.0,
    poll: Annotated[
        float, typer.Option(min=0.05, help="Seconds between two looks for a new bundle.")
    ] = 2.0,
    fhir: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Codes and units of FHIR: a copy of the configuration fhir with your own added.",
        ),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(
            metavar="https://...",
            show_default=False,
            help="Address by which others reach the service, for the links of cards.",
        ),
    ] = None,
) -> None:
    """Serve a model to browsers and to the systems of a hospital.

    A new version of the bundle takes over without a dropped request, within seconds or at a SIGHUP.
    One line of JSON per request goes to stderr, without any value of a patient.
    """
    if new_key is not None:
        _make_key(new_key)
        return
    from vfprog.serving.fhir.mapping import load_mapping
    from vfprog.serving.server import run
    from vfprog.serving.settings import Settings

    if (bundle is None) == (registry is None):
        raise typer.BadParameter("give the folder of a bundle, or --registry, and not both")
    keys = _keys(api_keys)
    codes = fhir or "fhir"
    load_mapping(codes)  # a file that cannot be read ends it here, not the first request
    settings = Settings(
        max_body, max_batch, timeout, poll_s=poll, keys=keys, public_url=_address(public_url),
        fhir=codes,
    )  # fmt: skip
    run(_source(bundle, registry), settings, host=host, port=port, say=note)


def _address(given: str | None) -> str | None:
    from urllib.parse import urlsplit

    if given is not None:
        parts = urlsplit(given)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise typer.BadParameter(
                "--public-url: expected an address such as https://vfprog.org/"
            )
    return given


def _make_key(name: str) -> None:
    from vfprog.serving.keys import new_key

    key, entry = new_key(name)
    note(f"The key of {name}, shown this once:\n  {key}\nThe line for the file of keys:")
    say(str(entry))


def _keys(file: Path | None) -> Any:
    """Return the keys of a file and of the environment; none if neither is given."""
    from vfprog.serving.keys import VARIABLE, read_keys

    lines = _lines(file) if file is not None else []
    given = os.environ.get(VARIABLE)
    if file is None and given is None:
        return ()
    if file is not None and given is not None:
        raise ConfigError(f"keys come from {file} and from {VARIABLE}: give one of them")
    origin = VARIABLE if file is None else str(file)
    return read_keys((given or "").split() if file is None else lines, origin)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()  # some editors write the mark
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is no text in UTF-8; save it so") from error


def _source(bundle: Path | None, registry: str | None) -> Any:
    """Return where bundles come from; MLflow is loaded only when it is asked for."""
    if registry is not None:
        from vfprog.tracking.fetch import RegisteredBundle

        return RegisteredBundle.of(registry)
    from vfprog.serving.holder import FolderSource

    return FolderSource(bundle or Path())
