"""Budgets of speed: python pipelines/benchmark.py BUNDLE REGISTRY [--rows N] [--write FILE]."""

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pandas as pd
import shap
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

import vfprog
from vfprog.batch.score import score_arrays
from vfprog.batch.trees import bulk_contributions
from vfprog.features.design import derive_features
from vfprog.models.boosting import load_booster
from vfprog.models.encoder import ClinicalEncoder

SPINE = {"level": "L1", "height_loss_pct": 35, "treated": True, "cement_volume_ml": 5.5}
PATIENT = {"age_years": 79, "sex": "female", "vas_baseline": 8, "t_score": -3.1, "bed_rest": True,
           "fracture_age_days": 10, "vertebrae": [SPINE]}  # fmt: skip
HEAD = "| what | vfprog | compared with | ratio | budget |\n|---|---|---|---|---|\n"


def seconds(call, times=1):
    measured = []
    for _ in range(times):
        start = perf_counter()
        call()
        measured.append(perf_counter() - start)
    return float(np.median(measured))


def usual_way(model, X):
    frame = pd.DataFrame(X, columns=[f"x{place}" for place in range(X.shape[1])])
    y = np.random.default_rng(1).random(len(X)) < model.risk(X)
    linear = make_pipeline(ClinicalEncoder(), StandardScaler(), LogisticRegression(max_iter=500))
    trees = XGBClassifier(n_estimators=model.trees.n_trees, max_depth=3, n_jobs=1)
    both = VotingClassifier([("linear", linear), ("trees", trees)], voting="soft").fit(frame, y)
    risk = CalibratedClassifierCV(FrozenEstimator(both)).fit(frame, y)
    explainer, row = shap.TreeExplainer(both.named_estimators_["trees"]), frame.iloc[:1]
    return lambda: (risk.predict_proba(row), explainer.shap_values(row))


def budgets(bundle, arrays, n):
    full = vfprog.load_bundle(bundle)
    bare = replace(full, files={k: v for k, v in full.files.items() if "members" not in k})
    models = [full.model(f"{endpoint}_postprocedure") for endpoint in full.endpoints]
    models = [model for model in models if model.trees is not None]
    derived = derive_features(arrays, full.dictionary)
    calls = [usual_way(model, model.matrix(derived, arrays.n)) for model in models]
    usual = seconds(lambda: [call() for call in calls], 20)
    yield "one patient", seconds(lambda: vfprog.predict(bare, PATIENT), 200), usual, 0.1
    yield "one patient, with members", seconds(lambda: vfprog.predict(full, PATIENT), 200), usual, 1
    with TemporaryDirectory() as folder:
        (Path(folder) / "patient.json").write_text(json.dumps(PATIENT))
        ours = ["-m", "vfprog", "predict", bundle, f"{folder}/patient.json"]
        shells = [[sys.executable, *a] for a in (ours, ["-c", "import numpy, pydantic, yaml"])]
        cold = [seconds(lambda c=c: subprocess.run(c, check=True, capture_output=True), 7)  # noqa: S603
                for c in shells]  # fmt: skip
    yield "`vfprog predict` from a cold shell", *cold, 3
    many = arrays.take(np.random.default_rng(1).integers(0, arrays.n, n))
    derived = derive_features(many, full.dictionary)
    trees = [(load_booster(full.booster(m.name)), m.matrix(derived, n)) for m in models]
    inplace = seconds(lambda: [booster.inplace_predict(X) for booster, X in trees])
    yield f"score {n:,} patients", seconds(lambda: score_arrays(full, many)), inplace, 2
    explainer, X = shap.TreeExplainer(trees[0][0]), trees[0][1][:100_000]
    theirs = seconds(lambda: explainer.shap_values(X))
    mine = seconds(lambda: bulk_contributions(models[0].trees, X))
    yield f"explain {len(X):,} patients", mine, theirs, 0.2


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle")
    parser.add_argument("registry")
    parser.add_argument("--rows", type=int, default=858_978)
    parser.add_argument("--write", type=Path, metavar="FILE")
    given = parser.parse_args()
    registry, _ = vfprog.read_registry(given.registry)
    lines = [f"| {what} | {ours * 1e3:,.2f} ms | {theirs * 1e3:,.2f} ms | {ours / theirs:.3f} | "
             f"<= {budget} |\n"
             for what, ours, theirs, budget in budgets(given.bundle, registry.arrays(), given.rows)]  # fmt: skip
    print(HEAD + "".join(lines))
    if given.write:
        given.write.write_text("# Benchmarks\n\nOne run on one machine; ratios count.\n\n" + HEAD
                               + "".join(lines))  # fmt: skip
