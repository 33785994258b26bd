"""``vfprog predict``: the patient in front of the clinician."""
# Typer reads the annotations when the command is built: they are no strings here.

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from vfprog.cli.console import say, text_style
from vfprog.cli.options import BundleFolder, Force, PredictionFormat


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predict)


def predict(
    bundle: BundleFolder,
    patient: Annotated[
        str, typer.Argument(metavar="PATIENT.json|-", help="A patient, or a list; - reads stdin.")
    ],
    output: Annotated[
        PredictionFormat,
        typer.Option("--format", help="Text to read, JSON, or a FHIR R4 RiskAssessment."),
    ] = PredictionFormat.text,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", show_default=False, help="Draw the waterfalls too."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="INPUT=VALUE",
            show_default=False,
            help="Risks if an input were another: age_years=70, L1.height_loss_pct=20, "
            "sva_mm= for not known. May be repeated.",
        ),
    ] = None,
    procedure: Annotated[
        bool, typer.Option("--procedure", help="Let --what-if change cement and leakage, too.")
    ] = False,
    force: Force = False,
) -> None:
    """Predict for one patient, and say why.

    Gives every endpoint's risk, what drives it, how far to trust it, and what the trials found in
    patients like this one.
    """
    from vfprog.scoring.bundle import load_bundle
    from vfprog.scoring.predict import predict as predict_patient

    if figure is not None and figure.exists() and not force:
        raise typer.BadParameter(f"{figure} exists; give --force to replace it")
    loaded, given = load_bundle(bundle), read_patient(patient)
    if given == []:
        raise typer.BadParameter(f"{patient}: the list holds no patient")
    if changes and isinstance(given, list):
        raise typer.BadParameter("--what-if is for one patient, not for a list")
    if changes and output is PredictionFormat.fhir:
        raise typer.BadParameter("--what-if has no place in a RiskAssessment")
    found = predict_patient(loaded, given)
    answer = None
    if changes:
        from vfprog.scoring.what_if import what_if

        answer = what_if(loaded, given, _read_changes(changes), procedure=procedure)
    if figure is not None:
        from vfprog.cli.figure import draw

        draw(found, loaded, figure)
    if output is PredictionFormat.fhir:
        say(_as_fhir(found, loaded))
    else:
        as_json = output is PredictionFormat.json
        say(_as_json(found, answer) if as_json else _as_text(found, answer, loaded))


def _read_changes(changes: list[str]) -> dict[str, str | None]:
    """Return the changes by input; nothing after the sign means not known."""
    pairs = [change.partition("=") for change in changes]
    wrong = [name for name, sign, _ in pairs if not sign or not name.strip()]
    if wrong:
        raise typer.BadParameter(f"--what-if {wrong[0]}: expected INPUT=VALUE")
    names = [name.strip() for name, _, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise typer.BadParameter(f"--what-if changes {', '.join(twice)} twice")
    return {name: value.strip() or None for name, (_, _, value) in zip(names, pairs, strict=True)}


def _as_json(found: Any, answer: Any) -> str:
    if isinstance(found, list):
        content: Any = [one.as_dict() for one in found]
    else:
        content = found.as_dict() | ({"what_if": answer.as_dict()} if answer else {})
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def _as_fhir(found: Any, loaded: Any) -> str:
    """Return a RiskAssessment, or of several patients a Bundle of them."""
    from vfprog.serving.fhir.assessment import risk_assessment

    if not isinstance(found, list):
        content = risk_assessment(found, loaded)
    else:
        entries = [{"resource": risk_assessment(one, loaded)} for one in found]
        content = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def _as_text(found: Any, answer: Any, loaded: Any) -> str:
    from vfprog.cli.text import render, render_all

    style = text_style()
    if isinstance(found, list):
        return render_all(found, loaded, style)
    return render(found, loaded, style, what_if=answer)


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
