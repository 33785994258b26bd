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
    raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    name = "stdin" if source == "-" else Path(source).name
    try:
        content = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise _wrong(name, "is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _wrong(name, f"is not JSON: {error.msg} at {where}") from None
    except (ValueError, RecursionError):  # thousands of digits, thousands of brackets
        raise _wrong(name, "cannot be read: a number too long or objects too deep") from None
    except _RepeatedKeyError as error:
        raise _wrong(name, f"gives {error} twice") from None
    if not isinstance(content, dict | list):
        raise _wrong(name, f"expected an object or a list of objects, got {type(content).__name__}")
    return content


class _RepeatedKeyError(Exception):
    """A key stands twice in one object: which value was meant cannot be known."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKeyError(", ".join(sorted({key for key in keys if keys.count(key) > 1})))
    return built


def _wrong(name: str, message: str) -> Exception:
    from vfprog.errors import Failure, InputError

    return InputError([Failure(name, None, "*", None, "json", message)])
