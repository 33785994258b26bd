"""Arguments and options several commands share, worded once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

BundleFolder = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of a model bundle.")]
RegistrySource = Annotated[
    str,  # a path would lose a slash of sqlite:///registry.db
    typer.Argument(
        metavar="REGISTRY",
        help="Folder of five tables, one flat table, an Excel workbook, or the URL of a database.",
    ),
]
MappingName = Annotated[
    str | None,
    typer.Option(
        "--mapping", metavar="NAME|FILE", show_default=False,
        help="How a foreign registry's columns become ours.",
    ),
]  # fmt: skip
Force = Annotated[bool, typer.Option("--force", help="Replace an existing output.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]


class Format(StrEnum):
    """Form of what is printed."""

    text = "text"
    json = "json"


class PredictionFormat(StrEnum):
    """Form in which a prediction is printed."""

    text = "text"
    json = "json"
    fhir = "fhir"


OutputFormat = Annotated[Format, typer.Option("--format", help="Text to read, or JSON.")]
