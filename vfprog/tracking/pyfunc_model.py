"""The script MLflow runs to serve a bundle: models-from-code, so nothing is pickled.

MLflow copies this file beside the bundle and runs it when the model is loaded; the frame goes to
vfprog's own scoring, which checks, reports and explains as every other door does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
import pandas as pd  # noqa: TC002  # MLflow evaluates the annotation of predict

# This also keeps MLflow from repeating a patient's row in an error: see `vfprog.tracking`.
from vfprog.tracking.registry import NESTED

if TYPE_CHECKING:
    from mlflow.pyfunc import PythonModelContext


class BundleModel(mlflow.pyfunc.PythonModel):
    """Risks of a bundle, for a frame with one row per patient."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle that was stored with the model."""
        from vfprog.scoring.bundle import load_bundle

        self.bundle = load_bundle(context.artifacts["bundle"])

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Return the risks of every patient of the frame.

        Parameters
        ----------
        model_input : pandas.DataFrame
            One row per patient; any predictor may be absent or missing. ``vertebrae`` holds a
            list of dictionaries or its JSON text.

        Returns
        -------
        pandas.DataFrame
            What `vfprog.batch.score.score_frame` returns.
        """
        from vfprog.batch.score import score_frame

        scored: pd.DataFrame = score_frame(self.bundle, _whole(model_input))
        return scored


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Refuse a frame that MLflow emptied of unknown columns, or made of one patient's lists."""
    if frame.empty:
        raise ValueError("no patient to score: the input has no row, or no known column")
    if NESTED in frame and frame[NESTED].map(lambda cell: isinstance(cell, dict)).any():
        raise ValueError(
            "one patient was read as one row per vertebra: send a list of patients, [patient]"
        )
    return frame


mlflow.models.set_model(BundleModel())
