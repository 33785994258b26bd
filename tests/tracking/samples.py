"""A bundle small enough to score by hand, and a training with one nested run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from vfprog.features.encoder import Encoding
from vfprog.features.feature import Feature
from vfprog.records import Figure, Metric, Param, RunRecords, Table
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.bundle_writer import BundleParts, write_bundle
from vfprog.scoring.linear import LinearPart
from vfprog.scoring.model import Blend, PrognosticModel

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "0123456789abcdef" * 4


def hand_bundle(folder: Path) -> Path:
    """Write a bundle with logit(risk) = (age - 80) / 10 + inpatient; missing age is 80."""
    features = (
        Feature("age_years", "Age", "continuous", ("age_years",), "frailty", "preprocedure"),
        Feature("inpatient", "Inpatient", "binary", ("inpatient",), "frailty", "preprocedure"),
    )
    encoding = Encoding(np.full((2, 4), np.nan), np.array([80.0, 0.0]), np.zeros(2, dtype=bool))
    coef = np.zeros((2, 4))
    coef[:, 0] = [0.1, 1.0]
    linear = LinearPart(encoding, coef, np.zeros((2, 4)), -8.0)
    model = PrognosticModel(
        load_endpoint("response"),
        "preprocedure",
        features,
        Blend(1.0, 0.0, 0.0, 1.0),
        linear,
        None,
        np.full(2, np.nan),
    )
    parts = BundleParts(
        name="hand",
        version="1",
        simulated=True,
        dictionary=load_dictionary(),
        models={model.name: model},
        boosters={},
        members={},
        performance=[],
        provenance={},
    )
    return write_bundle(parts, folder)


def expit(log_odds: float) -> float:
    return 1 / (1 + np.exp(-log_odds))


def drawing() -> Drawing:
    figure = Drawing(figsize=(2, 2))
    figure.subplots().plot([0, 1], [0, 1])
    return figure


def training() -> RunRecords:
    """One parent and one nested run, with a record of every kind."""
    child = RunRecords(
        "response, trees",
        {"endpoint": "response", "learner": "trees"},
        [
            Param("max_depth", 3),
            Metric("c_statistic", 0.71, 0.68, 0.74),
            Metric("calibration_slope", 0.98),
            Table("calibration", pd.DataFrame({"risk": [0.1, 1 / 3], "label": ["a", "None"]})),
            Figure("calibration_curve", drawing()),
        ],
    )
    return RunRecords(
        "training",
        {
            "mlflow.note.content": "# Training\nOn simulated patients.",
            "dataset_name": "simulated",
            "dataset_digest": DIGEST,
        },
        [Param("seed", 1)],
        [child],
    )
