"""A small bundle built by hand: two endpoints, a linear part, one tree, two or three members."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vfprog.features.encoder import Encoding
from vfprog.features.plan import feature_plan
from vfprog.models.settings import TrainingSettings
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.bundle_writer import BundleParts, write_bundle
from vfprog.scoring.linear import LinearPart
from vfprog.scoring.members import stack_members
from vfprog.scoring.model import Blend, PrognosticModel
from vfprog.scoring.trees import TreeArrays

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.schema.dictionary import PredictionTime

# Feature, coefficient of its value, development mean.
LINEAR = {
    "age_years": (-0.02, 75.0),
    "sex=male": (-0.1, 0.25),
    "bmi_kg_m2": (0.01, 26.0),
    "vas_baseline": (0.3, 7.5),
    "bed_rest": (0.41, 0.3),
    "opioids": (-0.15, 0.6),
    "log_fracture_age": (-0.25, 3.5),
    "t_score": (0.05, -2.8),
    "n_prevalent_fractures": (-0.08, 1.0),
    "glucocorticoids": (-0.05, 0.1),
    "pi_ll_mismatch_deg": (-0.01, 8.0),
    "height_loss_pct_max": (-0.006, 30.0),
    "intravertebral_cleft_any": (0.2, 0.2),
}
PROCEDURE = {"cement_total_ml": (0.05, 5.0)}

PATIENT = {
    "age_years": 79,
    "sex": "female",
    "vas_baseline": 8,
    "bed_rest": True,
    "opioids": False,
    "fracture_age_days": 10,
    "t_score": -3.1,
    "pelvic_incidence_deg": 55,
    "lumbar_lordosis_deg": 40.5,
    "vertebrae": [
        {"level": "L1", "height_loss_pct": 35, "intravertebral_cleft": True},
        {"level": "L2", "height_loss_pct": 12.5, "intravertebral_cleft": False},
    ],
}
AFTER = {"level": "L1", "cement_volume_ml": 6.5, "treated": True}


def hand_model(
    endpoint: str, time: PredictionTime, *, intercept: float = 0.4, sign: float = 1.0
) -> PrognosticModel:
    """Build a model of a few plain lines and one tree that asks for the pain alone."""
    plan = feature_plan(load_dictionary())
    terms = LINEAR | (PROCEDURE if time == "postprocedure" else {})
    features = tuple(f for f in plan.features if f.name in terms)
    assert len(features) == len(terms)
    coef, center = np.zeros((len(features), 4)), np.zeros((len(features), 4))
    for row, feature in enumerate(features):
        coef[row, 0], center[row, 0] = sign * terms[feature.name][0], terms[feature.name][1]
    names = [f.name for f in features]
    fill = center[:, 0].copy()
    encoding = Encoding(np.full((len(names), 4), np.nan), fill, np.zeros(len(names), dtype=bool))
    shift = -float(np.sum(coef * center))
    return PrognosticModel(
        load_endpoint(endpoint), time, features, Blend(0.75, 0.25, 0.0, 1.0),
        LinearPart(encoding, coef, center, intercept + shift),
        _pain_tree(names.index("vas_baseline"), sign), np.full(len(names), np.nan),
    )  # fmt: skip


def _pain_tree(column: int, sign: float) -> TreeArrays:
    """Return one tree: pain below 7 lowers, else raises by a quarter; half the rows each way."""
    feature, threshold = np.zeros((1, 7), np.int32), np.full((1, 7), np.inf, np.float32)
    feature[0, 0], threshold[0, 0] = column, 7
    missing_left, leaf = np.ones((1, 7), bool), np.zeros((1, 8))
    leaf[0, 0], leaf[0, 4] = -0.25 * sign, 0.25 * sign
    ratio = np.ones((1, 8, 3))
    ratio[0, :, 0] = 0.5
    ratio[0, [1, 2, 3, 5, 6, 7], 1:] = 0.0
    return TreeArrays(feature, threshold, missing_left, leaf, ratio, 0.0)


def hand_parts(*, simulated: bool = True, members: bool = True) -> BundleParts:
    """Build the parts of a bundle of response (both times) and new_fracture (before)."""
    models = {
        "response_preprocedure": hand_model("response", "preprocedure"),
        "response_postprocedure": hand_model("response", "postprocedure"),
        "new_fracture_preprocedure": hand_model(
            "new_fracture", "preprocedure", intercept=-2.9, sign=-0.5
        ),
    }
    refits = {
        name: stack_members([replace(m, blend=replace(m.blend, a=a)) for a in (-0.4, 0.0, 0.3)])
        for name, m in models.items()
    }
    return BundleParts(
        name="hand", version="1", simulated=simulated, dictionary=load_dictionary(),
        models=models, boosters={}, members=refits if members else {},
        performance=[],
        provenance={"seed": 1, "settings": TrainingSettings().model_dump(mode="json")},
        reference={"opioids": {"n": 90, "missing": 0.1, "quantiles": [], "shares": [0.3, 0.7]}},
    )  # fmt: skip


def hand_bundle(folder: Path, *, simulated: bool = True, members: bool = True) -> Path:
    """Write the bundle made by hand."""
    return write_bundle(hand_parts(simulated=simulated, members=members), folder)
