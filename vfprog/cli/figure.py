"""The waterfalls of one patient as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import Prediction, Prognosis

_WIDTH, _HEIGHT = 7.2, 4.6


def draw(prediction: Prediction | list[Prediction], bundle: Bundle, path: Path) -> None:
    """Draw a waterfall per endpoint into one file.

    Parameters
    ----------
    prediction : Prediction or list of Prediction
        One patient's prediction.
    bundle : Bundle
        The bundle that answered.
    path : pathlib.Path
        File ending in .png, .svg or .pdf; written beside its place, then renamed.
    """
    if isinstance(prediction, list):
        raise typer.BadParameter("--figure draws one patient, but a list was given")
    if not prediction.prognoses:
        raise typer.BadParameter("--figure: no endpoint of this model applies to this patient")
    if path.suffix not in {".png", ".svg", ".pdf"}:
        raise typer.BadParameter(f"{path}: a figure is written as .png, .svg or .pdf")
    from vfprog.plots.base import mark_simulated, new_figure
    from vfprog.plots.contributions import plot_waterfall

    n = len(prediction.prognoses)
    figure, first = new_figure(_WIDTH, _HEIGHT * n)
    first.remove()
    for place, prognosis in enumerate(prediction.prognoses, 1):
        name = f"{prognosis.endpoint}_{prognosis.prediction_time}"
        plot_waterfall(
            _frame(prognosis, bundle), figure.add_subplot(n, 1, place),
            base_log_odds=prognosis.base_log_odds,
            title=f"{bundle.model(name).endpoint.label}, {bundle.model(name).endpoint.horizon}",
        )  # fmt: skip
    if bundle.simulated:
        mark_simulated(figure, rows=n)
    beside = path.with_name(f".{path.stem}.part{path.suffix}")
    figure.savefig(beside)
    beside.replace(path)


def _frame(prognosis: Prognosis, bundle: Bundle) -> pd.DataFrame:
    import pandas as pd

    from vfprog.cli.waterfall import value_text

    rows = [
        (
            bundle.label(line.predictor),
            value_text(line.predictor, line.value, bundle),
            line.log_odds,
        )
        for line in prognosis.contributions
    ]
    return pd.DataFrame(rows, columns=["predictor", "value", "log_odds"])
