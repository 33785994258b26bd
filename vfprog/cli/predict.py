"""``vfprog predict``: the patient in front of the clinician."""
# Typer reads the annotations when the command is built: they are no strings here.

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from vfprog.cli.console import say, text_style
from vfprog.cli.options import BundleFolder, Force, Format, OutputFormat


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predict)


def predict(
    bundle: BundleFolder,
    patient: Annotated[
        str, typer.Argument(metavar="PATIENT.json|-", help="A patient, or a list; - reads stdin.")
    ],
    output: OutputFormat = Format.text,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", show_default=False, help="Draw the waterfalls too."),
    ] = None,
    force: Force = False,
) -> None:
    """Predict for one patient, and say why.

    Gives every endpoint's risk, how far the model might have differed, and what drives the risk.
    """
    from vfprog.scoring.bundle import load_bundle
    from vfprog.scoring.predict import predict as predict_patient

    if figure is not None and figure.exists() and not force:
        raise typer.BadParameter(f"{figure} exists; give --force to replace it")
    loaded = load_bundle(bundle)
    found = predict_patient(loaded, read_patient(patient))
    if figure is not None:
        from vfprog.cli.figure import draw

        draw(found, loaded, figure)
    if output is Format.json:
        many = isinstance(found, list)
        content = [one.as_dict() for one in found] if many else found.as_dict()
        say(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
        return
    from vfprog.cli.text import render, render_all

    style = text_style()
    say(
        render_all(found, loaded, style)
        if isinstance(found, list)
        else render(found, loaded, style)
    )


def read_patient(source: str) -> Any:
    """Read a patient, or a list of patients, from a JSON file or stdin.

    Parameters
    ----------
    source : str
        Path, or ``-`` for stdin.

    Returns
    -------
    dict or list
        The content.

    Raises
    ------
    InputError
        It is no JSON, gives a key twice, or is neither an object nor a list.
    """
    from vfprog.schema.strict_json import read_json

    raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    return read_json(raw, "stdin" if source == "-" else Path(source).name)
